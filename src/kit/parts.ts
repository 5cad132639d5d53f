import { z } from 'zod'

const data = z.base64().describe('In base64.')
const mediaType = z.string().min(1).describe('Such as image/png.')

/** The output of an action that gives pictures, sounds or files. A model sees them as such; other callers get them as JSON. */
export const parts = z.object({
  parts: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('text'), text: z.string() }),
      z.object({ type: z.literal('image'), data, media_type: mediaType }),
      z.object({ type: z.literal('audio'), data, media_type: mediaType }),
      z.object({
        type: z.literal('file'),
        uri: z.string().min(1),
        media_type: mediaType,
        text: z.string().optional(),
        data: data.optional(),
      }),
    ]),
  ),
})

export type Part = z.output<typeof parts>['parts'][number]
