import { z } from 'zod'
import type { EndpointRow, Sent, WithSecret } from '#endpoints'
import type { RestApp, RestDeps } from './server.ts'
import { decodeCursor, iso, line, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'

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
  filter: expression.nullable().optional().describe('JSONata over {event}: only what it finds true is sent.'),
  transform: expression.nullable().optional().describe('JSONata over {event}: what is sent instead of the CloudEvent.'),
  ordered: z.boolean().optional().describe('Events of one subject go one after the other; one that fails holds up those behind it.'),
  enabled: z.boolean().optional(),
}
const secret = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('whsec_ or, for v1a, whsk_ and the key in base64; one is made when it is left out.')

const newEndpoint = z.strictObject({
  url,
  ...changeable,
  signature: z.enum(['v1', 'v1a']).optional().describe('Of Standard Webhooks: a shared secret (v1), or an ed25519 key pair (v1a).'),
  secret,
})
const changes = z.strictObject({ url: url.optional(), ...changeable })

const endpointShape = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  types: z.array(z.string()),
  filter: z.string().nullable(),
  filter_problem: z.string().nullable().describe('Why the hub stopped asking the filter, and sends nothing: set another.'),
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
const withSecret = endpointShape.extend({
  secret: z.string().nullable().describe('Shown now and never again; null where none was made that the receiver needs.'),
})

const testShape = z.object({
  ok: z.boolean(),
  status: z.int().nullable(),
  ms: z.int(),
  error: z.string().nullable(),
  request: z.record(z.string(), z.unknown()),
  response: z.record(z.string(), z.unknown()).nullable(),
})

const tags = ['Endpoints']
const params = z.object({ id: z.string().max(100) })

export function endpointRoutes(app: RestApp, { outbound: { endpoints, deliveries } }: RestDeps): void {
  const read = { access: 'events:read' }
  const write = { access: 'events:write' }

  app.get('/api/v1/endpoints', {
    config: read,
    schema: { tags, summary: 'Where events are sent, newest first', querystring: pageQuery, response: { 200: pageOf(endpointShape) } },
    handler: async ({ principal, query: { limit, cursor } }) => {
      const before = decodeCursor(cursor, /^end_[0-9a-f-]{36}$/)
      const rows = await endpoints.list(principal.workspaceId, { before, limit: limit + 1 })
      return toPage(rows, limit, renderEndpoint, ({ id }) => id)
    },
  })
  app.post('/api/v1/endpoints', {
    config: write,
    schema: { tags, summary: 'Have events sent somewhere', body: newEndpoint, response: { 201: withSecret } },
    handler: async ({ principal, body }, reply) => reply.code(201).send(renderWithSecret(await endpoints.create(principal, body))),
  })
  app.get('/api/v1/endpoints/:id', {
    config: read,
    schema: { tags, summary: 'One endpoint and how it fares', params, response: { 200: endpointShape } },
    handler: async ({ principal, params: { id } }) => renderEndpoint(await endpoints.get(principal.workspaceId, id)),
  })
  app.patch('/api/v1/endpoints/:id', {
    config: write,
    schema: { tags, summary: 'Change, disable or enable again', params, body: changes, response: { 200: endpointShape } },
    handler: async ({ principal, params: { id }, body }) => renderEndpoint(await endpoints.update(principal, id, body)),
  })
  app.delete('/api/v1/endpoints/:id', {
    config: write,
    schema: { tags, summary: 'Delete, with what waits for it and its log', params, response: { 204: z.null() } },
    handler: async ({ principal, params: { id } }, reply) => {
      await endpoints.remove(principal, id)
      return reply.code(204).send(null)
    },
  })
  app.post('/api/v1/endpoints/:id/rotate', {
    config: write,
    schema: {
      tags,
      summary: 'A new signing secret; the one before it signs beside it for 24 hours',
      params,
      body: z.strictObject({ secret }).nullish(),
      response: { 200: withSecret },
    },
    handler: async ({ principal, params: { id }, body }) => renderWithSecret(await endpoints.rotateSecret(principal, id, body?.secret)),
  })
  app.post('/api/v1/endpoints/:id/test', {
    config: write,
    schema: { tags, summary: 'Send a hub.test event now, once, and see what comes back', params, response: { 200: testShape } },
    handler: async ({ principal, params: { id } }) => renderSent(await endpoints.sendTest(principal, id)),
  })
  app.post('/api/v1/endpoints/:id/replay', {
    config: write,
    schema: {
      tags,
      summary: 'Send stored events to this endpoint anew, as new deliveries',
      params,
      body: z.strictObject({
        types: types.optional(),
        from: timestamp.describe('Not before.'),
        to: timestamp.optional().describe('Before; now when left out.'),
        after: z.string().max(100).optional().describe('`next` of the answer before: goes on from there.'),
      }),
      response: { 202: z.object({ replayed: z.int(), next: z.string().nullable().describe('Set where there are more.') }) },
    },
    handler: async ({ principal, params: { id }, body: { types, from, to, after } }, reply) => {
      const range = { types, from: new Date(from), to: to === undefined ? new Date() : new Date(to), after }
      const { count, next } = await deliveries.replay(principal, id, range)
      return reply.code(202).send({ replayed: count, next })
    },
  })
}

function renderEndpoint(row: EndpointRow) {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    types: [...row.types],
    filter: row.filter,
    filter_problem: row.filterProblem,
    transform: row.transform,
    ordered: row.ordered,
    signature: row.signature as 'v1' | 'v1a',
    public_key: row.publicKey,
    enabled: row.enabled,
    disabled_reason: row.disabledReason as 'user' | 'gone' | 'failing' | null,
    disabled_at: iso(row.disabledAt),
    failing_since: iso(row.failingSince),
    consecutive_failures: row.consecutiveFailures,
    paused_until: iso(row.pausedUntil),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  }
}

function renderWithSecret({ endpoint, secret }: WithSecret) {
  return { ...renderEndpoint(endpoint), secret }
}

function renderSent({ ok, status, ms, error, request, response }: Sent) {
  return { ok, status: status ?? null, ms, error: error ?? null, request, response: response ?? null }
}
