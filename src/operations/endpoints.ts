import { z } from 'zod'
import type { EndpointRow, Sent, WithSecret } from '#endpoints'
import { operation, plain, view } from './operation.ts'
import { anyObject, deleted, idKeys, iso, line, pageInput, pageOf, readPage, reference, time, timeOf, timestamp } from './shared.ts'

const url = z.string().min(1).max(2048).describe('Where events are sent: https, or http.')
const types = z
  .array(z.string().min(1).max(200))
  .min(1)
  .max(100)
  .describe('Types of events, and patterns such as github.*; all by default.')
const expression = z.string().min(1).max(10_000)
const changeable = {
  description: line(500).nullable().optional(),
  types: types.optional(),
  filter: expression.nullable().optional().describe('JSONata over {event}: only events for which it is true are sent.'),
  transform: expression.nullable().optional().describe('JSONata over {event}: what is sent instead of the CloudEvent.'),
  ordered: z.boolean().optional().describe('Events of one subject are sent one after the other; one that fails holds up those behind it.'),
  enabled: z.boolean().optional(),
}
const secret = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('whsec_ or, for v1a, whsk_ and the key in base64; one is made when it is left out.')

const endpointSchema = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  types: z.array(z.string()),
  filter: z.string().nullable(),
  filter_problem: z.string().nullable().describe('Why the hub stopped evaluating the filter and sends nothing: set another filter.'),
  transform: z.string().nullable(),
  ordered: z.boolean(),
  signature: z.enum(['v1', 'v1a']),
  public_key: z.string().nullable().describe('What a receiver of v1a verifies with.'),
  enabled: z.boolean(),
  disabled_reason: z.enum(['user', 'gone', 'failing']).nullable(),
  disabled_at: timestamp.nullable(),
  failing_since: timestamp.nullable(),
  consecutive_failures: z.int(),
  paused_until: timestamp.nullable(),
  created_at: timestamp,
  updated_at: timestamp,
})

function renderEndpoint(row: EndpointRow): z.output<typeof endpointSchema> {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    types: [...row.types],
    filter: row.filter,
    filter_problem: row.filterProblem,
    transform: row.transform,
    ordered: row.ordered,
    signature: row.signature,
    public_key: row.publicKey,
    enabled: row.enabled,
    disabled_reason: row.disabledReason,
    disabled_at: iso(row.disabledAt),
    failing_since: iso(row.failingSince),
    consecutive_failures: row.consecutiveFailures,
    paused_until: iso(row.pausedUntil),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  }
}

const endpointView = view(endpointSchema, renderEndpoint)
const withSecretView = view(
  endpointSchema.extend({
    secret: z.string().nullable().describe('Only this answer shows it; null where the receiver needs none that was made here.'),
  }),
  ({ endpoint, secret: value }: WithSecret) => ({ ...renderEndpoint(endpoint), secret: value }),
)
const sentView = view(
  z.object({
    ok: z.boolean(),
    status: z.int().nullable(),
    ms: z.int(),
    error: z.string().nullable(),
    request: anyObject,
    response: anyObject.nullable(),
  }),
  ({ ok, status, ms, error, request, response }: Sent) => ({
    ok,
    status: status ?? null,
    ms,
    error: error ?? null,
    request,
    response: response ?? null,
  }),
)

const id = reference.describe('Id of the endpoint.')
const exampleId = 'end_0197f3d2-0000-7000-8000-000000000000'

export const listEndpoints = operation({
  name: 'endpoints.list',
  scope: 'events:read',
  effect: 'read',
  summary: 'List the endpoints that events are sent to, newest first',
  input: z.strictObject(pageInput),
  output: pageOf(endpointView),
  http: { method: 'GET', path: '/api/v1/endpoints' },
  example: { limit: 20 },
  run: ({ outbound, principal }, input) => readPage(input, idKeys('end'), (page) => outbound.endpoints.list(principal.workspaceId, page)),
})

