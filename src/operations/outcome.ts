import { z } from 'zod'
import type { Outcome } from '#tools'
import { view } from './operation.ts'
import { labelsSchema } from './shared.ts'

export const outcomeSchema = z.object({
  invocation_id: z.string().nullable(),
  status: z.enum(['completed', 'dry_run', 'queued']),
  output: z.unknown(),
  replayed: z.boolean(),
  truncated: z
    .object({
      total_tokens: z.number(),
      handle: z.string(),
      parts: z.array(z.object({ path: z.string(), shown: z.number(), total: z.number(), unit: z.string() })),
      hint: z.string(),
    })
    .optional(),
  warning: z.string().optional(),
  sanitized: z
    .object({ removed: z.number(), kinds: z.array(z.string()) })
    .optional()
    .describe('What people would not have seen in the output, and was removed from it.'),
  labels: labelsSchema.optional(),
})

function renderOutcome({
  invocationId,
  status,
  output,
  replayed,
  truncated,
  warning,
  labels,
  sanitized,
}: Outcome): z.output<typeof outcomeSchema> {
  return {
    invocation_id: invocationId || null,
    status,
    output,
    replayed,
    ...(truncated
      ? {
          truncated: {
            total_tokens: truncated.totalTokens,
            handle: truncated.handle,
            parts: [...truncated.parts],
            hint: 'hub_read_result returns the rest for this handle and a path of `parts`; `fields` asks for less',
          },
        }
      : {}),
    ...(warning ? { warning } : {}),
    ...(sanitized ? { sanitized: { removed: sanitized.removed, kinds: [...sanitized.kinds] } } : {}),
    ...(labels ? { labels } : {}),
  }
}

export const outcomeView = view(outcomeSchema, renderOutcome)
