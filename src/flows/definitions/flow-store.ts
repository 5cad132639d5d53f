import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'
import type { Definition } from './types.ts'

export type FlowRow = Row<'flows'>

export interface VersionRow extends Omit<Row<'flowVersions'>, 'flowId' | 'workspaceId' | 'definition'> {
  readonly definition: Definition
}

export type FlowWithVersion = FlowRow & Pick<VersionRow, 'definition' | 'source' | 'digest'>

function joined(sql: Sql) {
  return sql
    .selectFrom('flows as f')
    .innerJoin('flowVersions as v', (join) => join.onRef('v.flowId', '=', 'f.id').onRef('v.version', '=', 'f.version'))
    .selectAll('f')
    .select(['v.definition', 'v.source', 'v.digest'])
    .$narrowType<{ definition: Definition }>()
}

export function listFlows(sql: Sql, workspaceId: string): Promise<FlowWithVersion[]> {
  return joined(sql).where('f.workspaceId', '=', workspaceId).orderBy('f.name').execute()
}

/** By id or by name. */
export function findFlow(sql: Sql, workspaceId: string, ref: string): Promise<FlowWithVersion | undefined> {
  return joined(sql)
    .where('f.workspaceId', '=', workspaceId)
    .where((e) => e.or([e('f.id', '=', ref), e('f.name', '=', ref)]))
    .executeTakeFirst()
}

/** The enabled flow that is the tool of this name: the first of several. */
export function findFlowTool(sql: Sql, workspaceId: string, name: string): Promise<FlowWithVersion | undefined> {
  return joined(sql)
    .where('f.workspaceId', '=', workspaceId)
    .where('f.toolName', '=', name)
    .where('f.enabled', '=', true)
    .orderBy('f.name')
    .limit(1)
    .executeTakeFirst()
}

const mostNames = 1000

/** The names of flows as tools, to suggest similar ones. */
export async function flowToolNames(sql: Sql, workspaceId: string): Promise<string[]> {
  const rows = await sql
    .selectFrom('flows')
    .select('toolName')
    .where('workspaceId', '=', workspaceId)
    .where('toolName', 'is not', null)
    .where('enabled', '=', true)
    .orderBy('toolName')
    .limit(mostNames)
    .execute()
  return rows.map(({ toolName }) => toolName!)
}

/** In all workspaces. */
export function flowsNamed(sql: Sql, names: readonly string[]): Promise<FlowWithVersion[]> {
  return joined(sql).where('f.name', 'in', names).execute()
}

export function flowsById(sql: Sql, ids: readonly string[]): Promise<FlowWithVersion[]> {
  return joined(sql).where('f.id', 'in', ids).execute()
}

/** Serializes concurrent saves of one flow, so that each makes its own version. */
export async function lockFlow(trx: Transaction, workspaceId: string, name: string): Promise<void> {
  await raw`select pg_advisory_xact_lock(hashtextextended(${`flow ${workspaceId} ${name}`}, 0))`.execute(trx)
}

export type SavedFlow = Omit<FlowRow, 'createdAt' | 'updatedAt'>

export async function putFlow(trx: Transaction, { id, workspaceId, name, ...rest }: SavedFlow): Promise<void> {
  const values = { ...rest, updatedAt: new Date() }
  await trx
    .insertInto('flows')
    .values({ id, workspaceId, name, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute()
}

export async function changeFlow(
  trx: Transaction,
  id: string,
  changes: Partial<Pick<FlowRow, 'enabled' | 'actor' | 'scopes' | 'readOnly'>>,
): Promise<void> {
  await trx
    .updateTable('flows')
    .set({ ...changes, updatedAt: new Date() })
    .where('id', '=', id)
    .execute()
}

export async function insertVersion(
  trx: Transaction,
  row: Omit<Row<'flowVersions'>, 'definition' | 'createdAt'> & { readonly definition: Definition },
): Promise<void> {
  await trx
    .insertInto('flowVersions')
    .values({ ...row, definition: JSON.stringify(row.definition) })
    .execute()
}

export async function latestVersion(trx: Transaction, flowId: string): Promise<number> {
  const row = await trx
    .selectFrom('flowVersions')
    .select((e) => e.fn.max('version').as('latest'))
    .where('flowId', '=', flowId)
    .executeTakeFirst()
  return row?.latest ?? 0
}

export function listVersions(sql: Sql, flowId: string): Promise<VersionRow[]> {
  return sql
    .selectFrom('flowVersions')
    .selectAll()
    .$narrowType<{ definition: Definition }>()
    .where('flowId', '=', flowId)
    .orderBy('version', 'desc')
    .limit(200)
    .execute()
}

export function findVersion(sql: Sql, flowId: string, version: number): Promise<VersionRow | undefined> {
  return sql
    .selectFrom('flowVersions')
    .selectAll()
    .$narrowType<{ definition: Definition }>()
    .where('flowId', '=', flowId)
    .where('version', '=', version)
    .executeTakeFirst()
}

export async function deleteFlow(trx: Transaction, id: string): Promise<void> {
  await trx.deleteFrom('flows').where('id', '=', id).execute()
}

export type ScheduleRow = Row<'flowSchedules'>

export async function putSchedules(trx: Transaction, flowId: string, rows: readonly ScheduleRow[]): Promise<void> {
  await trx.deleteFrom('flowSchedules').where('flowId', '=', flowId).execute()
  for (const row of rows) {
    await trx
      .insertInto('flowSchedules')
      .values({ ...row, parameters: JSON.stringify(row.parameters) })
      .execute()
  }
}

/** When the schedules of a flow start it next, in the order of its triggers. */
export function schedulesOf(sql: Sql, flowId: string): Promise<Pick<ScheduleRow, 'place' | 'nextAt'>[]> {
  return sql.selectFrom('flowSchedules').select(['place', 'nextAt']).where('flowId', '=', flowId).orderBy('place').execute()
}

const dueAtOnce = 100

export function dueSchedules(sql: Sql, now: Date): Promise<ScheduleRow[]> {
  return sql.selectFrom('flowSchedules').selectAll().where('nextAt', '<=', now).orderBy('nextAt').limit(dueAtOnce).execute()
}

/** Whether a schedule is still as it was read. The lock gives it to one process. */
export async function lockSchedule(trx: Transaction, { flowId, place, nextAt }: ScheduleRow): Promise<boolean> {
  const row = await trx
    .selectFrom('flowSchedules')
    .select('flowId')
    .where('flowId', '=', flowId)
    .where('place', '=', place)
    .where('nextAt', '=', nextAt)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  return row !== undefined
}

export async function setNext(trx: Transaction, { flowId, place }: ScheduleRow, nextAt: Date | null): Promise<void> {
  await trx.updateTable('flowSchedules').set({ nextAt }).where('flowId', '=', flowId).where('place', '=', place).execute()
}