export const createEndpoint = operation({
  name: 'endpoints.create',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send events to a URL',
  input: z.strictObject({
    url,
    ...changeable,
    signature: z.enum(['v1', 'v1a']).optional().describe('Of Standard Webhooks: a shared secret (v1), or an ed25519 key pair (v1a).'),
    secret,
  }),
  output: withSecretView,
  http: { method: 'POST', path: '/api/v1/endpoints', status: 201 },
  example: { url: 'https://example.com/hooks', types: ['github.*'] },
  run: ({ outbound, principal }, input) => outbound.endpoints.create(principal, input),
})

export const getEndpoint = operation({
  name: 'endpoints.get',
  scope: 'events:read',
  effect: 'read',
  summary: 'Get one endpoint and its health',
  input: z.strictObject({ id }),
  output: endpointView,
  http: { method: 'GET', path: '/api/v1/endpoints/:id' },
  example: { id: exampleId },
  run: ({ outbound, principal }, input) => outbound.endpoints.get(principal.workspaceId, input.id),
})

export const updateEndpoint = operation({
  name: 'endpoints.update',
  scope: 'events:write',
  effect: 'write',
  summary: 'Change, disable or enable an endpoint',
  input: z.strictObject({ id, url: url.optional(), ...changeable }),
  output: endpointView,
  http: { method: 'PATCH', path: '/api/v1/endpoints/:id' },
  example: { id: exampleId, enabled: true },
  run: ({ outbound, principal }, { id: endpoint, ...changes }) => outbound.endpoints.update(principal, endpoint, changes),
})

export const deleteEndpoint = operation({
  name: 'endpoints.delete',
  scope: 'events:write',
  effect: 'destroy',
  summary: 'Delete an endpoint, with its waiting deliveries and its log',
  input: z.strictObject({ id }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/endpoints/:id', status: 204 },
  example: { id: exampleId },
  run: async ({ outbound, principal }, input) => {
    await outbound.endpoints.remove(principal, input.id)
    return null
  },
})

export const rotateEndpointSecret = operation({
  name: 'endpoints.rotate',
  scope: 'events:write',
  effect: 'write',
  summary: 'Make a new signing secret; the previous one also signs for 24 hours',
  input: z.strictObject({ id, secret }),
  output: withSecretView,
  http: { method: 'POST', path: '/api/v1/endpoints/:id/rotate' },
  example: { id: exampleId },
  run: ({ outbound, principal }, input) => outbound.endpoints.rotateSecret(principal, input.id, input.secret),
})

export const testEndpoint = operation({
  name: 'endpoints.test',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send a hub.test event now, once, and return the answer',
  input: z.strictObject({ id }),
  output: sentView,
  http: { method: 'POST', path: '/api/v1/endpoints/:id/test' },
  example: { id: exampleId },
  run: ({ outbound, principal }, input) => outbound.endpoints.sendTest(principal, input.id),
})

export const replayToEndpoint = operation({
  name: 'endpoints.replay',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send stored events to this endpoint again, as new deliveries',
  input: z.strictObject({
    id,
    types: types.optional(),
    from: time.describe('The earliest time: 2026-01-31T12:00:00Z, or how long ago, such as -24h.'),
    to: time.optional().describe('The first time that is too late, in the same form; now when left out.'),
    after: reference.optional().describe('`next` of the previous answer: continues from there.'),
  }),
  output: plain(z.object({ replayed: z.int(), next: z.string().nullable().describe('Set where there are more.') })),
  http: { method: 'POST', path: '/api/v1/endpoints/:id/replay', status: 202 },
  example: { id: exampleId, from: '2026-01-31T00:00:00Z' },
  run: async ({ outbound, principal }, input) => {
    const range = { types: input.types, from: timeOf(input.from), to: timeOf(input.to ?? '-0s'), after: input.after }
    const { count, next } = await outbound.deliveries.replay(principal, input.id, range)
    return { replayed: count, next }
  },
})
