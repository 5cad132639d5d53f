import { z } from 'zod'
import type { EventDetail, EventRow } from '#events'
import { readable, type Delivery } from '#kit'
import { operation, plain, view } from './operation.ts'
import {
  anyObject,
  idKeys,
  pageInput,
  pageOf,
  rangeInput,
  rangeOf,
  readPage,
  reference,
  severalOf,
  severalTexts,
  timestamp,
  valuesOf,
} from './shared.ts'

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  connector: z.string(),
  integration: z.string().nullable(),
  dedupe_key: z.string().nullable(),
  delivery_id: z.string().nullable(),
  same_body_as: z.string().nullable().describe('The earlier event of this hook with the same body under another delivery id.'),
  verified: z.boolean(),
  status: z.string(),
  problem: z.string().nullable(),
  subject: z.string().nullable(),
  replays: z.int(),
  received_at: timestamp,
})

function renderEvent(row: EventRow): z.output<typeof eventSchema> {
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
    same_body_as: row.sameBodyAs,
    received_at: row.receivedAt.toISOString(),
  }
}

export const eventView = view(eventSchema, renderEvent)

const detailView = view(
  eventSchema.extend({
    headers: anyObject.nullable(),
    body: z.string().nullable().describe('As it came; base64 when it is not text.'),
    body_encoding: z.enum(['utf8', 'base64']),
    origin: z
      .object({ flow: z.string(), run_id: z.string() })
      .nullable()
      .describe('The run that emitted it; such an event is not verified.'),
    data: z.unknown().describe('The content of the body, or what a transformation made of it.'),
    effects: z.array(z.object({ kind: z.string(), target: z.string(), effect_id: z.string(), replay: z.int(), at: timestamp })),
  }),
  (event: EventDetail) => {
    const text = event.body?.toString() ?? null
    const isText = event.body === null || Buffer.from(text!).equals(event.body)
    return {
      ...renderEvent(event),
      headers: event.headers,
      body: isText ? text : (event.body?.toString('base64') ?? null),
      origin: originOf(event),
      body_encoding: isText ? ('utf8' as const) : ('base64' as const),
      data: event.body === null || event.transform !== null ? event.data : parsedBody(event.headers, event.body),
      effects: event.effects.map(({ kind, target, effectId, replay, at }) => ({
        kind,
        target,
        effect_id: effectId,
        replay,
        at: at.toISOString(),
      })),
    }
  },
)

/** The headers of an event from outside are the sender's. */
function originOf({ body, headers }: Pick<EventDetail, 'body' | 'headers'>): { flow: string; run_id: string } | null {
  if (body !== null || headers?.['hub-run'] === undefined) return null
  return { flow: String(headers['hub-flow']), run_id: String(headers['hub-run']) }
}

/** As the connector reads it; a body that cannot be read is shown as it came. */
function parsedBody(headers: Record<string, unknown> | null, body: Buffer): unknown {
  return readable({ headers: (headers ?? {}) as Delivery['headers'], body }).json() ?? null
}

const filter = {
  type: severalTexts(200).optional().describe('A type, or a pattern such as github.*; several are separated by commas.'),
  connector: reference.optional(),
  integration: reference.optional().describe('Name or id.'),
  subject: z.string().max(500).optional().describe('What it is about, such as octo/web#88.'),
  status: severalOf(['received', 'dispatched', 'unparsed', 'failed']).optional().describe('One or more, separated by commas.'),
  ...rangeInput('time of arrival'),
}

type Filter = { readonly [name in keyof typeof filter]?: z.output<(typeof filter)[name]> }

function filterOf({ type, status, ...rest }: Filter) {
  return { ...rest, ...rangeOf(rest), types: valuesOf(type), statuses: valuesOf(status) }
}

const transform = z.enum(['then', 'now']).default('then').describe('With the transformation of then, or of now.')
const replayed = plain(z.object({ replayed: z.int() }))
const exampleId = 'evt_0197f3d2-0000-7000-8000-000000000000'

export const listEvents = operation({
  name: 'events.list',
  scope: 'events:read',
  effect: 'read',
  summary: 'List events, newest first',
  input: z.strictObject({ ...pageInput, ...filter }),
  output: pageOf(eventView),
  http: { method: 'GET', path: '/api/v1/events' },
  example: { type: 'github.*' },
  run: ({ events, principal }, { limit, cursor, ...asked }) =>
    readPage({ limit, cursor }, idKeys('evt'), (page) => events.list(principal.workspaceId, filterOf(asked), page)),
})

