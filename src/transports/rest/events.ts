import { z } from 'zod'
import type { EventRow } from '#events'
import { readable, type Delivery } from '#kit'
import type { RestApp, RestDeps } from './server.ts'
import { decodeCursor, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'

export const eventShape = z.object({
  id: z.string(),
  type: z.string(),
  connector: z.string(),
  integration: z.string().nullable(),
  dedupe_key: z.string().nullable(),
  delivery_id: z.string().nullable(),
  verified: z.boolean(),
  status: z.string(),
  problem: z.string().nullable(),
  subject: z.string().nullable(),
  replays: z.int(),
  received_at: timestamp,
})

const detailShape = eventShape.extend({
  headers: z.record(z.string(), z.unknown()).nullable(),
  body: z.string().nullable().describe('As it came; base64 when it is no text.'),
  body_encoding: z.enum(['utf8', 'base64']),
  data: z.unknown().describe('What it says: of the body, or of what a transformation made of it.'),
  effects: z.array(z.object({ kind: z.string(), target: z.string(), effect_id: z.string(), replay: z.int(), at: timestamp })),
})

const filter = {
  type: z.string().max(200).optional().describe('A type, or a pattern such as github.*.'),
  connector: z.string().max(100).optional(),
  integration: z.string().max(100).optional().describe('Name or id.'),
  status: z.enum(['received', 'dispatched', 'unparsed', 'failed']).optional(),
  from: timestamp.optional().describe('Not before.'),
  to: timestamp.optional().describe('Before.'),
}

const transform = z.enum(['then', 'now']).default('then').describe('With the transformation of then, or of now.')
const rule = z.strictObject({
  events_days: z.int().min(1).max(3650).nullable().default(null),
  events_bytes: z.int().min(1_000_000).nullable().default(null),
  deliveries_days: z.int().min(1).max(3650).nullable().default(null),
  runs_days: z.int().min(1).max(3650).nullable().default(null),
})

export function eventRoutes(app: RestApp, { events }: RestDeps): void {
  const tags = ['Events']
  const params = z.object({ id: z.string().max(100) })

  app.get('/api/v1/events', {
    config: { access: 'events:read' },
    schema: { tags, summary: 'What came in, newest first', querystring: pageQuery.extend(filter), response: { 200: pageOf(eventShape) } },
    handler: async ({ principal, query: { limit, cursor, ...asked } }) => {
      const before = decodeCursor(cursor, /^evt_[0-9a-f-]{36}$/)
      const rows = await events.list(principal.workspaceId, filterOf(asked), { before, limit: limit + 1 })
      return toPage(rows, limit, renderEvent, ({ id }) => id)
    },
  })
  app.get('/api/v1/events/:id', {
    config: { access: 'events:read' },
    schema: { tags, summary: 'One event: as it came, what it says, what it set off', params, response: { 200: detailShape } },
    handler: async ({ principal, params: { id } }) => {
      const event = await events.get(principal.workspaceId, id)
      const text = event.body?.toString() ?? null
      const isText = event.body === null || Buffer.from(text!).equals(event.body)
      return {
        ...renderEvent(event),
        headers: event.headers,
        body: isText ? text : (event.body?.toString('base64') ?? null),
        body_encoding: isText ? ('utf8' as const) : ('base64' as const),
        data: event.body === null || event.transform !== null ? event.data : read(event.headers, event.body),
        effects: event.effects.map(({ kind, target, effectId, replay, at }) => ({
          kind,
          target,
          effect_id: effectId,
          replay,
          at: at.toISOString(),
        })),
      }
    },
  })
  app.post('/api/v1/events/:id/replay', {
    config: { access: 'events:write' },
    schema: {
      tags,
      summary: 'Let one event happen again',
      params,
      body: z.strictObject({ transform }).nullish(),
      response: { 202: z.object({ replayed: z.int() }) },
    },
    handler: async ({ principal, params: { id }, body }, reply) =>
      reply.code(202).send({ replayed: await events.replay(principal, { ids: [id], transform: body?.transform ?? 'then' }) }),
  })
  app.post('/api/v1/events/replay', {
    config: { access: 'events:write' },
    schema: {
      tags,
      summary: 'Let a range of events happen again, in the order in which they came',
      body: z
        .strictObject({ ...filter, transform })
        .refine(
          (body) => Object.keys(filter).some((name) => body[name as keyof typeof filter] !== undefined),
          'needs a filter: a type, an integration, a time',
        ),
      response: { 202: z.object({ replayed: z.int() }) },
    },
    handler: async ({ principal, body: { transform: which, ...asked } }, reply) =>
      reply.code(202).send({ replayed: await events.replay(principal, { ...filterOf(asked), transform: which }) }),
  })
  app.get('/api/v1/retention', {
    config: { access: 'events:read' },
    schema: {
      tags,
      summary: 'How long events, deliveries and runs are kept; null is 30 days, and no limit of bytes',
      response: { 200: rule },
    },
    handler: async ({ principal }) => renderRule(await events.retention.get(principal.workspaceId)),
  })
  app.put('/api/v1/retention', {
    config: { access: 'events:write' },
    schema: { tags, summary: 'Say how long events, deliveries and runs are kept', body: rule, response: { 200: rule } },
    handler: async ({ principal, body }) =>
      renderRule(
        await events.retention.set(principal, {
          eventsDays: body.events_days,
          eventsBytes: body.events_bytes,
          deliveriesDays: body.deliveries_days,
          runsDays: body.runs_days,
        }),
      ),
  })
}

type AskedFilter = { readonly [name in keyof typeof filter]?: z.output<(typeof filter)[name]> }

function filterOf({ from, to, ...rest }: AskedFilter) {
  return { ...rest, from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to) }
}

function renderRule(kept: {
  eventsDays: number | null
  eventsBytes: number | null
  deliveriesDays: number | null
  runsDays: number | null
}) {
  return { events_days: kept.eventsDays, events_bytes: kept.eventsBytes, deliveries_days: kept.deliveriesDays, runs_days: kept.runsDays }
}

export function renderEvent(row: EventRow) {
  const { id, type, connector, integration, verified, status, problem, subject, replays } = row
  return {
    id,
    type,
    connector,
    integration,
    verified,
    status,
    problem,
    subject,
    replays,
    dedupe_key: row.dedupeKey,
    delivery_id: row.deliveryId,
    received_at: row.receivedAt.toISOString(),
  }
}

/** As the connector reads it, a form that holds JSON included; what cannot be read is shown beside it, as it came. */
function read(headers: Record<string, unknown> | null, body: Buffer): unknown {
  return readable({ headers: (headers ?? {}) as Delivery['headers'], body }).json() ?? null
}
