import { sql as raw } from 'kysely'
import type { Sql } from '#db'

/** A run under which this many processes died in a row is held to have killed them. */
export const parkAfter = 3

export async function registerExecutor(sql: Sql, row: { id: string; lockId: bigint; host: string; pid: number }): Promise<void> {
  await sql
    .insertInto('executors')
    .values({ id: row.id, lock_id: row.lockId, host: row.host, pid: row.pid })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

export async function markLeft(sql: Sql, id: string): Promise<void> {
  await sql.updateTable('executors').set({ left_at: new Date() }).where('id', '=', id).execute()
}

export async function removeExecutor(sql: Sql, id: string): Promise<void> {
  await sql.deleteFrom('executors').where('id', '=', id).execute()
}

/**
 * Executors without a sign of life: registered ones whose advisory lock nobody holds, and ones that own running work though nobody
 * registered them (a restored backup).
 */
export async function silentExecutors(sql: Sql): Promise<{ id: string; left: boolean }[]> {
  const { rows } = await raw<{ id: string; left: boolean }>`
    with alive as (
      select e.id from hub.executors e
        join pg_locks l on l.locktype = 'advisory' and l.objsubid = 1 and l.granted
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = e.lock_id
    )
    select id, left_at is not null as left from hub.executors where id not in (select id from alive)
    union all
    select distinct executor_id, false from dbos.workflow_status
     where status = 'PENDING' and executor_id is not null and executor_id not in (select id from hub.executors)`.execute(sql)
  return rows
}

export async function pendingRuns(sql: Sql, executorId: string): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    select workflow_uuid as id from dbos.workflow_status where status = 'PENDING' and executor_id = ${executorId}`.execute(sql)
  return rows.map(({ id }) => id)
}

/**
 * Counts deaths per run, once per dead executor however often the sweep itself is interrupted, and answers which runs are to be parked. The
 * count begins anew when the run got further since, when it was only sleeping, and after an hour: a long-lived run meets many
 * restarts that are none of its doing.
 */
export async function countTakeOvers(sql: Sql, runIds: readonly string[], executorId: string): Promise<string[]> {
  if (runIds.length === 0) return []
  const { rows } = await raw<{ run_id: string; count: number }>`
    with progress as (
      select r.id,
             coalesce(max(o.function_id) + 1, 0) as steps,
             coalesce(bool_or(case when o.function_name = 'DBOS.sleep' then o.output::numeric > extract(epoch from now()) * 1000 end), false) as asleep
        from unnest(${runIds}::text[]) as r (id)
        left join dbos.operation_outputs o on o.workflow_uuid = r.id
       group by r.id
    )
    insert into hub.take_overs as t (run_id, count, last_executor, steps, at)
    select id, case when asleep then 0 else 1 end, ${executorId}, steps, now() from progress
    on conflict (run_id) do update
      set count = case
            when t.last_executor = excluded.last_executor then t.count
            when excluded.count = 0 then 0
            when excluded.steps > t.steps or t.at < now() - interval '1 hour' then 1
            else t.count + 1
          end,
          last_executor = excluded.last_executor, steps = excluded.steps, at = now()
    returning run_id, count`.execute(sql)
  const parked = rows.filter(({ count }) => count >= parkAfter).map(({ run_id }) => run_id)
  if (parked.length > 0) await sql.updateTable('take_overs').set({ parked_at: new Date() }).where('run_id', 'in', parked).execute()
  return parked
}

export async function isParked(sql: Sql, runId: string): Promise<boolean> {
  const row = await sql.selectFrom('take_overs').select('parked_at').where('run_id', '=', runId).executeTakeFirst()
  return row?.parked_at != null
}

export async function forgetTakeOvers(sql: Sql, runId: string): Promise<void> {
  await sql.deleteFrom('take_overs').where('run_id', '=', runId).execute()
}

/** DBOS's own SQL function, called in the caller's transaction. Arguments by name, as it has many and gains more. */
export async function enqueueIn(
  sql: Sql,
  run: { id: string; name: string; queue: string; version: string; args: readonly unknown[] },
): Promise<void> {
  await raw`select dbos.enqueue_workflow(
    workflow_name => ${run.name}, queue_name => ${run.queue}, workflow_id => ${run.id},
    app_version => ${run.version}, positional_args => ${run.args.map((arg) => JSON.stringify(arg))}::json[])`.execute(sql)
}
