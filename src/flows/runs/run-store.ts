import { sql as raw } from 'kysely'
import { columnsOf, oneOf, recordset, type Row, type Sql, type Transaction } from '#db'
import { heldJobs } from '#engine'
import { idRange } from '#lib/ids'

export type RunRow = Omit<Row<'flowRuns'>, 'wakeRequests'>
export type RunStatus = RunRow['status']

export const endedStatuses: readonly RunStatus[] = ['completed', 'failed', 'cancelled', 'skipped', 'quarantined']

export type NewRun = Omit<RunRow, 'outputs' | 'cancelling' | 'finishedAt' | 'segment'>

export async function insertRuns(trx: Transaction, runs: readonly NewRun[]): Promise<void> {
  if (runs.length === 0) return
  const rows = runs.map((run) => ({ ...run, finishedAt: run.status === 'skipped' || run.status === 'failed' ? run.createdAt : null }))
  const columns = columnsOf(rows)
  await raw`insert into hub.flow_runs (${columns}) select ${columns} from ${recordset('flowRuns', rows, 'jsonb')}`.execute(trx)
}

export function findRun(sql: Sql, workspaceId: string, id: string): Promise<RunRow | undefined> {
  return sql.selectFrom('flowRuns').selectAll().where('workspaceId', '=', workspaceId).where('id', '=', id).executeTakeFirst()
}

export function runsById(sql: Sql, ids: readonly string[]): Promise<RunRow[]> {
  return sql.selectFrom('flowRuns').selectAll().where('id', 'in', ids).execute()
}

