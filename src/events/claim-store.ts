import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'

export interface Waiting
  extends Pick<Row<'eventQueue'>, 'seq' | 'workspaceId' | 'whole'>, Pick<Row<'events'>, 'id' | 'type' | 'receivedAt'> {
  readonly bytes: number
}

/** The next events of a workspace, in order of arrival. While a process has the claim, no other process dispatches events of the workspace. */
export interface Claim extends Pick<Row<'dispatchClaims'>, 'workspaceId' | 'firstSeq' | 'lastSeq' | 'alone' | 'deaths'> {
  readonly executorId: string
  readonly events: readonly Waiting[]
  /** Whether other workspaces have waiting events, too. */
  readonly hasOthers: boolean
}

/** Another process has taken the claim over, or the subscriptions have changed. Nothing was stored; the events are dispatched anew. */
export class DispatchAgain extends Error {}

interface ClaimRequest {
  readonly executorId: string
  /** The workspaces whose events this process dispatches at this moment. */
  readonly busy: readonly string[]
  readonly max: number
}

type ClaimedRow = Waiting & Pick<Claim, 'firstSeq' | 'lastSeq' | 'alone' | 'deaths' | 'hasOthers'>

/**
 * Claims the events of one of the workspaces that wait, any of them, so that none waits for the queue of another one to become empty. A claim
 * whose process is no longer registered is taken over, one event at a time.
 *
 * The commit does not wait for the disk. If it is lost in a crash of the database, the events are still in the queue.
 */
export async function claimNext(sql: Sql, { executorId, busy, max }: ClaimRequest): Promise<Claim | undefined> {
  const { rows } = await raw<ClaimedRow>`
    with recursive waiting as (
      (select workspace_id, seq from hub.event_queue order by workspace_id, seq limit 1)
      union all
      select n.workspace_id, n.seq from waiting w cross join lateral (
        select workspace_id, seq from hub.event_queue q where q.workspace_id > w.workspace_id order by q.workspace_id, q.seq limit 1) as n
    ), free as (
      select w.workspace_id, w.seq as first_seq, c.last_seq, c.executor_id,
             c.workspace_id is not null and (c.alone or died.yes) and w.seq <= c.last_seq as alone,
             case when c.first_seq = w.seq then c.deaths + died.yes::int else 0 end as deaths
        from waiting w left join hub.dispatch_claims c using (workspace_id)
             cross join lateral (select coalesce(c.executor_id <> ${executorId}, false) as yes) as died
       where w.workspace_id <> all(${busy}::text[])
         and (c.executor_id is null or c.executor_id = ${executorId} or c.executor_id not in (select id from hub.executors))
       order by random() limit 1
    ), batch as (
      select q.* from free f cross join lateral (
        select * from hub.event_queue q where q.workspace_id = f.workspace_id order by q.seq
         limit case when f.alone then 1 else ${max}::int end) as q
    ), claimed as (
      insert into hub.dispatch_claims as c (workspace_id, executor_id, first_seq, last_seq, alone, deaths)
      select workspace_id, ${executorId}, first_seq, case when alone then last_seq else (select max(seq) from batch) end, alone, deaths from free
      on conflict (workspace_id) do update
         set executor_id = excluded.executor_id, first_seq = excluded.first_seq, last_seq = excluded.last_seq, alone = excluded.alone,
             deaths = excluded.deaths
       where c.executor_id is not distinct from (select executor_id from free)
      returning c.*
    )
    select c.first_seq, c.last_seq, c.alone, c.deaths, (select count(*) from waiting) > 1 as has_others, q.seq, q.workspace_id, q.event_id as id,
           q.whole, coalesce(e.type, '') as type, coalesce(octet_length(e.body), 0) as bytes, coalesce(e.received_at, now()) as received_at,
           set_config('synchronous_commit', 'off', true)
      from claimed c join batch q using (workspace_id) left join hub.events e on e.workspace_id = q.workspace_id and e.id = q.event_id
     order by q.seq`.execute(sql)
  const [first] = rows
  if (!first) return undefined
  const { workspaceId, firstSeq, lastSeq, alone, deaths, hasOthers } = first
  return { workspaceId, executorId, firstSeq, lastSeq, alone, deaths, hasOthers, events: rows }
}

/** Whether events wait that another process dispatches. */
export async function isClaimedElsewhere(sql: Sql, busy: readonly string[]): Promise<boolean> {
  const { rows } = await raw<{ waits: boolean }>`
    select exists (select from hub.event_queue where workspace_id <> all(${busy}::text[])) as waits`.execute(sql)
  return rows[0]?.waits ?? false
}

/**
 * Removes dispatched events from the queue and gives the claim back. What the transaction stores counts only if the process still had the
 * claim, and if the events were still in the queue.
 */
export async function finish(trx: Transaction, claim: Claim, done: readonly Waiting[]): Promise<void> {
  const { workspaceId, executorId, firstSeq, lastSeq, alone } = claim
  const seqs = done.map(({ seq }) => seq)
  const remains = alone && seqs.at(-1)! < lastSeq
  const mine = raw`workspace_id = ${workspaceId} and executor_id = ${executorId} and first_seq = ${firstSeq}`
  // Not waiting for the disk, either: nothing that was started has left the hub, because that begins with a later commit.
  const { rows } = await raw<{ isMine: boolean; removed: number }>`
    with claim as (${
      remains
        ? raw`update hub.dispatch_claims set executor_id = null, deaths = 0 where ${mine} returning 1`
        : raw`delete from hub.dispatch_claims where ${mine} returning 1`
    }), removed as (delete from hub.event_queue where workspace_id = ${workspaceId} and seq = any(${seqs}::bigint[]) returning 1)
    select exists (select from claim) as is_mine, (select count(*) from removed)::int as removed, set_config('synchronous_commit', 'off', true)`.execute(
    trx,
  )
  if (rows[0]?.isMine !== true || rows[0].removed !== seqs.length) throw new DispatchAgain('another process has taken the events over')
}

/** Gives a claim back whose events were not dispatched. `alone`: one of them fails, so they are tried one at a time. */
export async function giveBack(
  sql: Sql,
  { workspaceId, executorId, firstSeq }: Claim,
  { alone }: { readonly alone: boolean },
): Promise<void> {
  await raw`
    update hub.dispatch_claims set executor_id = null, alone = alone or ${alone}
     where workspace_id = ${workspaceId} and executor_id = ${executorId} and first_seq = ${firstSeq}`.execute(sql)
}
