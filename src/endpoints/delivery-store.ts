import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'

export interface DeliveryRow {
  readonly id: string
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
  readonly eventType: string
  readonly replay: number
  readonly orderKey: string | null
  readonly status: string
  readonly attempts: number
  readonly nextAt: Date
  readonly leasedUntil: Date | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

const columns = [
  'id',
  'workspace_id as workspaceId',
  'endpoint_id as endpointId',
  'event_id as eventId',
  'event_type as eventType',
  'replay',
  'order_key as orderKey',
  'status',
  'attempts',
  'next_at as nextAt',
  'leased_until as leasedUntil',
  'last_status as lastStatus',
  'last_error as lastError',
  'created_at as createdAt',
  'finished_at as finishedAt',
] as const

export interface NewDelivery {
  readonly id: string
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
  readonly eventType: string
  readonly event: string
  /** Undefined takes the next negative number, which marks a replay for this endpoint only. */
  readonly replay: number | undefined
  readonly orderKey: string | null
}

/** Returns the ids that were inserted. The others existed already, or their endpoint was deleted. */
export async function insertDeliveries(trx: Transaction, rows: readonly NewDelivery[], now: Date): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const { rows: made } = await raw<{ id: string }>`
    with r as (
      select row_number() over () as place, * from json_to_recordset(${JSON.stringify(rows)}::json) as r (id text, "workspaceId" text,
             "endpointId" text, "eventId" text, "eventType" text, event text, replay int, "orderKey" text)
    ), there as (
      select id from hub.endpoints where id in (select "endpointId" from r) order by id for key share
    )
    insert into hub.deliveries (id, workspace_id, endpoint_id, event_id, event_type, event, replay, order_key, next_at, created_at)
    select r.id, r."workspaceId", r."endpointId", r."eventId", r."eventType", r.event,
           coalesce(r.replay, (select least(0, min(d.replay)) - 1 from hub.deliveries d
                                where d.endpoint_id = r."endpointId" and d.event_id = r."eventId"), -1),
           r."orderKey", ${now}, ${now}
      from r join there on there.id = r."endpointId" order by r.place
    on conflict (endpoint_id, event_id, replay) do nothing
    returning id`.execute(trx)
  return new Set(made.map(({ id }) => id))
}

export interface AttemptRow {
  readonly number: number
  readonly at: Date
  readonly ms: number
  readonly request: Record<string, unknown>
  readonly response: Record<string, unknown> | null
  readonly error: string | null
}

export async function insertAttempt(trx: Sql, deliveryId: string, { request, response, ...row }: AttemptRow): Promise<void> {
  await trx
    .insertInto('delivery_attempts')
    .values({ ...row, delivery_id: deliveryId, request: JSON.stringify(request), response: response && JSON.stringify(response) })
    .onConflict((conflict) => conflict.columns(['delivery_id', 'number']).doNothing())
    .execute()
}

export function attemptsOf(sql: Sql, deliveryId: string): Promise<AttemptRow[]> {
  return sql
    .selectFrom('delivery_attempts')
    .select(['number', 'at', 'ms', 'request', 'response', 'error'])
    .where('delivery_id', '=', deliveryId)
    .orderBy('number')
    .execute()
}

export interface DeliveryFilter {
  readonly endpoint?: string | undefined
  readonly status?: string | undefined
  readonly event?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

function filtered(sql: Sql, workspaceId: string, { endpoint, status, event, from, to }: DeliveryFilter) {
  let query = sql.selectFrom('deliveries').where('workspace_id', '=', workspaceId)
  if (endpoint !== undefined) query = query.where('endpoint_id', '=', endpoint)
  if (status !== undefined) query = query.where('status', '=', status)
  if (event !== undefined) query = query.where('event_id', '=', event)
  if (from !== undefined) query = query.where('created_at', '>=', from)
  if (to !== undefined) query = query.where('created_at', '<', to)
  return query
}

export function listDeliveries(
  sql: Sql,
  workspaceId: string,
  filter: DeliveryFilter,
  { before, limit }: { readonly before?: string | undefined; readonly limit: number },
): Promise<DeliveryRow[]> {
  return filtered(sql, workspaceId, filter)
    .select(columns)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export function findDelivery(sql: Sql, workspaceId: string, id: string): Promise<(DeliveryRow & { event: string }) | undefined> {
  return sql
    .selectFrom('deliveries')
    .select([...columns, 'event'])
    .where('workspace_id', '=', workspaceId)
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
    .where((e) => e.or([e('leased_until', 'is', null), e('leased_until', '<=', now)]))
    .$if(filter.id !== undefined, (query) => query.where('id', '=', filter.id!))
    .orderBy('id')
    .limit(max)
    .forNoKeyUpdate()
  const result = await trx
    .updateTable('deliveries')
    .set((e) => ({ status: 'pending', next_at: now, leased_until: null, finished_at: null, uncounted: e.ref('attempts') }))
    .where('id', 'in', which)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}
