import { z } from 'zod'
import type { AttemptRow, DeliveryDetail, DeliveryRow } from '#endpoints'
import type { RestApp, RestDeps } from './server.ts'
import { decodeCursor, iso, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'

const status = z.enum(['pending', 'delivered', 'dead', 'cancelled'])

const deliveryShape = z.object({
  id: z.string(),
  endpoint: z.string(),
  event: z.string(),
  event_type: z.string(),
  replay: z.int(),
  status,
  attempts: z.int(),
  next_at: timestamp.nullable().describe('When it is tried next, where it waits.'),
  last_status: z.int().nullable(),
  last_error: z.string().nullable(),
  created_at: timestamp,
  finished_at: timestamp.nullable(),
})

const detailShape = deliveryShape.extend({
  webhook_id: z.string().describe('What the receiver knows a repetition by.'),
  cloud_event: z.unknown(),
  log: z.array(
    z.object({
      number: z.int(),
      at: timestamp,
      ms: z.int(),
      request: z.record(z.string(), z.unknown()),
      response: z.record(z.string(), z.unknown()).nullable(),
      error: z.string().nullable(),
    }),
  ),
})

const tags = ['Endpoints']

export function deliveryRoutes(app: RestApp, { outbound: { deliveries } }: RestDeps): void {
  const params = z.object({ id: z.string().max(100) })

  app.get('/api/v1/deliveries', {
    config: { access: 'events:read' },
    schema: {
      tags,
      summary: 'What was and is to be sent to endpoints, newest first',
      querystring: pageQuery.extend({
        endpoint: z.string().max(100).optional(),
        status: status.optional().describe('dead: all attempts failed.'),
        event: z.string().max(100).optional(),
      }),
      response: { 200: pageOf(deliveryShape) },
    },
    handler: async ({ principal, query: { limit, cursor, ...filter } }) => {
      const before = decodeCursor(cursor, /^del_[0-9a-f-]{36}$/)
      const rows = await deliveries.list(principal.workspaceId, filter, { before, limit: limit + 1 })
      return toPage(rows, limit, renderDelivery, ({ id }) => id)
    },
  })
  app.get('/api/v1/deliveries/:id', {
    config: { access: 'events:read' },
    schema: { tags, summary: 'One delivery: each attempt, with what was sent and answered', params, response: { 200: detailShape } },
    handler: async ({ principal, params: { id } }) => renderDetail(await deliveries.get(principal.workspaceId, id)),
  })
  app.post('/api/v1/deliveries/:id/retry', {
    config: { access: 'events:write' },
    schema: {
      tags,
      summary: 'Send it again, now; to the receiver it is the same as before',
      params,
      response: { 202: deliveryShape },
    },
    handler: async ({ principal, params: { id } }, reply) => reply.code(202).send(renderDelivery(await deliveries.retry(principal, id))),
  })
  app.post('/api/v1/deliveries/retry', {
    config: { access: 'events:write' },
    schema: {
      tags,
      summary: 'Send all of a range again',
      body: z
        .strictObject({
          endpoint: z.string().max(100).optional(),
          status: z.enum(['dead', 'delivered', 'pending']).default('dead'),
          from: timestamp.optional().describe('Made not before.'),
          to: timestamp.optional().describe('Made before.'),
        })
        .refine(
          ({ endpoint, from, to }) => endpoint !== undefined || from !== undefined || to !== undefined,
          'needs an endpoint or a time',
        ),
      response: { 202: z.object({ retried: z.int() }) },
    },
    handler: async ({ principal, body: { endpoint, status, from, to } }, reply) => {
      const range = {
        endpoint,
        status,
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      }
      return reply.code(202).send({ retried: await deliveries.retryRange(principal, range) })
    },
  })
}

function renderDelivery(row: DeliveryRow) {
  return {
    id: row.id,
    endpoint: row.endpointId,
    event: row.eventId,
    event_type: row.eventType,
    replay: row.replay,
    status: row.status as z.infer<typeof status>,
    attempts: row.attempts,
    next_at: row.status === 'pending' ? row.nextAt.toISOString() : null,
    last_status: row.lastStatus,
    last_error: row.lastError,
    created_at: row.createdAt.toISOString(),
    finished_at: iso(row.finishedAt),
  }
}

function renderDetail({ webhookId, event, log, ...row }: DeliveryDetail) {
  return { ...renderDelivery(row), webhook_id: webhookId, cloud_event: event, log: log.map(renderAttempt) }
}

function renderAttempt({ number, at, ms, request, response, error }: AttemptRow) {
  return { number, at: at.toISOString(), ms, request, response, error }
}
