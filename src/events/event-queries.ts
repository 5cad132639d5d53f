import { sql as raw, type RawBuilder } from 'kysely'
import { oneOf, type Sql, type Transaction } from '#db'
import { idRange, idsFrom } from '#lib/ids'
import { eventColumns, type EventRow, type StoredEvent } from './store.ts'

export interface EventFilter {
  /** Types, and patterns such as `github.*`. */
  readonly types?: readonly string[] | undefined
  readonly connector?: string | undefined
  readonly integration?: string | undefined
  readonly statuses?: readonly EventRow['status'][] | undefined
  readonly subject?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

const waits = raw<boolean>`exists (select from hub.event_queue q where q.event_id = e.id)`
const status = raw<EventRow['status']>`case when ${waits} then 'received' else e.status end`.as('status')

function filtered(sql: Sql, workspaceId: string, filter: EventFilter) {
  const { types, statuses, connector, integration, subject, from, to } = filter
  let query = sql.selectFrom('events as e').where('e.workspaceId', '=', workspaceId)
  if (types !== undefined && !types.includes('*'))
    query = query.where((e) =>
      e.or(types.map((type) => (type.endsWith('.*') ? e('e.type', 'like', `${likeSafe(type.slice(0, -1))}%`) : e('e.type', '=', type)))),
    )
  if (subject !== undefined) query = query.where('e.subject', '=', subject)
  if (connector !== undefined) query = query.where('e.connector', '=', connector)
  if (integration !== undefined)
    query = query.where((e) => e.or([e('e.integration', '=', integration), e('e.integrationId', '=', integration)]))
  if (statuses !== undefined) query = query.where(hasStatus(statuses))
  if (from !== undefined) query = query.where('e.receivedAt', '>=', from)
  if (to !== undefined) query = query.where('e.receivedAt', '<', to)
  return query
}

function hasStatus(statuses: readonly string[]): RawBuilder<boolean> {
  const stored = statuses.filter((status) => status !== 'received')
  if (stored.length === 0) return waits
  const isStored = raw<boolean>`(${oneOf(stored, 'e.status')} and not ${waits})`
  return stored.length === statuses.length ? isStored : raw<boolean>`(${waits} or ${isStored})`
}

function likeSafe(text: string): string {
  return text.replaceAll(/[%_\\]/g, String.raw`\$&`)
}

export function listEvents(
  sql: Sql,
  workspaceId: string,
  filter: EventFilter,
  { before, after, limit }: { before?: string | undefined; after?: string | undefined; limit: number },
): Promise<EventRow[]> {
  let query = filtered(sql, workspaceId, filter).select([...eventColumns, status])
  const { least, below } = idRange('evt', filter)
  if (least !== undefined) query = query.where('e.id', '>=', least)
  if (below !== undefined) query = query.where('e.id', '<', below)
  if (before !== undefined) query = query.where('e.id', '<', before)
  if (after !== undefined) query = query.where('e.id', '>', after)
  return query
    .orderBy('e.id', after === undefined ? 'desc' : 'asc')
    .limit(limit)
    .execute()
}

export function findEvent(sql: Sql, workspaceId: string, id: string): Promise<StoredEvent | undefined> {
  return sql
    .selectFrom('events as e')
    .select([...eventColumns, status, 'e.headers', 'e.body'])
    .where('e.workspaceId', '=', workspaceId)
    .where('e.id', '=', id)
    .executeTakeFirst()
}

/** Puts events into the queue again. `anew` removes the data that a transformation made, so that the present transformation runs. */
export async function replayEvents(
  trx: Transaction,
  workspaceId: string,
  { anew, max, ...filter }: EventFilter & { readonly ids?: readonly string[] | undefined; readonly anew: boolean; readonly max: number },
): Promise<number> {
  let which = filtered(trx, workspaceId, filter)
    .select('e.id')
    .where(raw<boolean>`not ${waits}`)
  if (filter.ids !== undefined) which = which.where('e.id', 'in', filter.ids)
  const ids = await trx
    .updateTable('events')
    .set({
      status: 'dispatched',
      problem: null,
      replays: raw<number>`replays + 1`,
      ...(anew ? { data: raw<string>`case when body is null then data else null end`, transform: null } : {}),
    })
    .where('workspaceId', '=', workspaceId)
    .where('id', 'in', which.orderBy('e.id').limit(max))
    .returning('id')
    .execute()
  if (ids.length === 0) return 0
  // In the order of their first arrival.
  await raw`insert into hub.event_queue (workspace_id, event_id, whole)
    select ${workspaceId}, id, true from unnest(${ids.map(({ id }) => id)}::text[]) as u (id) order by id`.execute(trx)
  return ids.length
}

/** Returns which of these deliveries the workspace has received since then. */
export async function knownDeliveries(
  sql: Sql,
  workspaceId: string,
  { since, deliveryIds }: { since: Date; deliveryIds: readonly string[] },
): Promise<Set<string>> {
  if (deliveryIds.length === 0) return new Set()
  const rows = await sql
    .selectFrom('events')
    .select('deliveryId')
    .where('workspaceId', '=', workspaceId)
    // Ids begin with their time, and the index is on the id.
    .where('id', '>=', idsFrom('evt', since))
    .where('deliveryId', 'in', deliveryIds)
    .execute()
  return new Set(rows.map(({ deliveryId }) => deliveryId!))
}
