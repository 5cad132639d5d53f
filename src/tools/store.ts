import { sql as raw } from 'kysely'
import { columnsOf, oneOf, recordset, type Row, type Sql } from '#db'
import { idRange } from '#lib/ids'
import type { PolicyDocument } from './policy-rule.ts'

export type InvocationRow = Row<'invocations'>

export type StateBefore = NonNullable<InvocationRow['stateBefore']>

type NewInvocation = Omit<InvocationRow, 'attempts' | 'cancelRequested' | 'undoneBy'>

/** Inserts many rows in one statement and returns the inserted ids. A row whose key exists already is not inserted. */
export async function insertInvocations(sql: Sql, rows: readonly NewInvocation[]): Promise<Set<string>> {
  const columns = columnsOf(rows)
  const { rows: made } = await raw<{ id: string }>`
    insert into hub.invocations (${columns}) select ${columns} from ${recordset('invocations', rows, 'json')}
    on conflict (workspace_id, key) where key is not null do nothing
    returning id`.execute(sql)
  return new Set(made.map(({ id }) => id))
}

export interface Ending extends Pick<
  InvocationRow,
  'id' | 'output' | 'sealed' | 'error' | 'executorId' | 'labels' | 'stateBefore' | 'sanitized' | 'requests'
> {
  readonly status: 'completed' | 'failed' | 'outcome_unknown'
  readonly finishedAt: Date
}

/**
 * Ends only calls that this executor still runs, so that calls that a sweep ended or another process took over are not overwritten. A call that
 * another one undid says so from the moment on at which that one has ended.
 */
export async function finishInvocations(sql: Sql, endings: readonly Ending[]): Promise<void> {
  const ids = endings.map(({ id }) => id)
  await raw`
    with ended as (
      update hub.invocations as i
         set status = r.status, output = r.output, sealed = r.sealed, error = r.error, labels = r.labels, finished_at = r.finished_at,
             state_before = r.state_before, sanitized = r.sanitized, requests = r.requests
        from ${recordset('invocations', endings, 'json')} as r
       where i.id = r.id and i.status in ('queued', 'running', 'outcome_unknown') and i.executor_id = r.executor_id
         and ${oneOf(ids, 'i.id')}
      returning i.id, i.workspace_id, i.undoes, i.status)
    update hub.invocations as undone set undone_by = ended.id
      from ended
     where ended.undoes is not null and ended.status = 'completed' and undone.id = ended.undoes
       and undone.workspace_id = ended.workspace_id`.execute(sql)
}

export function findInvocation(sql: Sql, workspaceId: string, id: string): Promise<InvocationRow | undefined> {
  return sql.selectFrom('invocations').selectAll().where('workspaceId', '=', workspaceId).where('id', '=', id).executeTakeFirst()
}

export function findByKey(sql: Sql, workspaceId: string, key: string): Promise<InvocationRow | undefined> {
  return sql.selectFrom('invocations').selectAll().where('workspaceId', '=', workspaceId).where('key', '=', key).executeTakeFirst()
}

/** The calls that undo a call, in the order in which they were made. */
export function findUndoes(sql: Sql, workspaceId: string, id: string): Promise<InvocationRow[]> {
  return sql.selectFrom('invocations').selectAll().where('workspaceId', '=', workspaceId).where('undoes', '=', id).orderBy('id').execute()
}

