import { z } from 'zod'

export const channel = z.string().min(1).max(100).describe('Channel by name (#general) or id.')
export const ts = z
  .string()
  .regex(/^\d+\.\d+$/, 'must be a ts such as 1531420618.000100')
  .describe('The message’s ts, as returned by slack_send_message or slack_get_channel_history.')
export const text = z.string().max(40_000)
export const blocks = z.array(z.record(z.string(), z.unknown())).max(50).describe('Block Kit blocks; text is then what notifications show.')

export const channelShape = z.object({
  id: z.string(),
  name: z.string().optional(),
  is_private: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_member: z.boolean().optional(),
  num_members: z.number().optional(),
  topic: z.object({ value: z.string() }).optional(),
  purpose: z.object({ value: z.string() }).optional(),
})

export const userShape = z.object({
  id: z.string(),
  name: z.string(),
  real_name: z.string().nullish(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  tz: z.string().nullish(),
  profile: z.object({ email: z.string().optional(), display_name: z.string().optional(), title: z.string().optional() }).optional(),
})

export const sentShape = z.object({ channel: z.string(), ts: z.string() })

export const cursorInput = {
  limit: z.number().int().min(1).max(200).default(100).describe('How many at most.'),
  cursor: z.string().max(500).optional().describe('`next_cursor` of the answer before.'),
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

export interface Metadata {
  response_metadata?: { next_cursor?: string }
}

export function nextCursor({ response_metadata: metadata }: Metadata): string | null {
  return metadata?.next_cursor || null
}
