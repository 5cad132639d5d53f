import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'
import type { Definition } from './types.ts'

export interface FlowRow {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly version: number
  readonly enabled: boolean
  readonly origin: string
  readonly actor: string
  readonly scopes: readonly string[]
  readonly readOnly: boolean
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface VersionRow {
  readonly version: number
  readonly definition: Definition
  readonly source: string
  readonly digest: string
  readonly actor: string
  readonly createdAt: Date
}

const columns = [
  'f.id',
  'f.workspace_id as workspaceId',
  'f.name',
  'f.version',
  'f.enabled',
  'f.origin',
  'f.actor',
  'f.scopes',
  'f.read_only as readOnly',
  'f.created_at as createdAt',
  'f.updated_at as updatedAt',
] as const

const versionColumns = ['v.version', 'v.definition', 'v.source', 'v.digest', 'v.actor', 'v.created_at as createdAt'] as const

export type FlowWithVersion = FlowRow & Pick<VersionRow, 'definition' | 'source' | 'digest'>

function joined(sql: Sql) {
  return sql
    .selectFrom('flows as f')
    .innerJoin('flow_versions as v', (join) => join.onRef('v.flow_id', '=', 'f.id').onRef('v.version', '=', 'f.version'))
    .select([...columns, 'v.definition', 'v.source', 'v.digest'])
}

export function listFlows(sql: Sql, workspaceId: string): Promise<FlowWithVersion[]> {
  return joined(sql).where('f.workspace_id', '=', workspaceId).orderBy('f.name').execute() as unknown as Promise<FlowWithVersion[]>
}

/** By id or by name. */
export function findFlow(sql: Sql, workspaceId: string, ref: string): Promise<FlowWithVersion | undefined> {
  return joined(sql)
    .where('f.workspace_id', '=', workspaceId)
    .where((e) => e.or([e('f.id', '=', ref), e('f.name', '=', ref)]))
    .executeTakeFirst() as unknown as Promise<FlowWithVersion | undefined>
}

export function flowsById(sql: Sql, ids: readonly string[]): Promise<FlowWithVersion[]> {
  return joined(sql).where('f.id', 'in', ids).execute() as unknown as Promise<FlowWithVersion[]>
}

/** Serializes concurrent saves of one flow, so that each makes its own version. */
export async function lockFlow(trx: Transaction, workspaceId: string, name: string): Promise<void> {
  await raw`select pg_advisory_xact_lock(hashtextextended(${`flow ${workspaceId} ${name}`}, 0))`.execute(trx)
}

export interface SavedFlow {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly version: number
  readonly enabled: boolean
  readonly origin: 'user' | 'bundled'
  readonly actor: string
  readonly scopes: readonly string[]
  readonly readOnly: boolean
}

export async function putFlow(trx: Transaction, { workspaceId, readOnly, scopes, id, name, ...rest }: SavedFlow): Promise<void> {
  const values = { ...rest, scopes: [...scopes], read_only: readOnly, updated_at: new Date() }
  await trx
    .insertInto('flows')
    .values({ id, name, workspace_id: workspaceId, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute()
}

export async function insertVersion(
  trx: Transaction,
  row: { flowId: string; version: number; workspaceId: string; definition: Definition; source: string; digest: string; actor: string },
): Promise<void> {
  const { flowId, workspaceId, definition, ...rest } = row
  await trx
    .insertInto('flow_versions')
    .values({ ...rest, flow_id: flowId, workspace_id: workspaceId, definition: JSON.stringify(definition) })
    .execute()
}

export async function latestVersion(trx: Transaction, flowId: string): Promise<number> {
  const row = await trx
    .selectFrom('flow_versions')
    .select((e) => e.fn.max('version').as('latest'))
    .where('flow_id', '=', flowId)
    .executeTakeFirst()
  return row?.latest ?? 0
}

export function listVersions(sql: Sql, flowId: string): Promise<VersionRow[]> {
  return sql
    .selectFrom('flow_versions as v')
    .select(versionColumns)
    .where('v.flow_id', '=', flowId)
    .orderBy('v.version', 'desc')
    .limit(200)
    .execute() as unknown as Promise<VersionRow[]>
}

export function findVersion(sql: Sql, flowId: string, version: number): Promise<VersionRow | undefined> {
  return sql
    .selectFrom('flow_versions as v')
    .select(versionColumns)
    .where('v.flow_id', '=', flowId)
    .where('v.version', '=', version)
    .executeTakeFirst() as unknown as Promise<VersionRow | undefined>
}

export async function deleteFlow(trx: Transaction, id: string): Promise<void> {
  await trx.deleteFrom('flows').where('id', '=', id).execute()
}

export interface ScheduleRow {
  readonly flowId: string
  readonly place: number
  readonly cron: string
  readonly timezone: string
  readonly missed: string
  readonly parameters: Record<string, unknown>
  readonly nextAt: Date | null
}

export async function putSchedules(trx: Transaction, flowId: string, rows: readonly ScheduleRow[]): Promise<void> {
  await trx.deleteFrom('flow_schedules').where('flow_id', '=', flowId).execute()
  for (const { flowId: _, nextAt, parameters, ...rest } of rows) {
    await trx
      .insertInto('flow_schedules')
      .values({ ...rest, flow_id: flowId, parameters: JSON.stringify(parameters), next_at: nextAt })
      .execute()
  }
}

/** The due schedules; the lock gives each to one process. */
export async function dueSchedules(trx: Transaction, now: Date): Promise<ScheduleRow[]> {
  return trx
    .selectFrom('flow_schedules')
    .select(['flow_id as flowId', 'place', 'cron', 'timezone', 'missed', 'parameters', 'next_at as nextAt'])
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(100)
    .forUpdate()
    .skipLocked()
    .execute()
}

export async function setNext(trx: Transaction, { flowId, place }: ScheduleRow, nextAt: Date | null): Promise<void> {
  await trx.updateTable('flow_schedules').set({ next_at: nextAt }).where('flow_id', '=', flowId).where('place', '=', place).execute()
}