export const eventsSince = operation({
  name: 'events.since',
  scope: 'events:read',
  effect: 'read',
  summary: 'List the events that came after one, oldest first',
  input: z.strictObject({
    ...filter,
    after: reference.describe('Id of an event; empty for the first.'),
    limit: pageInput.limit,
  }),
  output: plain(z.object({ items: z.array(eventSchema) })),
  http: { method: 'GET', path: '/api/v1/events/since' },
  example: { after: exampleId, type: 'github.*' },
  run: async ({ events, principal }, { after, limit, ...asked }) => ({
    items: (await events.since(principal.workspaceId, filterOf(asked), { after, limit })).map(renderEvent),
  }),
})

export const getEvent = operation({
  name: 'events.get',
  scope: 'events:read',
  effect: 'read',
  summary: 'Get one event: as it came, its content, and what it started',
  input: z.strictObject({ id: reference }),
  output: detailView,
  http: { method: 'GET', path: '/api/v1/events/:id' },
  example: { id: exampleId },
  run: ({ events, principal }, { id }) => events.get(principal.workspaceId, id),
})

export const replayEvent = operation({
  name: 'events.replay',
  scope: 'events:write',
  effect: 'write',
  summary: 'Dispatch one event again',
  input: z.strictObject({ id: reference, transform }),
  output: replayed,
  http: { method: 'POST', path: '/api/v1/events/:id/replay', status: 202 },
  example: { id: exampleId },
  run: async ({ events, principal }, { id, transform: which }) => ({
    replayed: await events.replay(principal, { ids: [id], transform: which }),
  }),
})

export const replayEvents = operation({
  name: 'events.replay_range',
  scope: 'events:write',
  effect: 'write',
  summary: 'Dispatch a range of events again, in the order in which they came',
  input: z
    .strictObject({ ...filter, transform })
    .refine(
      (input) => Object.keys(filter).some((name) => input[name as keyof typeof filter] !== undefined),
      'needs a filter: a type, an integration, a time',
    ),
  output: replayed,
  http: { method: 'POST', path: '/api/v1/events/replay', status: 202 },
  example: { type: 'github.*', from: '2026-01-31T00:00:00Z' },
  run: async ({ events, principal }, { transform: which, ...asked }) => ({
    replayed: await events.replay(principal, { ...filterOf(asked), transform: which }),
  }),
})

const days = z.int().min(1).max(3650).nullable().default(null)
const retention = z.strictObject({
  events_days: days,
  events_bytes: z.int().min(1_000_000).nullable().default(null),
  deliveries_days: days,
  runs_days: days,
})

interface RetentionRow {
  readonly eventsDays: number | null
  readonly eventsBytes: number | null
  readonly deliveriesDays: number | null
  readonly runsDays: number | null
}

const retentionView = view(retention, (row: RetentionRow) => ({
  events_days: row.eventsDays,
  events_bytes: row.eventsBytes,
  deliveries_days: row.deliveriesDays,
  runs_days: row.runsDays,
}))

export const getRetention = operation({
  name: 'retention.get',
  scope: 'events:read',
  effect: 'read',
  summary: 'Get how long events, deliveries and runs are kept; null means 30 days, and no limit in bytes',
  input: z.strictObject({}),
  output: retentionView,
  http: { method: 'GET', path: '/api/v1/retention' },
  example: {},
  run: ({ retention: rules, principal }) => rules.get(principal.workspaceId),
})

export const setRetention = operation({
  name: 'retention.set',
  scope: 'events:write',
  effect: 'write',
  summary: 'Set how long events, deliveries and runs are kept',
  input: retention,
  output: retentionView,
  http: { method: 'PUT', path: '/api/v1/retention' },
  example: { events_days: 90 },
  run: ({ retention: rules, principal }, rule) =>
    rules.set(principal, {
      eventsDays: rule.events_days,
      eventsBytes: rule.events_bytes,
      deliveriesDays: rule.deliveries_days,
      runsDays: rule.runs_days,
    }),
})
