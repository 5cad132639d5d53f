import { sql as raw, type RawBuilder } from 'kysely'
import type { ClientBase } from 'pg'
import { recordset, type Row, type Sql, type Transaction } from '#db'
import type { Job } from './types.ts'

export interface Executor {
  readonly id: string
  readonly lockId: bigint
  readonly host: string
  readonly pid: number
}

/** The channel on which processes wake the pollers of others. */
export const channel = 'hub_wake'

/** A job that was interrupted this often without coming further is tried alone. */
const suspectAfter = 2

/** Takes the executor's lock in its own session. If an earlier session still holds it, this waits for the end of that session. */
export async function takeLock(session: ClientBase, { lockId }: Executor): Promise<void> {
  await session.query('select pg_advisory_lock($1)', [lockId])
}

/** Repeated at each heartbeat: a row that was removed by mistake is restored, and the answer proves that the session works. */
export async function register(session: ClientBase, { id, lockId, host, pid }: Executor): Promise<void> {
  const values = [id, lockId, host, pid]
  await session.query('insert into hub.executors (id, lock_id, host, pid) values ($1, $2, $3, $4) on conflict (id) do nothing', values)
}

export async function notify(sql: Sql, pollers: readonly string[]): Promise<void> {
  await raw`select pg_notify(${channel}, name) from unnest(${pollers}::text[]) as name`.execute(sql)
}

/** Stores new jobs, `claimed` ones for this executor, and returns their ids. A job whose id exists already is not stored. */
export async function insertJobs(
  trx: Transaction,
  jobs: readonly Job[],
  { claimed, executorId }: { readonly claimed: number; readonly executorId: string },
): Promise<Set<string>> {
  const { rows } = await raw<{ id: string }>`
    insert into hub.jobs (id, handler, input, executor_id, claimed_at)
    select id, handler, input::json, executor_id, case when executor_id is not null then now() end
      from unnest(${jobs.map(({ id }) => id)}::text[], ${jobs.map(({ handler }) => handler)}::text[],
                  ${jobs.map(({ input }) => JSON.stringify(input))}::text[],
                  ${jobs.map((_, index) => (index < claimed ? executorId : null))}::text[]) as j (id, handler, input, executor_id)
    on conflict (id) do nothing returning id`.execute(trx)
  return new Set(rows.map(({ id }) => id))
}

interface Claim {
  readonly executorId: string
  readonly handlers: readonly string[]
  readonly max: number
}

export async function claimJobs(sql: Sql, { executorId, handlers, max }: Claim): Promise<Job[]> {
  const { rows } = await raw<Job>`
    update hub.jobs as j set executor_id = ${executorId}, claimed_at = now()
      from (select id from hub.jobs
             where executor_id is null and handler = any(${handlers}::text[]) and interruptions < ${suspectAfter}
             order by created_at limit ${max} for update skip locked) as c
     where j.id = c.id returning j.id, j.handler, j.input`.execute(sql)
  return rows
}

/** A suspect that waits, unless another one is being tried: while one process tries it, the others serve everything else. */
function nextSuspect(handlers: readonly string[]): RawBuilder<unknown> {
  return raw`select id from hub.jobs
     where executor_id is null and handler = any(${handlers}::text[]) and interruptions >= ${suspectAfter}
       and not exists (select from hub.jobs where executor_id is not null and interruptions >= ${suspectAfter})
     order by created_at limit 1`
}

export async function hasSuspects(sql: Sql, handlers: readonly string[]): Promise<boolean> {
  const { rows } = await nextSuspect(handlers).execute(sql)
  return rows.length > 0
}

export async function claimSuspect(sql: Sql, { executorId, handlers }: Omit<Claim, 'max'>): Promise<Job | undefined> {
  const { rows } = await raw<Job>`
    update hub.jobs as j set executor_id = ${executorId}, claimed_at = now()
      from (${nextSuspect(handlers)} for update skip locked) as c
     where j.id = c.id
    returning j.id, j.handler, j.input`.execute(sql)
  return rows[0]
}

/** The job did not kill its process in the time that it had alone. */
export async function clearSuspicion(sql: Sql, executorId: string, id: string): Promise<void> {
  await raw`update hub.jobs set interruptions = 0 where id = ${id} and executor_id = ${executorId}`.execute(sql)
}

/** Gives a job that was claimed and not begun to whichever process has a free place. */
export async function returnJob(sql: Sql, executorId: string, id: string): Promise<void> {
  await raw`update hub.jobs set executor_id = null, claimed_at = null where id = ${id} and executor_id = ${executorId}`.execute(sql)
  await notify(sql, ['jobs'])
}