/** Asks the process that makes a call to abort it; false when no process does. */
export async function requestCancel(sql: Sql, id: string): Promise<boolean> {
  const result = await sql
    .updateTable('invocations')
    .set({ cancelRequested: true })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function cancelledCalls(sql: Sql, ids: readonly string[]): Promise<string[]> {
  const rows = await sql.selectFrom('invocations').select('id').where('id', 'in', ids).where('cancelRequested', '=', true).execute()
  return rows.map(({ id }) => id)
}

export interface InvocationFilter {
  readonly tool?: string | undefined
  readonly connector?: string | undefined
  readonly statuses?: readonly InvocationRow['status'][] | undefined
  readonly integration?: string | undefined
  /** The run that made them. */
  readonly run?: string | undefined
  readonly effect?: InvocationRow['effect'] | undefined
  readonly transport?: string | undefined
  readonly actor?: string | undefined
  /** The code of its error. */
  readonly error?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly before?: string | undefined
  readonly limit: number
}

export function listInvocations(sql: Sql, workspaceId: string, { before, limit, ...filter }: InvocationFilter): Promise<InvocationRow[]> {
  const { tool, connector, statuses, integration, run, effect, transport, actor, error, from, to } = filter
  let query = sql.selectFrom('invocations').selectAll().where('workspaceId', '=', workspaceId)
  if (tool !== undefined) query = query.where('tool', '=', tool)
  if (connector !== undefined) query = query.where('connector', '=', connector)
  if (statuses !== undefined) query = query.where(oneOf(statuses, 'status'))
  if (integration !== undefined)
    query = query.where((e) => e.or([e('integration', '=', integration), e('integrationId', '=', integration)]))
  if (run !== undefined) query = query.where('runId', '=', run)
  if (effect !== undefined) query = query.where('effect', '=', effect)
  if (transport !== undefined) query = query.where('transport', '=', transport)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (error !== undefined) query = query.where(raw<boolean>`error ->> 'code' = ${error}`)
  if (from !== undefined) query = query.where('startedAt', '>=', from)
  // A call that waited, or was made again, is older than its start, and never younger.
  if (to !== undefined) query = query.where('startedAt', '<', to).where('id', '<', idRange('inv', { to }).below!)
  if (before !== undefined) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

/** Starts an ended or queued invocation again; false when another process did so first. */
export async function retake(sql: Sql, row: Pick<InvocationRow, 'id' | 'status' | 'attempts'>, executorId: string): Promise<boolean> {
  const result = await sql
    .updateTable('invocations')
    .set({
      status: 'running',
      attempts: row.status === 'queued' ? row.attempts : row.attempts + 1,
      executorId,
      startedAt: new Date(),
      finishedAt: null,
      error: null,
    })
    .where('id', '=', row.id)
    .where('status', '=', row.status)
    .where('attempts', '=', row.attempts)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/**
 * Ends the calls of dead processes: calls of serving hubs when the engine has removed their executor, calls of command lines after ten minutes. A read changed nothing and may be repeated; the outcome of a write is unknown.
 */
export async function resolveInterrupted(
  sql: Sql,
  interrupted: Record<string, unknown>,
  unknown: Record<string, unknown>,
): Promise<InvocationRow[]> {
  const { rows } = await raw<{ id: string }>`
    update hub.invocations as i
       set status = case when i.effect = 'read' then 'failed' else 'outcome_unknown' end, finished_at = now(),
           error = case when i.effect = 'read' then ${JSON.stringify(interrupted)}::jsonb else ${JSON.stringify(unknown)}::jsonb end
     where i.status = 'running' and not exists (select from hub.executors e where e.id = i.executor_id)
       and (i.executor_id like 'exe\_%' or i.started_at < now() - interval '10 minutes')
    returning i.id`.execute(sql)
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  return sql.selectFrom('invocations').selectAll().where('id', 'in', ids).execute()
}

/** Ends queued calls as failed and returns them. */
export function failQueued(
  trx: Sql,
  { ids, statuses, error }: { ids: readonly string[]; statuses: readonly InvocationRow['status'][]; error: Record<string, unknown> },
): Promise<InvocationRow[]> {
  return trx
    .updateTable('invocations')
    .set({ status: 'failed', finishedAt: new Date(), error: JSON.stringify(error) })
    .where('id', 'in', ids)
    .where('status', 'in', statuses)
    .returningAll()
    .execute()
}

export async function dropOld(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw<{ id: string }>`
    delete from hub.invocations where id in
      (select id from hub.invocations where started_at < ${before} and status <> 'running' order by started_at limit ${most}) returning id`.execute(
    sql,
  )
  return rows.length
}

export async function readPolicy(sql: Sql, workspaceId: string): Promise<PolicyDocument> {
  const row = await sql
    .selectFrom('policies')
    .select(['rules', 'limits', 'informationFlow', 'sanitize'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
  if (!row) return { rules: [], limits: [], informationFlow: null, sanitize: 'agents' }
  // It was checked when it was stored.
  return row as unknown as PolicyDocument
}

/** Tokens are never deleted. */
export async function readTokenName(sql: Sql, id: string): Promise<string | undefined> {
  return (await sql.selectFrom('tokens').select('name').where('id', '=', id).executeTakeFirst())?.name
}

export async function readInvolvedMayDecide(sql: Sql, workspaceId: string): Promise<boolean> {
  const row = await sql.selectFrom('policies').select('involvedMayDecide').where('workspaceId', '=', workspaceId).executeTakeFirst()
  return row?.involvedMayDecide ?? false
}

export async function writeInvolvedMayDecide(sql: Sql, workspaceId: string, involvedMayDecide: boolean): Promise<void> {
  const values = { involvedMayDecide, updatedAt: new Date() }
  await sql
    .insertInto('policies')
    .values({ workspaceId, rules: '[]', limits: '[]', ...values })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(values))
    .execute()
}

/** What is left out stays as it is. */
export async function writePolicy(
  sql: Sql,
  workspaceId: string,
  { rules, limits, informationFlow, sanitize }: Partial<PolicyDocument>,
): Promise<void> {
  const values = {
    ...(rules ? { rules: JSON.stringify(rules) } : {}),
    ...(limits ? { limits: JSON.stringify(limits) } : {}),
    ...(informationFlow === undefined ? {} : { informationFlow: informationFlow && JSON.stringify(informationFlow) }),
    ...(sanitize ? { sanitize } : {}),
    updatedAt: new Date(),
  }
  await sql
    .insertInto('policies')
    .values({ workspaceId, rules: '[]', limits: '[]', ...values })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(values))
    .execute()
}
