import { sql as raw } from 'kysely'
import type { ClientBase } from 'pg'
import type { Database, Sql, Transaction } from '#db'
import type { EngineOptions } from './types.ts'

/** A run during which this many processes died in a row is considered the cause. */
const parkAfter = 3

export interface Executor {
  readonly id: string
  readonly lockId: bigint
  readonly host: string
  readonly pid: number
}

/** Takes the executor's lock in its own session. If an earlier session still holds it, this waits for the end of that session. */
export async function takeLock(session: ClientBase, { lockId }: Executor): Promise<void> {
  await session.query('select pg_advisory_lock($1)', [lockId])
}

/** Repeated at each heartbeat: a row that was removed by mistake is restored, and the answer proves that the session works. */
export async function register(session: ClientBase, { id, lockId, host, pid }: Executor): Promise<void> {
  await session.query('insert into hub.executors (id, lock_id, host, pid) values ($1, $2, $3, $4) on conflict (id) do nothing', [
    id,
    lockId,
    host,
    pid,
  ])
}

export async function markLeft(sql: Sql, id: string): Promise<void> {
  await sql.updateTable('executors').set({ left_at: new Date() }).where('id', '=', id).execute()
}

/**
 * Executors without a sign of life: registered ones whose advisory lock nobody holds, and ones that own running work though nobody
 * registered them (a restored backup). pg_locks shows a bigint key as two unsigned halves, which the query joins again.
 */
export async function silentExecutors(sql: Sql): Promise<{ id: string; left: boolean }[]> {
  const { rows } = await raw<{ id: string; left: boolean }>`
    with held as (
      select (classid::bigint << 32) | objid::bigint as key from pg_locks
       where locktype = 'advisory' and objsubid = 1 and granted
         and database = (select oid from pg_database where datname = current_database())
    )
    select id, left_at is not null as left from hub.executors where lock_id not in (select key from held)
    union all
    select distinct executor_id, false from dbos.workflow_status
     where status = 'PENDING' and executor_id is not null and executor_id not in (select id from hub.executors)`.execute(sql)
  return rows
}

export interface TakenOver {
  readonly resumed: readonly string[]
  readonly parked: readonly string[]
}

/**
 * Returns the runs of a dead executor to the queue in one transaction, so that concurrent sweeps, runs that end meanwhile and a sweep that dies
 * do no harm. The statement is that of DBOS's own recovery, whose public API works only for the process's own runs.
 */
export function takeOver(
  db: Database,
  executor: { id: string; left: boolean },
  queue: string,
  { progress, onParked }: Pick<EngineOptions, 'progress' | 'onParked'> = {},
): Promise<TakenOver> {
  return db.transaction(async (trx) => {
    const { rows } = await raw<{ id: string }>`
      select workflow_uuid as id from dbos.workflow_status
       where status = 'PENDING' and executor_id = ${executor.id} order by 1 for update`.execute(trx)
    const runs = rows.map(({ id }) => id)
    const parked = executor.left ? [] : await countDeaths(trx, runs, await progress?.(trx, runs))
    if (parked.length > 0) await onParked?.(trx, parked)
    const resumed = runs.filter((id) => !parked.includes(id))
    if (runs.length > 0) {
      await raw`
        update dbos.workflow_status
           set status = case when workflow_uuid = any(${parked}::text[]) then 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' else 'ENQUEUED' end,
               queue_name = ${queue}, owner_xid = null, recovery_attempts = 0, started_at_epoch_ms = null,
               updated_at = (extract(epoch from now()) * 1000)::bigint
         where workflow_uuid = any(${runs}::text[])`.execute(trx)
    }
    await trx.deleteFrom('executors').where('id', '=', executor.id).execute()
    return { resumed, parked }
  })
}

/**
 * Counts a process death for each run and returns the runs to park. The count restarts when the run has made progress, when it was only
 * sleeping, and after an hour: a long run sees many restarts that it did not cause.
 */
async function countDeaths(trx: Transaction, runs: readonly string[], further?: ReadonlyMap<string, number>): Promise<string[]> {
  const { rows } = await raw<{ run_id: string; count: number }>`
    with progress as (
      select r.id,
             coalesce(max(o.function_id) + 1, 0) + max(r.further) as steps,
             coalesce(bool_or(case when o.function_name = 'DBOS.sleep' then o.output::numeric > extract(epoch from now()) * 1000 end), false) as asleep
        from unnest(${runs}::text[], ${runs.map((id) => further?.get(id) ?? 0)}::int[]) as r (id, further)
        left join dbos.operation_outputs o on o.workflow_uuid = r.id
       group by r.id
    )
    insert into hub.take_overs as t (run_id, count, steps, at)
    select id, case when asleep then 0 else 1 end, steps, now() from progress
    on conflict (run_id) do update
      set count = case
            when excluded.count = 0 then 0
            when excluded.steps > t.steps or t.at < now() - interval '1 hour' then 1
            else t.count + 1
          end,
          steps = excluded.steps, at = now()
    returning run_id, count`.execute(trx)
  await trx
    .deleteFrom('take_overs')
    .where('at', '<', raw<Date>`now() - interval '1 hour'`)
    .execute()
  return rows.filter(({ count }) => count >= parkAfter).map(({ run_id }) => run_id)
}

export async function forgetDeaths(sql: Sql, runId: string): Promise<void> {
  await sql.deleteFrom('take_overs').where('run_id', '=', runId).execute()
}

/** Calls DBOS's own SQL function in the caller's transaction. Named arguments keep working when DBOS adds more. */
export async function enqueueIn(
  sql: Sql,
  runs: readonly { id: string; name: string; queue: string; version: string; args: readonly unknown[] }[],
): Promise<void> {
  await raw`
    select dbos.enqueue_workflow(
             workflow_name => r.name, queue_name => r.queue, workflow_id => r.id, app_version => r.version,
             positional_args => array(select json_array_elements(r.args)))
      from json_to_recordset(${JSON.stringify(runs)}::json) as r (id text, name text, queue text, version text, args json)`.execute(sql)
}

/** Deletes runs that ended some time ago; whoever started them keeps their results. */
export async function dropEnded(sql: Sql, olderThanMs: number, most: number): Promise<number> {
  const { rows } = await raw`
    delete from dbos.workflow_status where workflow_uuid in (
      select workflow_uuid from dbos.workflow_status
       where status in ('SUCCESS', 'ERROR', 'CANCELLED') and updated_at < (extract(epoch from now()) * 1000)::bigint - ${olderThanMs}::bigint
       limit ${most}) returning 1`.execute(sql)
  return rows.length
}

// Any fixed number, as for the migrations of the hub's own tables.
const engineLock = 4_867_120_002

export async function tryEngineLock(session: ClientBase): Promise<boolean> {
  const { rows } = await session.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [engineLock])
  return rows[0]?.got ?? false
}
