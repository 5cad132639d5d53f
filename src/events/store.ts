import { sql as raw } from 'kysely'
import { columnsOf, recordset, type Database, type Row, type Sql, type Transaction } from '#db'
import { postgresJson } from '#lib/postgres-text'
import type { NewSubscription, SubscriptionRow } from './event.ts'

export interface NewEvent extends Pick<
  Row<'events'>,
  'id' | 'workspaceId' | 'type' | 'connector' | 'integrationId' | 'integration' | 'deliveryId' | 'problem' | 'subject' | 'receivedAt'
> {
  readonly dedupeKey: string
  readonly dedupe: Buffer
  /** Null if the body itself is the key. */
  readonly bodyDigest: Buffer | null
  readonly status: 'dispatched' | 'unparsed'
  readonly whole: boolean
  readonly headers: Record<string, unknown>
  readonly body: Buffer
}

/**
 * Inserts many events in one statement and returns the ids that were new. All bodies are one binary parameter, which the statement splits:
 * one parameter per body would need another statement for each number of rows, and an array would send them in hex. The statement is
 * prepared once per connection.
 */
export async function insertEvents({ pool }: Database, events: readonly NewEvent[]): Promise<Set<string>> {
  let at = 1
  const rows = events.map(({ body, dedupe, bodyDigest, receivedAt, ...rest }) => {
    const row = {
      ...rest,
      dedupe: dedupe.toString('hex'),
      bodyDigest: bodyDigest?.toString('hex'),
      receivedAt: receivedAt.toISOString(),
      at,
      size: body.length,
    }
    at += body.length
    return row
  })
  const { rows: made } = await pool.query<{ id: string }>({
    name: 'insert-events',
    text: `
      with given as (
        select * from json_to_recordset($1::json) as r (id text, "workspaceId" text, type text, connector text, "integrationId" text,
               integration text, "dedupeKey" text, dedupe text, "bodyDigest" text, "deliveryId" text, status text, problem text, subject text, whole boolean,
               headers json, "receivedAt" timestamptz, at int, size int)
      ), made as (
        insert into hub.events (id, workspace_id, type, connector, integration_id, integration, dedupe_key, dedupe, delivery_id, body_digest,
                                same_body_as, verified, status, problem, subject, headers, body, received_at)
        select id, "workspaceId", type, connector, "integrationId", integration, "dedupeKey", decode(dedupe, 'hex'), "deliveryId",
               decode("bodyDigest", 'hex'),
               coalesce((select e.id from hub.events e where e.body_digest = decode("bodyDigest", 'hex') limit 1),
                        nullif(first_value(id) over (partition by coalesce("bodyDigest", id) order by id), id)),
               true, status, problem, subject, headers, substring($2::bytea from at for size), "receivedAt"
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
  'e.workspaceId',
  'e.type',
  'e.connector',
  'e.integrationId',
  'e.integration',
  'e.dedupeKey',
  'e.deliveryId',
  'e.sameBodyAs',
  'e.verified',
  'e.problem',
  'e.subject',
  'e.data',
  'e.transform',
  'e.replays',
  'e.receivedAt',
] as const

export interface EventRow extends Omit<Row<'events'>, 'dedupe' | 'bodyDigest' | 'headers' | 'body' | 'status'> {
  readonly status: Row<'events'>['status'] | 'received'
}

/** An event with the headers and the body that were received. */
export type StoredEvent = EventRow & Pick<Row<'events'>, 'headers' | 'body'>

export async function storedEvents(sql: Sql, workspaceId: string, ids: readonly string[]): Promise<Map<string, StoredEvent>> {
  if (ids.length === 0) return new Map()
  const rows = await sql
    .selectFrom('events as e')
    .select([...eventColumns, 'e.status', 'e.headers', 'e.body'])
    .where('e.workspaceId', '=', workspaceId)
    .where(raw<boolean>`e.id = any(${ids}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
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
  const kept = changes.map(({ data }) => data === undefined)
  await raw`
    update hub.events as e
       set status = r.status, problem = r.problem, type = coalesce(r.type, e.type), subject = coalesce(r.subject, e.subject),
           data = case when r.unnest then e.data else r.data end, transform = coalesce(r.transform, e.transform)
      from rows from (${recordset('events', changes, 'jsonb')}, unnest(${kept}::boolean[])) as r
     where e.workspace_id = r.workspace_id and e.id = r.id`.execute(trx)
}

export function subscriptionsOf(sql: Sql, workspaceId: string): Promise<SubscriptionRow[]> {
  return sql
    .selectFrom('subscriptions')
    .selectAll()
    .where('enabled', '=', true)
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
}

export async function insertSubscription(trx: Sql, row: NewSubscription & { readonly id: string }): Promise<void> {
  const { detail } = row
  await trx
    .insertInto('subscriptions')
    .values({ ...row, detail: detail && JSON.stringify(postgresJson(detail)) })
    .execute()
}

/** Returns the workspaces whose subscriptions these were. */
export async function deleteSubscriptions(trx: Sql, kind: string, target: string): Promise<ReadonlySet<string>> {
  const rows = await trx
    .deleteFrom('subscriptions')
    .where('kind', '=', kind)
    .where('target', '=', target)
    .returning('workspaceId')
    .execute()
  return new Set(rows.map(({ workspaceId }) => workspaceId))
}

/** Which of these subscriptions still exist and are enabled. */
export async function remainingSubscriptions(trx: Transaction, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await raw<{ id: string }>`
    select id from hub.subscriptions where id = any(${ids}::text[]) and enabled`.execute(trx)
  return new Set(rows.map(({ id }) => id))
}

export async function noteOverruns(
  trx: Transaction,
  id: string,
  { overruns, problem }: { readonly overruns: number; readonly problem: string | undefined },
): Promise<void> {
  await trx
    .updateTable('subscriptions')
    .set({ overruns, ...(problem === undefined ? {} : { enabled: false, problem }) })
    .where('id', '=', id)
    .execute()
}

export type Effect = Omit<Row<'eventEffects'>, 'at'>

export async function insertEffects(trx: Transaction, effects: readonly Effect[]): Promise<void> {
  if (effects.length === 0) return
  const columns = columnsOf(effects)
  await raw`
    insert into hub.event_effects (${columns}) select ${columns} from ${recordset('eventEffects', effects, 'jsonb')}
    on conflict do nothing`.execute(trx)
}

export function effectsOf(sql: Sql, eventId: string) {
  return sql
    .selectFrom('eventEffects')
    .select(['kind', 'target', 'effectId', 'replay', 'at'])
    .where('eventId', '=', eventId)
    .orderBy('at')
    .execute()
}