export function lockRun(trx: Transaction, id: string): Promise<RunRow | undefined> {
  return trx.selectFrom('flowRuns').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export interface RunFilter {
  readonly flow?: string | undefined
  readonly statuses?: readonly RunStatus[] | undefined
  readonly event?: string | undefined
  readonly parent?: string | undefined
  readonly actor?: string | undefined
  /** The code of its error. */
  readonly error?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

export function listRuns(
  sql: Sql,
  workspaceId: string,
  { before, limit, ...filter }: RunFilter & { readonly before?: string | undefined; readonly limit: number },
): Promise<RunRow[]> {
  const { flow, statuses, event, parent, actor, error, from, to } = filter
  const { least, below } = idRange('run', filter)
  let query = sql.selectFrom('flowRuns').selectAll().where('workspaceId', '=', workspaceId)
  if (flow !== undefined) query = query.where((e) => e.or([e('flow', '=', flow), e('flowId', '=', flow)]))
  if (statuses !== undefined) query = query.where(oneOf(statuses, 'status'))
  if (event !== undefined) query = query.where('eventId', '=', event)
  if (parent !== undefined) query = query.where('parentRun', '=', parent)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (error !== undefined) query = query.where(raw<boolean>`error ->> 'code' = ${error}`)
  if (from !== undefined) query = query.where('createdAt', '>=', from).where('id', '>=', least!)
  if (to !== undefined) query = query.where('createdAt', '<', to).where('id', '<', below!)
  if (before !== undefined) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export type RunEnd = Pick<RunRow, 'id' | 'status' | 'outputs' | 'error'>

/** The right to write what a run has come to: a job of an executor. */
export interface Claim {
  readonly executorId: string
  readonly job: string
}

/** Ends runs that have not ended yet and returns their ids. A repeated call changes nothing. */
export async function endRuns(sql: Sql, ends: readonly RunEnd[]): Promise<Set<string>> {
  const { rows } = await raw<{ id: string }>`
    update hub.flow_runs as f
       set status = r.status, outputs = r.outputs, error = r.error, finished_at = now(), wake_at = null
      from ${recordset('flowRuns', ends, 'jsonb')} as r
     where f.id = r.id and f.finished_at is null
    returning f.id`.execute(sql)
  return new Set(rows.map(({ id }) => id))
}

/** The same for runs that this process executes, if it still holds their jobs and no later segment has begun. */
export async function endHeldRuns(
  sql: Sql,
  executorId: string,
  ends: readonly (RunEnd & { readonly job: string })[],
): Promise<Set<string>> {
  const jobs = ends.map(({ job }) => job)
  const { rows } = await raw<{ id: string }>`
    with held as (${heldJobs(executorId, jobs)})
    update hub.flow_runs as f
       set status = r.status, outputs = r.outputs, error = r.error, finished_at = now(), wake_at = null
      from rows from (${recordset('flowRuns', ends, 'jsonb')}, unnest(${jobs}::text[])) as r
     where f.id = r.id and f.finished_at is null and r.unnest in (select id from held) and r.unnest = f.id || ':' || f.segment
       and ${oneOf(
         ends.map(({ id }) => id),
         'f.id',
       )}
    returning f.id`.execute(sql)
  return new Set(rows.map(({ id }) => id))
}

/** Suspends a run until `wakeAt`. Returns false when it has to continue, because something it waits for has arrived. */
export async function suspendRun(
  sql: Sql,
  { executorId, job }: Claim,
  { id, wakeAt }: { readonly id: string; readonly wakeAt: Date | null },
): Promise<boolean> {
  const { rows } = await raw<{ status: string }>`
    with held as (${heldJobs(executorId, [job])})
    update hub.flow_runs
       set status = case when wake_requests > 0 or cancelling then 'running' else 'waiting' end,
           wake_at = case when wake_requests > 0 or cancelling then null else ${wakeAt}::timestamptz end, wake_requests = 0
     where id = ${id} and status = 'running' and ${job} = id || ':' || segment and exists (select from held) returning status`.execute(sql)
  return rows[0] === undefined || rows[0].status === 'waiting'
}

/** Claims waiting runs and requests a wake-up of running ones. Returns the claimed runs, which the caller has to start, with their segment numbers. */
export async function claimRuns(trx: Transaction, ids: readonly string[]): Promise<Pick<RunRow, 'id' | 'workspaceId' | 'segment'>[]> {
  const { rows } = await raw<Pick<RunRow, 'id' | 'workspaceId' | 'segment'> & { taken: boolean }>`
    update hub.flow_runs as f
       set wake_requests = case when f.status = 'running' then f.wake_requests + 1 else 0 end, segment = f.segment + case when f.status = 'waiting' then 1 else 0 end,
           wake_at = null, status = 'running'
      from (select id, status from hub.flow_runs where id = any(${ids}::text[]) and status in ('waiting', 'running') order by id for update) as b
     where f.id = b.id
    returning f.id, f.workspace_id, f.segment, b.status = 'waiting' as taken`.execute(trx)
  return rows.filter(({ taken }) => taken)
}

interface Due {
  readonly runAt: Date | null
  readonly scheduleAt: Date | null
  /** Whether runs wait for a place. */
  readonly hasWaiting: boolean
}

/** When the next run and the next schedule are due: one cheap statement for the many rounds in which nothing is. */
export async function nextDue(sql: Sql): Promise<Due> {
  const { rows } = await raw<Due>`
    select (select min(wake_at) from hub.flow_runs where status in ('waiting', 'queued')) as run_at,
           (select min(next_at) from hub.flow_schedules) as schedule_at,
           exists (select from hub.flow_runs where status = 'queued' and concurrency_key is null) as has_waiting`.execute(sql)
  return rows[0]!
}

export async function dueRuns(trx: Transaction, now: Date, most: number): Promise<{ id: string; status: string }[]> {
  return trx
    .selectFrom('flowRuns')
    .select(['id', 'status'])
    .where('status', 'in', ['waiting', 'queued'])
    .where('wakeAt', '<=', now)
    .orderBy('wakeAt')
    .limit(most)
    .forUpdate()
    .skipLocked()
    .execute()
}

export async function admitRun(trx: Transaction, id: string): Promise<void> {
  await trx
    .updateTable('flowRuns')
    .set({ status: 'running', startedAt: new Date(), wakeAt: null })
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .execute()
}

export async function postponeAdmission(trx: Transaction, id: string, at: Date | null): Promise<void> {
  await trx.updateTable('flowRuns').set({ wakeAt: at }).where('id', '=', id).where('status', '=', 'queued').execute()
}

export async function markCancelling(trx: Transaction, id: string): Promise<void> {
  await trx.updateTable('flowRuns').set({ cancelling: true }).where('id', '=', id).execute()
}

/** Those of these runs that were cancelled, or for which something has arrived. */
export async function signalledAmong(
  sql: Sql,
  ids: readonly string[],
): Promise<Pick<Row<'flowRuns'>, 'id' | 'cancelling' | 'wakeRequests'>[]> {
  if (ids.length === 0) return []
  return sql
    .selectFrom('flowRuns')
    .select(['id', 'cancelling', 'wakeRequests'])
    .where('id', 'in', ids)
    .where((e) => e.or([e('cancelling', '=', true), e('wakeRequests', '>', 0)]))
    .execute()
}

/** Reopens a run at its failed step. Completed steps stay, and so do failed steps that the flow handled. */
export async function reopen(trx: Transaction, id: string, handledSteps: readonly string[]): Promise<{ segment: number }> {
  await raw`
    update hub.flow_steps
       set status = 'waiting', until = null, attempts = 0, finished_at = null, error = null,
           key_no = key_no + case when status = 'running' or error ->> 'code' = 'outcome_unknown' then 0 else 1 end,
           -- A question that was rejected or expired is asked again.
           input = case when input ? 'approval' then null else input end, started_at = now()
     where run_id = ${id} and status in ('failed', 'running') and path <> all(${handledSteps}::text[])`.execute(trx)
  await raw`delete from hub.flow_steps where run_id = ${id} and path like 'on_error/%'`.execute(trx)
  const { rows } = await raw<{ segment: number }>`
    update hub.flow_runs set status = 'running', error = null, outputs = null, finished_at = null, cancelling = false, wake_requests = 0,
           deadline_at = null, segment = segment + 1 where id = ${id} returning segment`.execute(trx)
  return rows[0]!
}

/** Adds to those who caused a run. */
export async function addCauses(trx: Transaction, id: string, causes: readonly string[]): Promise<void> {
  await raw`
    update hub.flow_runs set causes = array(select distinct unnest(causes || ${causes}::text[])) where id = ${id}`.execute(trx)
}

/** Lets a run continue with the rights of the flow's present owner. */
export async function moveRights(
  trx: Transaction,
  id: string,
  { actor, scopes, readOnly }: Pick<RunRow, 'actor' | 'scopes' | 'readOnly'>,
): Promise<void> {
  await trx.updateTable('flowRuns').set({ actor, scopes, readOnly }).where('id', '=', id).execute()
}

/** Counts up to `most` of each, so that the time does not grow with the number of runs. */
export async function countUnfinished(sql: Sql, workspaceId: string, most: number): Promise<{ started: number; queued: number }> {
  const { rows } = await raw<{ started: number; queued: number }>`
    select (select count(*)::int from (select from hub.flow_runs
             where workspace_id = ${workspaceId} and finished_at is null and status in ('running', 'waiting') limit ${most}) as s) as started,
           (select count(*)::int from (select from hub.flow_runs
             where workspace_id = ${workspaceId} and finished_at is null and status = 'queued' limit ${most}) as q) as queued`.execute(sql)
  return rows[0]!
}

/** The workspaces with runs that wait for a place. */
export async function workspacesInWait(trx: Transaction): Promise<string[]> {
  const waiting = trx.selectFrom('flowRuns').select('workspaceId').distinct()
  const rows = await waiting.where('status', '=', 'queued').where('concurrencyKey', 'is', null).execute()
  return rows.map(({ workspaceId }) => workspaceId)
}

/** The runs of a workspace that have waited longest for a place; the lock gives each to one process. */
export async function runsInWait(trx: Transaction, workspaceId: string, most: number): Promise<string[]> {
  const waiting = trx.selectFrom('flowRuns').select('id').where('workspaceId', '=', workspaceId)
  const rows = await waiting
    .where('status', '=', 'queued')
    .where('concurrencyKey', 'is', null)
    .orderBy('id')
    .limit(most)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(({ id }) => id)
}

export function findChild(sql: Sql, parentRun: string, parentPath: string): Promise<RunRow | undefined> {
  const query = sql.selectFrom('flowRuns').selectAll().where('parentRun', '=', parentRun).where('parentPath', '=', parentPath)
  return query.orderBy('id', 'desc').limit(1).executeTakeFirst()
}

export async function activeChildren(sql: Sql, parentRun: string): Promise<string[]> {
  const rows = await sql.selectFrom('flowRuns').select('id').where('parentRun', '=', parentRun).where('finishedAt', 'is', null).execute()
  return rows.map(({ id }) => id)
}

/** Deletes versions without a flow and a run. */
export async function dropVersions(sql: Sql, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.flow_versions where (flow_id, version) in (
      select flow_id, version from hub.flow_versions v
       where not exists (select from hub.flows f where f.id = v.flow_id) and not exists (select from hub.flow_runs r where r.flow_id = v.flow_id)
       limit ${max}) returning 1`.execute(sql)
  return rows.length
}

/** Deletes what a run that ended early still waited for. */
export async function dropSubscriptionsOf(trx: Transaction, id: string): Promise<void> {
  await raw`
    delete from hub.subscriptions
     where kind = 'run' and target in (select run_id || ' ' || path from hub.flow_steps where run_id = ${id} and kind = 'wait_for')`.execute(
    trx,
  )
}

export async function unfinishedRuns(trx: Transaction, flowId: string, most: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('flowRuns')
    .select('id')
    .where('flowId', '=', flowId)
    .where('status', 'in', ['queued', 'running', 'waiting'])
    .where('cancelling', '=', false)
    .orderBy('id')
    .limit(most)
    .execute()
  return rows.map(({ id }) => id)
}

/** Deletes the subscriptions of runs that ended a day ago. */
export async function dropRunSubscriptions(sql: Sql, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.subscriptions where id in (
      select id from hub.subscriptions s
       where s.kind = 'run' and not exists (
         select from hub.flow_runs r
          where r.id = s.detail ->> 'runId' and (r.finished_at is null or r.finished_at > now() - interval '1 day'))
       limit ${max}) returning 1`.execute(sql)
  return rows.length
}

export async function dropRuns(sql: Sql, workspaceId: string, { before, max }: { before: Date; max: number }): Promise<number> {
  const { rows } = await raw`
    delete from hub.flow_runs where id in (
      select id from hub.flow_runs where workspace_id = ${workspaceId} and finished_at < ${before} order by id limit ${max}) returning 1`.execute(
    sql,
  )
  return rows.length
}

/** What people and schedules start is their own; everything else may be what others wrote. */
const trustedTriggers: ReadonlySet<unknown> = new Set(['call', 'schedule'])

/** The first of the runs that started each other, and the event that started it. */
export async function readRunSession(
  sql: Sql,
  { id, parentRun, trigger: { kind } }: Pick<RunRow, 'id' | 'parentRun' | 'trigger'>,
): Promise<{ root: string; trigger?: { integrationId: string; integration: string } }> {
  if (parentRun === null && trustedTriggers.has(kind)) return { root: id }
  const { rows } = await raw<{ id: string; kind: string; integrationId: string | null; integration: string | null }>`
    with recursive up as (
      select r.id, r.parent_run, r.trigger, r.event_id from hub.flow_runs r where r.id = ${id}
      union all
      select r.id, r.parent_run, r.trigger, r.event_id from hub.flow_runs r join up on r.id = up.parent_run
    )
    select up.id, up.trigger ->> 'kind' as kind, e.integration_id, e.integration
      from up left join hub.events e on e.id = up.event_id
     where up.parent_run is null or not exists (select from hub.flow_runs p where p.id = up.parent_run)`.execute(sql)
  const [top] = rows
  if (top && trustedTriggers.has(top.kind)) return { root: top.id }
  // An event of no integration, or one that has been deleted, is of no system that the run may write to.
  return { root: top?.id ?? id, trigger: { integrationId: top?.integrationId ?? 'event', integration: top?.integration ?? 'an event' } }
}
