import { sql as raw } from 'kysely'
import type { Database, Sql, Transaction } from '#db'
import { postgresJson } from '#lib/postgres-text'
import type { SubscriptionRow } from './event.ts'

export interface NewEvent {
  readonly id: string
  readonly workspaceId: string
  readonly type: string
  readonly connector: string
  readonly integrationId: string | null
  readonly integration: string | null
  readonly dedupeKey: string
  readonly dedupe: Buffer
  readonly deliveryId: string | null
  readonly status: 'dispatched' | 'unparsed'
  readonly problem: string | null
  readonly subject: string | null
  readonly whole: boolean
  readonly headers: Record<string, unknown>
  readonly body: Buffer
  readonly receivedAt: Date
}

/**
 * Inserts many events in one statement and returns the ids that were new. All bodies are one binary parameter, which the statement splits:
 * one parameter per body would need another statement for each number of rows, and an array would send them in hex. The statement is
 * prepared once per connection.
 */
export async function insertEvents({ pool }: Database, events: readonly NewEvent[]): Promise<Set<string>> {
  let at = 1
  const rows = events.map(({ body, dedupe, receivedAt, ...rest }) => {
    const row = { ...rest, dedupe: dedupe.toString('hex'), receivedAt: receivedAt.toISOString(), at, size: body.length }
    at += body.length
    return row
  })
  const { rows: made } = await pool.query<{ id: string }>({
    name: 'insert-events',
    text: `
      with given as (
        select * from json_to_recordset($1::json) as r (id text, "workspaceId" text, type text, connector text, "integrationId" text,
               integration text, "dedupeKey" text, dedupe text, "deliveryId" text, status text, problem text, subject text, whole boolean,
               headers json, "receivedAt" timestamptz, at int, size int)
      ), made as (
        insert into hub.events (id, workspace_id, type, connector, integration_id, integration, dedupe_key, dedupe, delivery_id, verified,
                                status, problem, subject, headers, body, received_at)
        select id, "workspaceId", type, connector, "integrationId", integration, "dedupeKey", decode(dedupe, 'hex'), "deliveryId", true,
               status, problem, subject, headers, substring($2::bytea from at for size), "receivedAt"
          from given
        on conflict (dedupe) do nothing
        returning id
      ), queued as (
        insert into hub.event_queue (workspace_id, event_id, whole)
        select g."workspaceId", g.id, g.whole from given g join made m on m.id = g.id where g.status <> 'unparsed' order by g.id
      )
      select id from made`,
    values: [JSON.stringify(rows), Buffer.concat(events.map(({ body }) => body))],
  })
  return new Set(made.map(({ id }) => id))
}

export const eventColumns = [
  'e.id',
  'e.workspace_id as workspaceId',
  'e.type',
  'e.connector',
  'e.integration_id as integrationId',
  'e.integration',
  'e.dedupe_key as dedupeKey',
  'e.delivery_id as deliveryId',
  'e.verified',
  'e.problem',
  'e.subject',
  'e.data',
  'e.transform',
  'e.replays',
  'e.received_at as receivedAt',
] as const

export interface EventRow {
  readonly id: string
  readonly workspaceId: string
  readonly type: string
  readonly connector: string
  readonly integrationId: string | null
  readonly integration: string | null
  readonly dedupeKey: string | null
  readonly deliveryId: string | null
  readonly verified: boolean
  readonly status: string
  readonly problem: string | null
  readonly subject: string | null
  readonly data: unknown
  readonly transform: string | null
  readonly replays: number
  readonly receivedAt: Date
}

/** An event with the headers and the body that were received. */
export interface StoredEvent extends EventRow {
  readonly headers: Record<string, unknown> | null
  readonly body: Buffer | null
}

// An arbitrary fixed number. Only one process dispatches at a time, which keeps the order of arrival and is fast enough.
const dispatchLock = 4_867_120_003

/**
 * Turns off synchronous commit for this transaction. If its commit is lost in a crash, the events are still in the queue. Nothing that it
 * started has left the hub by then, because that begins with a later commit, which makes this one durable too.
 */
export async function tryDispatchLock(trx: Transaction): Promise<boolean> {
  await raw`set local synchronous_commit = off`.execute(trx)
  const { rows } = await raw<{ got: boolean }>`select pg_try_advisory_xact_lock(${dispatchLock}) as got`.execute(trx)
  return rows[0]?.got ?? false
}

export async function isQueueEmpty(sql: Sql): Promise<boolean> {
  return (await sql.selectFrom('event_queue').select('seq').limit(1).executeTakeFirst()) === undefined
}

export interface Waiting {
  readonly seq: number
  readonly workspaceId: string
  readonly id: string
  readonly type: string
  readonly whole: boolean
  readonly bytes: number
  readonly receivedAt: Date
}

