import { sql as raw } from 'kysely'
import { columnsOf, oneOf, recordset, type Row, type Sql, type Transaction } from '#db'
import { idRange } from '#lib/ids'

export type DeliveryRow = Pick<Row<'deliveries'>, (typeof columns)[number]>

const columns = [
  'id',
  'workspaceId',
  'endpointId',
  'eventId',
  'eventType',
  'replay',
  'orderKey',
  'status',
  'attempts',
  'nextAt',
  'leasedUntil',
  'lastStatus',
  'lastError',
  'createdAt',
  'finishedAt',
] as const

export interface NewDelivery extends Pick<
  Row<'deliveries'>,
  'id' | 'workspaceId' | 'endpointId' | 'eventId' | 'eventType' | 'event' | 'orderKey'
> {
  /** Undefined takes the next negative number, which marks a replay for this endpoint only. */
  readonly replay: number | undefined
}

/** Returns the ids that were inserted. The others existed already, or their endpoint was deleted. */
export async function insertDeliveries(trx: Transaction, rows: readonly NewDelivery[], now: Date): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const columns = columnsOf(rows, 'replay')
  const { rows: made } = await raw<{ id: string }>`
    with r as (
      select row_number() over () as place, * from ${recordset('deliveries', rows, 'json')}
    ), there as (
      select id as endpoint from hub.endpoints where id in (select endpoint_id from r) order by id for key share
    )
    insert into hub.deliveries (${columns}, replay, next_at, created_at)
    select ${columns},
           coalesce(replay, (select least(0, min(d.replay)) - 1 from hub.deliveries d
                              where d.endpoint_id = r.endpoint_id and d.event_id = r.event_id), -1),
           ${now}, ${now}
      from r join there on endpoint = endpoint_id order by place
    on conflict (endpoint_id, event_id, replay) do nothing
    returning id`.execute(trx)
  return new Set(made.map(({ id }) => id))
}

export type AttemptRow = Omit<Row<'deliveryAttempts'>, 'deliveryId'>

export async function insertAttempt(trx: Sql, deliveryId: string, { request, response, ...row }: AttemptRow): Promise<void> {
  await trx
    .insertInto('deliveryAttempts')
    .values({ ...row, deliveryId, request: JSON.stringify(request), response: response && JSON.stringify(response) })
    .onConflict((conflict) => conflict.columns(['deliveryId', 'number']).doNothing())
    .execute()
}

export function attemptsOf(sql: Sql, deliveryId: string): Promise<AttemptRow[]> {
  return sql
    .selectFrom('deliveryAttempts')
    .select(['number', 'at', 'ms', 'request', 'response', 'error'])
    .where('deliveryId', '=', deliveryId)
    .orderBy('number')
    .execute()
}

export interface DeliveryFilter {
  readonly endpoint?: string | undefined
  readonly statuses?: readonly DeliveryRow['status'][] | undefined
  readonly event?: string | undefined
  readonly type?: string | undefined
  /** A part of the last error. */
  readonly error?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

function filtered(sql: Sql, workspaceId: string, { endpoint, statuses, event, type, error, from, to }: DeliveryFilter) {
  let query = sql.selectFrom('deliveries').where('workspaceId', '=', workspaceId)
  if (endpoint !== undefined) query = query.where('endpointId', '=', endpoint)
  if (statuses !== undefined) query = query.where(oneOf(statuses, 'status'))
  if (event !== undefined) query = query.where('eventId', '=', event)
  if (type !== undefined) query = query.where('eventType', '=', type)
  // A delivery that was accepted has no error. To say so lets PostgreSQL use the index of the others.
  if (error !== undefined)
    query = query.where('status', '<>', 'delivered').where(raw<boolean>`position(${error.toLowerCase()}::text in lower(last_error)) > 0`)
  if (from !== undefined) query = query.where('createdAt', '>=', from)
  if (to !== undefined) query = query.where('createdAt', '<', to)
  return query
}

export function listDeliveries(
  sql: Sql,
  workspaceId: string,
  { before, limit, ...filter }: DeliveryFilter & { readonly before?: string | undefined; readonly limit: number },
): Promise<DeliveryRow[]> {
  const { least, below } = idRange('del', filter)
  return filtered(sql, workspaceId, filter)
    .select(columns)
    .$if(least !== undefined, (query) => query.where('id', '>=', least!))
    .$if(below !== undefined, (query) => query.where('id', '<', below!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export interface DeliveryCount {
  readonly endpointId: string
  readonly status: DeliveryRow['status']
  readonly count: number
}

/** How many of the newest deliveries since a time each endpoint has in each state. */
export async function countDeliveries(sql: Sql, workspaceId: string, { from, max }: { from: Date; max: number }): Promise<DeliveryCount[]> {
  const { least } = idRange('del', { from })
  const { rows } = await raw<DeliveryCount>`
    select endpoint_id, status, count(*)::int as count from (
      select endpoint_id, status from hub.deliveries
       where workspace_id = ${workspaceId} and id >= ${least} and created_at >= ${from}
       order by id desc limit ${max}
    ) newest group by endpoint_id, status`.execute(sql)
  return rows
}

export function findDelivery(sql: Sql, workspaceId: string, id: string): Promise<(DeliveryRow & { event: string }) | undefined> {
  return sql
    .selectFrom('deliveries')
    .select([...columns, 'event'])
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Makes deliveries due now with a full schedule of retries, except those that are being sent. Returns how many. */
export async function retryDeliveries(
  trx: Transaction,
  workspaceId: string,
  { now, max, ...filter }: DeliveryFilter & { readonly id?: string | undefined; readonly now: Date; readonly max: number },
): Promise<number> {
  const which = filtered(trx, workspaceId, filter)
    .select('id')
    .where((e) => e.or([e('leasedUntil', 'is', null), e('leasedUntil', '<=', now)]))
    .$if(filter.id !== undefined, (query) => query.where('id', '=', filter.id!))
    .orderBy('id')
    .limit(max)
    .forNoKeyUpdate()
  const result = await trx
    .updateTable('deliveries')
    .set((e) => ({ status: 'pending', nextAt: now, leasedUntil: null, finishedAt: null, uncounted: e.ref('attempts') }))
    .where('id', 'in', which)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}
