import { z } from 'zod'
import type { AttemptRow, DeliveryDetail, DeliveryRow } from '#endpoints'
import { operation, plain, view } from './operation.ts'
import {
  anyObject,
  idKeys,
  iso,
  pageInput,
  pageOf,
  rangeInput,
  rangeOf,
  readPage,
  reference,
  severalOf,
  time,
  timeOf,
  timestamp,
  valuesOf,
} from './shared.ts'

const statuses = ['pending', 'delivered', 'dead', 'cancelled'] as const

const deliverySchema = z.object({
  id: z.string(),
  endpoint: z.string(),
  event: z.string(),
  event_type: z.string(),
  replay: z.int(),
  status: z.enum(statuses),
  attempts: z.int(),
  next_at: timestamp.nullable().describe('When it is tried next, where it waits.'),
  last_status: z.int().nullable(),
  last_error: z.string().nullable(),
  created_at: timestamp,
  finished_at: timestamp.nullable(),
})

function renderDelivery(row: DeliveryRow): z.output<typeof deliverySchema> {
  return {
    id: row.id,
    endpoint: row.endpointId,
    event: row.eventId,
    event_type: row.eventType,
    replay: row.replay,
    status: row.status,
    attempts: row.attempts,
    next_at: row.status === 'pending' ? row.nextAt.toISOString() : null,
    last_status: row.lastStatus,
    last_error: row.lastError,
    created_at: row.createdAt.toISOString(),
    finished_at: iso(row.finishedAt),
  }
}

const deliveryView = view(deliverySchema, renderDelivery)

const detailView = view(
  deliverySchema.extend({
    webhook_id: z.string().describe('The id by which the receiver recognises a repetition.'),
    cloud_event: z.unknown(),
    log: z.array(
      z.object({
        number: z.int(),
        at: timestamp,
        ms: z.int(),
        request: anyObject,
        response: anyObject.nullable(),
        error: z.string().nullable(),
      }),
    ),
  }),
  ({ webhookId, event, log, ...row }: DeliveryDetail) => ({
    ...renderDelivery(row),
    webhook_id: webhookId,
    cloud_event: event,
    log: log.map(({ number, at, ms, request, response, error }: AttemptRow) => ({
      number,
      at: at.toISOString(),
      ms,
      request,
      response,
      error,
    })),
  }),
)

const exampleId = 'del_0197f3d2-0000-7000-8000-000000000000'

export const listDeliveries = operation({
  name: 'deliveries.list',
  scope: 'events:read',
  effect: 'read',
  summary: 'List deliveries to endpoints, newest first',
  input: z.strictObject({
    ...pageInput,
    endpoint: reference.optional(),
    status: severalOf(statuses).optional().describe('One or more, separated by commas; dead: all attempts failed.'),
    event: reference.optional().describe('Only those of this event.'),
    type: z.string().max(200).optional().describe('Only those of events of this type.'),
    error: z.string().max(200).optional().describe('Only those whose last error contains this text.'),
    ...rangeInput('time of creation'),
  }),
  output: pageOf(deliveryView),
  http: { method: 'GET', path: '/api/v1/deliveries' },
  example: { status: ['dead', 'pending'] },
  run: ({ outbound, principal }, { limit, cursor, status, ...rest }) => {
    const filter = { ...rest, ...rangeOf(rest), statuses: valuesOf(status) }
    return readPage({ limit, cursor }, idKeys('del'), (page) => outbound.deliveries.list(principal.workspaceId, filter, page))
  },
})

export const countDeliveries = operation({
  name: 'deliveries.counts',
  scope: 'events:read',
  effect: 'read',
  summary: 'Count the deliveries of each endpoint by their state',
  description: 'Of the newest 10,000 of the workspace since a time. Endpoints without any are left out.',
  input: z.strictObject({ from: time.default('-7d').describe('The earliest time of creation: a time, or how long ago, such as -24h.') }),
  output: plain(
    z.object({
      items: z.array(z.object({ endpoint: z.string(), delivered: z.int(), pending: z.int(), dead: z.int(), cancelled: z.int() })),
    }),
  ),
  http: { method: 'GET', path: '/api/v1/deliveries/counts' },
  example: { from: '-24h' },
  run: async ({ outbound, principal }, { from }) => {
    const counts = await outbound.deliveries.counts(principal.workspaceId, timeOf(from))
    const byEndpoint = Map.groupBy(counts, ({ endpointId }) => endpointId)
    const of = (rows: typeof counts, state: (typeof statuses)[number]): number => rows.find(({ status }) => status === state)?.count ?? 0
    return {
      items: [...byEndpoint].map(([endpoint, rows]) => ({
        endpoint,
        delivered: of(rows, 'delivered'),
        pending: of(rows, 'pending'),
        dead: of(rows, 'dead'),
        cancelled: of(rows, 'cancelled'),
      })),
    }
  },
})

export const getDelivery = operation({
  name: 'deliveries.get',
  scope: 'events:read',
  effect: 'read',
  summary: 'Get one delivery: each attempt with its request and response',
  input: z.strictObject({ id: reference }),
  output: detailView,
  http: { method: 'GET', path: '/api/v1/deliveries/:id' },
  example: { id: exampleId },
  run: ({ outbound, principal }, { id }) => outbound.deliveries.get(principal.workspaceId, id),
})

export const retryDelivery = operation({
  name: 'deliveries.retry',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send a delivery again now, under the same id',
  input: z.strictObject({ id: reference }),
  output: deliveryView,
  http: { method: 'POST', path: '/api/v1/deliveries/:id/retry', status: 202 },
  example: { id: exampleId },
  run: ({ outbound, principal }, { id }) => outbound.deliveries.retry(principal, id),
})

export const retryDeliveries = operation({
  name: 'deliveries.retry_range',
  scope: 'events:write',
  effect: 'write',
  summary: 'Send all deliveries of a range again',
  input: z
    .strictObject({
      endpoint: reference.optional(),
      status: z.enum(['dead', 'delivered', 'pending']).default('dead'),
      ...rangeInput('time of creation'),
    })
    .refine(({ endpoint, from, to }) => endpoint !== undefined || from !== undefined || to !== undefined, 'needs an endpoint or a time'),
  output: plain(z.object({ retried: z.int() })),
  http: { method: 'POST', path: '/api/v1/deliveries/retry', status: 202 },
  example: { endpoint: 'end_0197f3d2-0000-7000-8000-000000000000' },
  run: async ({ outbound, principal }, { endpoint, status, ...range }) => ({
    retried: await outbound.deliveries.retryRange(principal, { endpoint, status, ...rangeOf(range) }),
  }),
})
