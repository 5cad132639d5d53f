import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'

export interface Candidate extends Pick<Row<'deliveries'>, 'id' | 'endpointId' | 'nextAt'> {
  /** The first delivery with the same order key, which has to be sent before. */
  readonly blocker: string | null
}

/** Some due deliveries of each endpoint that may be called, the longest due first. */
export async function dueDeliveries(
  sql: Sql,
  now: Date,
  { full, perEndpoint }: { readonly full: readonly string[]; readonly perEndpoint: number },
): Promise<Candidate[]> {
  const { rows } = await raw<Candidate>`
    select d.id, d.endpoint_id, d.next_at, case when d.order_key is not null then
           (select b.id from hub.deliveries b where b.endpoint_id = d.endpoint_id and b.order_key = d.order_key and b.status = 'pending'
               and b.seq < d.seq order by b.seq limit 1) end as blocker
      from hub.endpoints e cross join lateral (
        select id, endpoint_id, order_key, seq, next_at from hub.deliveries
         where endpoint_id = e.id and status = 'pending' and next_at <= ${now} and (leased_until is null or leased_until <= ${now})
         order by next_at limit ${perEndpoint}) d
     where e.enabled and (e.paused_until is null or e.paused_until <= ${now}) and e.id <> all (${full})`.execute(sql)
  return rows
}

/** The oldest delivery of each endpoint that was disabled for failing and is to be tried again. */
export async function dueProbes(trx: Transaction, now: Date, next: Date): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    with due as (
      select e.id, d.id as delivery_id from hub.endpoints e cross join lateral (
        select id from hub.deliveries d
         where d.endpoint_id = e.id and d.status = 'pending' and (d.leased_until is null or d.leased_until <= ${now})
           and (d.order_key is null or not exists (select from hub.deliveries b where b.endpoint_id = d.endpoint_id
                 and b.order_key = d.order_key and b.status = 'pending' and b.seq < d.seq))
         order by d.next_at, d.seq limit 1) d
       where e.disabled_reason = 'failing' and e.probe_at <= ${now}
         for no key update of e skip locked
    )
    update hub.endpoints e set probe_at = ${next} from due where e.id = due.id returning due.delivery_id as id`.execute(trx)
  return rows.map(({ id }) => id)
}

/** A delivery that this process has claimed. */
export interface Claimed
  extends
    Pick<Row<'deliveries'>, 'id' | 'workspaceId' | 'endpointId' | 'eventId' | 'event' | 'replay' | 'orderKey' | 'uncounted'>,
    Pick<Row<'endpoints'>, 'url' | 'transform' | 'credential'> {
  /** The number of this attempt. Only the process whose number is current may change the delivery. */
  readonly attempt: number
  readonly interrupted: Date | null
}

/** Claims deliveries that no other process has claimed. `due` is false for a probe, which may be sent before its time. */
export async function claim(
  sql: Sql,
  ids: readonly string[],
  { now, until, due }: { readonly now: Date; readonly until: Date; readonly due: boolean },
): Promise<Claimed[]> {
  const { rows } = await raw<Claimed>`
    update hub.deliveries d set leased_until = ${until}, attempts = d.attempts + 1
      from (select id, leased_until from hub.deliveries
             where id = any (${ids}) and status = 'pending' and (leased_until is null or leased_until <= ${now})
               and (next_at <= ${now} or not ${due}) for no key update skip locked) taken, hub.endpoints e
     where d.id = taken.id and e.id = d.endpoint_id
    returning d.id, d.workspace_id, d.endpoint_id, d.event_id, d.event, d.replay, d.order_key, d.attempts as attempt, d.uncounted,
              taken.leased_until as interrupted, e.url, e.transform, e.credential`.execute(sql)
  return rows
}

/**
 * Postpones deliveries that wait for an earlier one, which makes the next one due when it ends. The earlier one is locked meanwhile, so
 * that it cannot end between the read and the change.
 */
export async function postpone(sql: Sql, waiting: readonly { id: string; blocker: string }[], soon: Date): Promise<void> {
  await raw`
    with b as (
      select id, next_at, leased_until from hub.deliveries
       where id in (select blocker from json_to_recordset(${JSON.stringify(waiting)}::json) as r (blocker text)) and status = 'pending'
       order by id for no key update skip locked
    )
    update hub.deliveries d set next_at = greatest(b.next_at, b.leased_until, ${soon})
      from b join json_to_recordset(${JSON.stringify(waiting)}::json) as r (id text, blocker text) on r.blocker = b.id
     where d.id = r.id and d.status = 'pending'`.execute(sql)
}

export interface Ending extends Pick<Row<'deliveries'>, 'nextAt' | 'lastStatus' | 'lastError' | 'finishedAt'> {
  readonly status: 'pending' | 'delivered' | 'dead'
  /** The attempt does not count in the schedule of retries. */
  readonly uncounted: boolean
}

/** Returns false if another process has claimed the delivery, or it was deleted. */
export async function endAttempt(trx: Transaction, { id, attempt }: Pick<Claimed, 'id' | 'attempt'>, ending: Ending): Promise<boolean> {
  const result = await trx
    .updateTable('deliveries')
    .set((e) => ({ ...ending, leasedUntil: null, uncounted: e('uncounted', '+', ending.uncounted ? 1 : 0) }))
    .where('id', '=', id)
    .where('attempts', '=', attempt)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** As if it had not been taken. */
export async function release(sql: Sql, { id, attempt }: Pick<Claimed, 'id' | 'attempt'>, nextAt: Date): Promise<void> {
  await sql
    .updateTable('deliveries')
    .set((e) => ({ leasedUntil: null, attempts: e('attempts', '-', 1), nextAt }))
    .where('id', '=', id)
    .where('attempts', '=', attempt)
    .where('status', '=', 'pending')
    .execute()
}

/** The one that waited for what is done now. */
export async function releaseNext(
  trx: Transaction,
  { endpointId, orderKey }: Pick<Claimed, 'endpointId' | 'orderKey'>,
  now: Date,
): Promise<void> {
  await raw`
    update hub.deliveries set next_at = least(next_at, ${now})
     where id = (select id from hub.deliveries where endpoint_id = ${endpointId} and order_key = ${orderKey} and status = 'pending'
                  order by seq limit 1) and attempts = uncounted`.execute(trx)
}

/** All that waits for an endpoint, with a schedule of its own from the beginning. */
export async function releaseAll(trx: Transaction, endpointId: string, now: Date): Promise<void> {
  await raw`
    update hub.deliveries set next_at = ${now}, uncounted = attempts - case when leased_until > ${now} then 1 else 0 end
     where endpoint_id = ${endpointId} and status = 'pending'`.execute(trx)
}

/** What has waited too long for endpoints that are disabled. */
export async function expireWaiting(
  sql: Sql,
  { before, now, max }: { readonly before: Date; readonly now: Date; readonly max: number },
): Promise<number> {
  const { rows } = await raw`
    update hub.deliveries set status = 'dead', finished_at = ${now}, last_error = 'its endpoint was disabled for longer than the delivery may wait'
     where id in (select d.id from hub.endpoints e join hub.deliveries d on d.endpoint_id = e.id
                   where not e.enabled and d.status = 'pending' and d.created_at < ${before}
                     and (d.leased_until is null or d.leased_until <= ${now}) limit ${max})
    returning 1`.execute(sql)
  return rows.length
}
