import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'
import { heldJobs, JobLost } from '#engine'

export type SourceRow = Row<'sources'>
export type SyncRow = Row<'syncs'>
export type SyncError = NonNullable<SyncRow['error']>
export type SyncReason = 'created' | 'manual' | 'poll' | 'event' | 'retry' | 'rescan' | 'access'

export interface NewSource extends Pick<SourceRow, 'id' | 'workspaceId' | 'integrationId' | 'kind' | 'name' | 'config' | 'digest'> {}

/** Undefined when the integration has such a source already. */
export async function insertSource(trx: Transaction, source: NewSource): Promise<SourceRow | undefined> {
  const { config, ...rest } = source
  return trx
    .insertInto('sources')
    .values({ ...rest, config: JSON.stringify(config) })
    .onConflict((conflict) => conflict.columns(['integrationId', 'digest']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

export function findSource(sql: Sql, workspaceId: string, id: string): Promise<SourceRow | undefined> {
  return sql
    .selectFrom('sources')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .executeTakeFirst()
}

/** The row as it is now, which nobody else changes before the transaction ends. */
export function lockSource(trx: Transaction, id: string): Promise<SourceRow | undefined> {
  return trx.selectFrom('sources').selectAll().where('id', '=', id).where('deletedAt', 'is', null).forUpdate().executeTakeFirst()
}

/** Those of these sources whose integrations are watched for changes. */
export function monitoredSources(sql: Sql, ids: readonly string[]): Promise<SourceRow[]> {
  return sql
    .selectFrom('sources')
    .innerJoin('integrations as i', 'i.id', 'sources.integrationId')
    .selectAll('sources')
    .where('sources.id', 'in', ids)
    .where('deletedAt', 'is', null)
    .where('i.monitorChanges', '=', true)
    .execute()
}

/** What people see of a source. */
export interface SourceReport extends SourceRow {
  readonly integration: string
  readonly connector: string
  readonly documents: number
  /** Items that failed and are tried again. */
  readonly failing: number
  readonly sync: SyncRow | null
}

export async function listSources(
  sql: Sql,
  workspaceId: string,
  {
    ids,
    integrationId,
    before,
    limit,
  }: { ids?: readonly string[] | undefined; integrationId?: string | undefined; before?: string | undefined; limit: number },
): Promise<SourceReport[]> {
  const { rows } = await raw<SourceReport>`
    select s.*, i.name as integration, i.connector,
           (select count(*) from hub.documents as d where d.source_id = s.id) as documents,
           (select count(*) from hub.source_items as m where m.source_id = s.id and m.error is not null) as failing,
           null as sync
      from hub.sources as s join hub.integrations as i on i.id = s.integration_id
     where s.workspace_id = ${workspaceId} and s.deleted_at is null and i.workspace_id = ${workspaceId}
       and (${ids ?? null}::text[] is null or s.id = any(${ids ?? null}::text[]))
       and (${integrationId ?? null}::text is null or s.integration_id = ${integrationId ?? null})
       and (${before ?? null}::text is null or s.id < ${before ?? null})
     order by s.id desc limit ${limit}`.execute(sql)
  if (rows.length === 0) return []
  const latest = await sql
    .selectFrom('syncs')
    .distinctOn('sourceId')
    .selectAll()
    .where(
      'sourceId',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('sourceId')
    .orderBy('id', 'desc')
    .execute()
  const bySource = new Map(latest.map((sync) => [sync.sourceId, sync]))
  return rows.map((row) => ({ ...row, sync: bySource.get(row.id) ?? null }))
}

export function listSyncs(
  sql: Sql,
  sourceId: string,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<SyncRow[]> {
  return sql
    .selectFrom('syncs')
    .selectAll()
    .where('sourceId', '=', sourceId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** A sync with its source, as its job works with it. */
export interface OpenSync {
  readonly sync: SyncRow
  readonly source: SourceRow
}

export async function readSync(sql: Sql, id: string): Promise<OpenSync | undefined> {
  const sync = await sql.selectFrom('syncs').selectAll().where('id', '=', id).executeTakeFirst()
  if (!sync) return undefined
  const source = await sql.selectFrom('sources').selectAll().where('id', '=', sync.sourceId).executeTakeFirst()
  return source && { sync, source }
}

/** Throws when another process has the job of a sync: nothing may be stored for it here. */
export async function requireHeld(trx: Transaction, executorId: string, jobId: string): Promise<void> {
  const { rows } = await raw`${heldJobs(executorId, [jobId])}`.execute(trx)
  if (rows.length === 0) throw new JobLost()
}

/** Whether this is the sync of its source. It stays so until the transaction ends. */
export async function isCurrent(trx: Transaction, { id, sourceId }: Pick<SyncRow, 'id' | 'sourceId'>): Promise<boolean> {
  const source = await trx
    .selectFrom('sources')
    .select('syncId')
    .where('id', '=', sourceId)
    .where('deletedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return source?.syncId === id
}

export type SyncChange = Partial<
  Pick<SyncRow, 'jobId' | 'phase' | 'status' | 'sweeps' | 'whole' | 'sweepPartial' | 'remaining' | 'endedAt' | 'sweepCursor' | 'error'>
>

export async function insertSync(
  trx: Transaction,
  sync: Pick<SyncRow, 'id' | 'sourceId' | 'workspaceId' | 'reason' | 'jobId' | 'whole' | 'phase' | 'sweeps' | 'confirmed'>,
): Promise<SyncRow> {
  return trx.insertInto('syncs').values(sync).returningAll().executeTakeFirstOrThrow()
}

export async function updateSync(trx: Transaction, id: string, { sweepCursor, error, ...change }: SyncChange): Promise<void> {
  await trx
    .updateTable('syncs')
    .set({
      ...change,
      ...(sweepCursor === undefined ? {} : { sweepCursor: sweepCursor === null ? null : JSON.stringify(sweepCursor) }),
      ...(error === undefined ? {} : { error: error && JSON.stringify(error) }),
    })
    .where('id', '=', id)
    .execute()
}

export interface SyncCounts {
  readonly pages?: number
  readonly added?: number
  readonly changed?: number
  readonly unchanged?: number
  readonly removed?: number
  readonly failed?: number
}

export async function addCounts(trx: Transaction, id: string, counts: SyncCounts): Promise<void> {
  const { pages = 0, added = 0, changed = 0, unchanged = 0, removed = 0, failed = 0 } = counts
  await raw`
    update hub.syncs set pages = pages + ${pages}, added = added + ${added}, changed = changed + ${changed},
           unchanged = unchanged + ${unchanged}, removed = removed + ${removed}, failed = failed + ${failed} where id = ${id}`.execute(trx)
}

export type SourceChange = Partial<
  Pick<
    SourceRow,
    | 'name'
    | 'status'
    | 'pausedAt'
    | 'cursor'
    | 'syncId'
    | 'continueAt'
    | 'pullWanted'
    | 'attempts'
    | 'lastError'
    | 'notice'
    | 'syncedAt'
    | 'sweptAt'
    | 'deletedAt'
  >
>

export async function updateSource(trx: Transaction, id: string, { cursor, lastError, ...change }: SourceChange): Promise<void> {
  await trx
    .updateTable('sources')
    .set({
      ...change,
      ...(cursor === undefined ? {} : { cursor: cursor === null ? null : JSON.stringify(cursor) }),
      ...(lastError === undefined ? {} : { lastError: lastError && JSON.stringify(lastError) }),
    })
    .where('id', '=', id)
    .execute()
}

export async function progressOf(trx: Transaction, jobIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await trx
    .selectFrom('syncs')
    .select(['jobId', raw<number>`pages + added + changed + unchanged + removed + failed`.as('done')])
    .where('jobId', 'in', jobIds)
    .execute()
  return new Map(rows.map(({ jobId, done }) => [jobId!, done]))
}

export async function syncsOfJobs(trx: Transaction, jobIds: readonly string[]): Promise<SyncRow[]> {
  return trx.selectFrom('syncs').selectAll().where('jobId', 'in', jobIds).execute()
}