interface HeldJob {
  readonly id: string
  readonly interruptions: number
  readonly overdue: boolean
}

/** The jobs that an executor holds, and which of them it has held for so long that it must have begun them. */
export async function heldBy(sql: Sql, executorId: string): Promise<HeldJob[]> {
  const { rows } = await raw<HeldJob>`
    select id, interruptions, claimed_at < now() - interval '5 seconds' as overdue from hub.jobs where executor_id = ${executorId}`.execute(
    sql,
  )
  return rows
}

export async function jobsById(sql: Sql, executorId: string, ids: readonly string[]): Promise<Job[]> {
  return sql.selectFrom('jobs').select(['id', 'handler', 'input']).where('executorId', '=', executorId).where('id', 'in', ids).execute()
}

/**
 * The jobs among these that an executor still holds, as a subquery for the statement that writes their results. The lock makes a take-over
 * wait for the end of the transaction, so nothing is written for a job that another process has taken over.
 */
export function heldJobs(executorId: string, ids: readonly string[]): RawBuilder<unknown> {
  return raw`select id from hub.jobs where id = any(${ids}::text[]) and executor_id = ${executorId} order by id for share`
}

/** Does not wait for the disk: a job whose deletion is lost in a crash runs again and finds nothing left to do. */
export async function deleteJobs(sql: Sql, executorId: string, ids: readonly string[]): Promise<void> {
  await raw`
    with held as (select id from hub.jobs where id = any(${ids}::text[]) and executor_id = ${executorId} order by id for update),
         deleted as (delete from hub.jobs where id in (select id from held) returning 1)
    select count(*), set_config('synchronous_commit', 'off', true) from deleted`.execute(sql)
}

/** Hands the jobs of an executor that stops to the others. That counts against none of them. */
export async function leave(trx: Transaction, executorId: string): Promise<void> {
  const result = await trx
    .updateTable('jobs')
    .set({ executorId: null, claimedAt: null })
    .where('executorId', '=', executorId)
    .executeTakeFirst()
  await trx.deleteFrom('executors').where('id', '=', executorId).execute()
  if (result.numUpdatedRows > 0n) await notify(trx, ['jobs'])
}

/**
 * Executors without a sign of life: registered ones whose advisory lock nobody holds, and ones that hold jobs though nobody registered them
 * (a restored backup). pg_locks shows a bigint key as two unsigned halves, which the query joins again.
 */
export async function silentExecutors(sql: Sql): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    with held as (
      select (classid::bigint << 32) | objid::bigint as key from pg_locks
       where locktype = 'advisory' and objsubid = 1 and granted
         and database = (select oid from pg_database where datname = current_database())
    )
    select id from hub.executors where lock_id not in (select key from held)
    union all
    select distinct executor_id from hub.jobs
     where executor_id is not null and executor_id not in (select id from hub.executors)`.execute(sql)
  return rows.map(({ id }) => id)
}

export interface InterruptedJob extends Pick<Row<'jobs'>, 'id' | 'handler' | 'interruptions' | 'progress'> {
  readonly isRecent: boolean
}

export async function lockJobsOf(trx: Transaction, executorId: string): Promise<InterruptedJob[]> {
  const { rows } = await raw<InterruptedJob>`
    select id, handler, interruptions, progress, coalesce(interrupted_at > now() - interval '1 hour', false) as is_recent
      from hub.jobs where executor_id = ${executorId} order by id for update`.execute(trx)
  return rows
}

/** Returns jobs to the queue with their new counts, deletes those that are given up, and forgets their executor. */
export async function returnJobs(
  trx: Transaction,
  executorId: string,
  {
    returned,
    quarantined,
  }: { returned: readonly Pick<InterruptedJob, 'id' | 'interruptions' | 'progress'>[]; quarantined: readonly string[] },
): Promise<void> {
  await raw`
    update hub.jobs as j set executor_id = null, claimed_at = null, interrupted_at = now(), interruptions = r.interruptions, progress = r.progress
      from ${recordset('jobs', returned, 'jsonb')} as r
     where j.id = r.id`.execute(trx)
  await raw`delete from hub.jobs where id = any(${quarantined}::text[])`.execute(trx)
  await trx.deleteFrom('executors').where('id', '=', executorId).execute()
  if (returned.length > 0) await notify(trx, ['jobs'])
}

export function isSuspect({ interruptions }: Pick<InterruptedJob, 'interruptions'>): boolean {
  return interruptions >= suspectAfter
}
