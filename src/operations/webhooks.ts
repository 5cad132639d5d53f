import { z } from 'zod'
import { hubError } from '#errors'
import type { Rejection } from '#webhooks'
import { eventView } from './events.ts'
import { operation, plain, view } from './operation.ts'
import { allOf, pageInput, pageOf, reference, timestamp } from './shared.ts'

const rejectionView = view(
  z.object({
    hook: z.string(),
    reason: z.string(),
    connector: z.string().nullable(),
    address: z.string(),
    count: z.int(),
    minute: timestamp,
    last_at: timestamp,
  }),
  ({ hook, reason, connector, address, count, minute, lastAt }: Rejection) => ({
    hook,
    reason,
    connector,
    address,
    count,
    minute: minute.toISOString(),
    last_at: lastAt.toISOString(),
  }),
)

const hook = z.string().max(200).describe('Name or id of the integration.')

const sampleType = z.string().min(1).max(100)

export const listRejections = operation({
  name: 'webhooks.rejections',
  scope: 'events:read',
  effect: 'read',
  summary: 'List webhook deliveries that were refused, and why',
  input: z.strictObject({ hook: hook.optional(), limit: pageInput.limit }),
  output: pageOf(rejectionView),
  http: { method: 'GET', path: '/api/v1/webhooks/rejections' },
  example: { hook: 'github' },
  run: async ({ webhooks, principal }, input) => allOf(await webhooks.rejections(principal, input)),
})

export const webhookLog = operation({
  name: 'webhooks.log',
  scope: 'events:read',
  effect: 'read',
  summary: 'List what a webhook received and what it refused, newest first',
  input: z.strictObject({ hook, limit: pageInput.limit }),
  output: plain(z.object({ items: z.array(eventView.schema), rejections: z.array(rejectionView.schema), next_cursor: z.null() })),
  http: { method: 'GET', path: '/api/integrations/webhook/:hook/logs' },
  example: { hook: 'github' },
  run: async ({ webhooks, events, integrations, principal }, input) => {
    const { workspaceId } = principal
    const integration = await integrations.get(workspaceId, input.hook)
    const received = await events.list(workspaceId, { integration: integration.id }, { limit: input.limit })
    const refused = await webhooks.rejections(principal, input)
    return { items: received.map(eventView.render), rejections: refused.map(rejectionView.render), next_cursor: null }
  },
})

export const previewWebhook = operation({
  name: 'webhooks.preview',
  scope: 'events:write',
  effect: 'read',
  summary: 'Show what a webhook’s transformation makes of a delivery, and who would receive the event, without effect',
  input: z.strictObject({
    hook,
    event_id: reference
      .optional()
      .describe(
        'A stored event; otherwise the sample below. Without either, the last delivery, or the connector’s first sample where there is none.',
      ),
    sample: sampleType.optional().describe('The connector’s sample of this type of event.'),
    headers: z.record(z.string().max(100), z.string().max(4096)).default({}).describe('Headers of the sample.'),
    body: z.unknown().optional().describe('Body of the sample: a text as it is, anything else as JSON.'),
  }),
  output: plain(
    z.object({
      type: z.string(),
      subject: z.string().nullable(),
      data: z.unknown(),
      matches: z.array(z.object({ kind: z.string(), target: z.string() })),
    }),
  ),
  http: [
    { method: 'POST', path: '/api/v1/webhooks/:hook/test' },
    { method: 'POST', path: '/api/integrations/webhook/:hook/test' },
  ],
  example: { hook: 'github', body: { zen: 'Keep it logically awesome.' }, headers: { 'x-github-event': 'ping' } },
  run: async ({ webhooks, principal }, input) => {
    if (input.sample !== undefined) return webhooks.preview(principal, input.hook, { sampleOf: input.sample })
    if (input.event_id !== undefined) return webhooks.preview(principal, input.hook, { eventId: input.event_id })
    const given = Object.entries(input.headers)
    if (input.body === undefined) {
      if (given.length === 0) return webhooks.preview(principal, input.hook, undefined)
      throw hubError('invalid_input', { errors: [{ path: 'body', message: 'is missing, and headers alone are no delivery' }] })
    }
    const headers = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]))
    const body = Buffer.from(typeof input.body === 'string' ? input.body : JSON.stringify(input.body))
    return webhooks.preview(principal, input.hook, { headers, body })
  },
})

export const sendSample = operation({
  name: 'webhooks.send_sample',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send a webhook a signed sample of its outside system, which starts what a real delivery would',
  description:
    'The sample is signed with the secret of the integration and passes every check, so it tells whether the webhook works. Each one is an event of its own, whose stored headers have hub-sample. Ask for its preview first to see which flows would start.',
  input: z.strictObject({
    hook,
    event: sampleType.optional().describe('The type of the event, such as issues; the connector’s first sample when left out.'),
  }),
  output: plain(z.object({ event_id: z.string() })),
  http: { method: 'POST', path: '/api/v1/webhooks/:hook/sample', status: 202 },
  example: { hook: 'github', event: 'ping' },
  run: async ({ webhooks, principal }, input) => ({ event_id: (await webhooks.sendSample(principal, input.hook, input.event)).eventId }),
})
