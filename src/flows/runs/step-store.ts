import { sql as raw } from 'kysely'
import { columnsOf, recordset, type Row, type Sql, type Transaction } from '#db'
import { heldJobs } from '#engine'
import { postgresJson } from '#lib/postgres-text'
import type { StepRecord } from '../interpreter/runtime.ts'

export interface SavedStep extends StepRecord {
  readonly runId: string
}

/** A step that a process stores for a run that it executes. */
export interface StepWrite extends SavedStep {
  /** The job of the segment that makes the step. */
  readonly job: string
}

export async function stepsOf(sql: Sql, ...runIds: readonly string[]): Promise<SavedStep[]> {
  const rows = await sql.selectFrom('flowSteps').selectAll().where('runId', 'in', runIds).orderBy('startedAt').orderBy('path').execute()
  return rows.map(toSavedStep)
}

/** Those of these steps that have been completed. */
export async function completedAmong(sql: Sql, runId: string, paths: readonly string[]): Promise<SavedStep[]> {
  if (paths.length === 0) return []
  const rows = await sql
    .selectFrom('flowSteps')
    .selectAll()
    .where('runId', '=', runId)
    .where('path', 'in', paths)
    .where('status', '=', 'completed')
    .execute()
  return rows.map(toSavedStep)
}

function toSavedStep({ until, startedAt, finishedAt, ...rest }: Row<'flowSteps'>): SavedStep {
  return {
    ...rest,
    until: until?.getTime() ?? null,
    startedAt: startedAt.getTime(),
    finishedAt: finishedAt?.getTime() ?? null,
  }
}

export interface SavedSteps {
  readonly cancelled: ReadonlySet<string>
  /** How often something has arrived for a run, by its id. */
  readonly wakeRequests: ReadonlyMap<string, number>
  /** The jobs that this process does not hold any more. Their steps were not stored. */
  readonly lost: ReadonlySet<string>
  readonly changed: number
}

/**
 * Stores steps of many runs in one statement, if this process still holds their jobs. A finished step is never overwritten, and a waiting step
 * stays waiting during its attempt, because a progress record may arrive late. Returns the runs that were cancelled and those with a wake
 * request.
 *
 * Does not wait for the disk. A step whose record is lost in a crash of the machine runs again, as if the process had died just before this
 * statement, and what it did outside has its own record in the journal of tool calls. The end of the run is durable, and all before it.
 */
export async function saveSteps(sql: Sql, executorId: string, steps: readonly StepWrite[]): Promise<SavedSteps> {
  // One statement cannot change a row twice, so only the last record of each step is stored.
  const last = [...new Map(steps.map((step) => [`${step.runId} ${step.path}`, step])).values()]
  const jobs = [...new Set(steps.map(({ job }) => job))]
  const written = last.map(({ until, startedAt, finishedAt, ...rest }) => ({
    ...rest,
    until: dateOf(until),
    startedAt: dateOf(startedAt),
    finishedAt: dateOf(finishedAt),
  }))
  const columns = columnsOf(written, 'job')
  const { rows } = await raw<{ id: string | null; job: string | null; cancelling: boolean; wakeRequests: number; changed: number }>`
    with held as (${heldJobs(executorId, jobs)}), saved as (
      insert into hub.flow_steps as s (${columns})
      select ${columns} from rows from (${recordset('flowSteps', written, 'jsonb')}, unnest(${last.map(({ job }) => job)}::text[])) as r
       where r.unnest in (select id from held)
      on conflict (run_id, path) do update
        set status = excluded.status, input = excluded.input, output = excluded.output, sealed = excluded.sealed, error = excluded.error, attempts = excluded.attempts,
            invocation_id = excluded.invocation_id, until = excluded.until, finished_at = excluded.finished_at
        where s.status not in ('completed', 'failed', 'skipped')
          and (s.status <> 'waiting' or excluded.status <> 'running' or excluded.attempts > s.attempts)
      returning 1
    )
    select null as id, null as job, false as cancelling, 0 as wake_requests, count(*)::int as changed,
           set_config('synchronous_commit', 'off', true)
      from saved
    union all
    select null, job, false, 0, 0, null from unnest(${jobs}::text[]) as job where job not in (select id from held)
    union all
    select id, null, cancelling, wake_requests, 0, null from hub.flow_runs where id = any(${[...new Set(steps.map(({ runId }) => runId))]}::text[])
       and (cancelling or wake_requests > 0)`.execute(sql)
  return {
    lost: new Set(rows.flatMap(({ job }) => job ?? [])),
    cancelled: new Set(rows.filter(({ cancelling }) => cancelling).map(({ id }) => id!)),
    wakeRequests: new Map(rows.flatMap(({ id, wakeRequests }) => (id === null ? [] : [[id, wakeRequests] as const]))),
    changed: rows.reduce((sum, { changed }) => sum + changed, 0),
  }
}

function dateOf(millis: number | null | undefined): Date | null {
  return typeof millis === 'number' ? new Date(millis) : null
}

/** Completes a waiting step with its output. Returns false when the step does not wait any more. */
export async function completeWaiting(
  trx: Transaction,
  { runId, path }: Pick<SavedStep, 'runId' | 'path'>,
  output: unknown,
): Promise<boolean> {
  const { rows } = await raw`
    update hub.flow_steps set status = 'completed', output = ${JSON.stringify(postgresJson(output))}::jsonb, until = null, finished_at = now()
     where run_id = ${runId} and path = ${path} and status = 'waiting' returning 1`.execute(trx)
  return rows.length > 0
}

/** The number of finished steps by run. A run that makes progress is not suspected of killing its process. */
export async function progressOf(sql: Sql, runIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await raw<{ id: string; count: number }>`
    select run_id as id, count(*)::int as count from hub.flow_steps
     where run_id = any(${runIds}::text[]) and status not in ('running') group by run_id`.execute(sql)
  return new Map(rows.map(({ id, count }) => [id, count]))
}
