import { sql as raw } from 'kysely'
import type { Transaction } from '#db'

// The statements here read as many rows as a decision needs, however many runs wait. Conditions on the status are written out, so that the
// partial indexes apply, and so is the order, so that the table is not scanned for the first few.

/** The runs of one flow that count together. */
export interface ConcurrencyKey {
  readonly flowId: string
  readonly key: string
}

const ofKey = ({ flowId, key }: ConcurrencyKey) => raw`flow_id = ${flowId} and concurrency_key = ${key}`
const active = raw`status in ('running', 'waiting')`

/** Serializes decisions about the runs of one flow and concurrency key until the transaction ends. */
export async function lockConcurrencyKey(trx: Transaction, { flowId, key }: ConcurrencyKey): Promise<void> {
  await raw`select pg_advisory_xact_lock(hashtextextended(${`room ${flowId} ${key}`}, 0))`.execute(trx)
}

/** How many runs of the key have started and not ended; counts no further than `most`. */
export async function activeWithKey(trx: Transaction, ref: ConcurrencyKey, most: number): Promise<number> {
  const { rows } = await raw<{ count: number }>`
    select count(*)::int as count from (select from hub.flow_runs where ${ofKey(ref)} and ${active} order by id limit ${most}) as runs`.execute(
    trx,
  )
  return rows[0]!.count
}

/** Whether fewer than `limit` runs of the key have not ended, those in its queue included. */
export async function hasPlace(trx: Transaction, ref: ConcurrencyKey, limit: number): Promise<boolean> {
  const { rows } = await raw<{ count: number }>`
    select count(*)::int as count from (
      (select from hub.flow_runs where ${ofKey(ref)} and ${active} order by id limit ${limit}) union all
      (select from hub.flow_runs where ${ofKey(ref)} and status = 'queued' order by id limit ${limit})) as runs`.execute(trx)
  return rows[0]!.count < limit
}

/** The run of the key that has waited longest in its queue. */
export async function nextQueued(trx: Transaction, ref: ConcurrencyKey): Promise<string | undefined> {
  const { rows } = await raw<{ id: string }>`
    select id from hub.flow_runs where ${ofKey(ref)} and status = 'queued' order by id limit 1`.execute(trx)
  return rows[0]?.id
}

/** The oldest active runs of the key which have to end so that one more has a place. */
export async function runsToCancel(trx: Transaction, ref: ConcurrencyKey, limit: number): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    select id from hub.flow_runs where ${ofKey(ref)} and ${active} order by id
     limit (select greatest(count(*) + 1 - ${limit}::int, 0) from hub.flow_runs where ${ofKey(ref)} and ${active})`.execute(trx)
  return rows.map(({ id }) => id)
}

/** When the run of the key started that is the `count`th latest to start. */
export async function latestStart(trx: Transaction, ref: ConcurrencyKey, count: number): Promise<Date | undefined> {
  const { rows } = await raw<{ startedAt: Date }>`
    select started_at from hub.flow_runs where ${ofKey(ref)} and started_at is not null
     order by started_at desc offset ${count - 1} limit 1`.execute(trx)
  return rows[0]?.startedAt
}