/** The next events of the queue in order of arrival, with what is needed to find the subscriptions that may match. */
export async function nextWaiting(trx: Transaction, max: number): Promise<Waiting[]> {
  const { rows } = await raw<Waiting>`
    select q.seq, q.workspace_id as "workspaceId", q.event_id as id, e.type, q.whole, coalesce(octet_length(e.body), 0) as bytes,
           e.received_at as "receivedAt"
      from (select * from hub.event_queue order by seq limit ${max}) as q
      join hub.events e on e.workspace_id = q.workspace_id and e.id = q.event_id
     order by q.seq`.execute(trx)
  return rows
}

export async function storedEvents(trx: Transaction, waiting: readonly Waiting[]): Promise<Map<string, StoredEvent>> {
  if (waiting.length === 0) return new Map()
  const rows = await trx
    .selectFrom('events as e')
    .select([...eventColumns, 'e.status', 'e.headers', 'e.body'])
    .where((e) => e.or(waiting.map(({ workspaceId, id }) => e.and({ 'e.workspace_id': workspaceId, 'e.id': id }))))
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

export async function leaveQueue(trx: Transaction, seqs: readonly number[]): Promise<void> {
  await raw`delete from hub.event_queue where seq = any(${seqs}::bigint[])`.execute(trx)
}

/** What has changed in an event after it was read. Null keeps the stored value. */
export interface EventChange {
  readonly workspaceId: string
  readonly id: string
  readonly status: 'dispatched' | 'unparsed' | 'failed'
  readonly problem: string | null
  readonly type: string | null
  readonly subject: string | null
  /** Undefined keeps the stored value. */
  readonly data: unknown
  readonly transform: string | null
}

export async function changeEvents(trx: Transaction, changes: readonly EventChange[]): Promise<void> {
  if (changes.length === 0) return
  const wire = changes.map(({ data, ...rest }) => ({ ...rest, data: data ?? null, kept: data === undefined }))
  await raw`
    update hub.events as e
       set status = r.status, problem = r.problem, type = coalesce(r.type, e.type), subject = coalesce(r.subject, e.subject),
           data = case when r.kept then e.data else r.data end, transform = coalesce(r.transform, e.transform)
      from jsonb_to_recordset(${JSON.stringify(postgresJson(wire))}::jsonb) as r ("workspaceId" text, id text, status text, problem text, type text,
           subject text, data jsonb, transform text, kept boolean)
     where e.workspace_id = r."workspaceId" and e.id = r.id`.execute(trx)
}

export function subscriptionsOf(sql: Sql, workspaceIds: readonly string[]): Promise<SubscriptionRow[]> {
  return sql
    .selectFrom('subscriptions')
    .select(['id', 'workspace_id as workspaceId', 'kind', 'target', 'types', 'filter', 'ordered', 'detail'])
    .where('enabled', '=', true)
    .where('workspace_id', 'in', workspaceIds)
    .orderBy('id')
    .execute()
}

export async function insertSubscription(trx: Sql, row: SubscriptionRow): Promise<void> {
  const { workspaceId, types, detail, ...rest } = row
  const values = { ...rest, workspace_id: workspaceId, types: [...types], detail: detail ? JSON.stringify(postgresJson(detail)) : null }
  await trx.insertInto('subscriptions').values(values).execute()
}

export async function deleteSubscriptions(trx: Sql, kind: string, target: string): Promise<void> {
  await trx.deleteFrom('subscriptions').where('kind', '=', kind).where('target', '=', target).execute()
}

/** Disables a subscription whose filter exceeds its limits, because it delays every event. */
export async function disableSubscription(trx: Transaction, id: string, problem: string): Promise<void> {
  await trx.updateTable('subscriptions').set({ enabled: false, problem }).where('id', '=', id).execute()
}

export interface Effect {
  readonly workspaceId: string
  readonly eventId: string
  readonly subscriptionId: string
  readonly replay: number
  readonly kind: string
  readonly target: string
  readonly effectId: string
}

export async function insertEffects(trx: Transaction, effects: readonly Effect[]): Promise<void> {
  if (effects.length === 0) return
  await raw`
    insert into hub.event_effects (workspace_id, event_id, subscription_id, replay, kind, target, effect_id)
    select "workspaceId", "eventId", "subscriptionId", replay, kind, target, "effectId"
      from jsonb_to_recordset(${JSON.stringify(effects)}::jsonb) as r ("workspaceId" text, "eventId" text, "subscriptionId" text, replay int,
           kind text, target text, "effectId" text)
    on conflict do nothing`.execute(trx)
}

export function effectsOf(sql: Sql, eventId: string) {
  return sql
    .selectFrom('event_effects')
    .select(['kind', 'target', 'effect_id as effectId', 'replay', 'at'])
    .where('event_id', '=', eventId)
    .orderBy('at')
    .execute()
}
