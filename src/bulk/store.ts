import { sql as raw } from 'kysely'
import { heldJobs } from '#engine'
import type { Row, Sql, Transaction } from '#db'
import { postgresJson } from '#lib/postgres-text'

export type BulkRow = Omit<Row<'bulkActions'>, 'principal'>
export type BulkError = NonNullable<BulkRow['error']>
export type StoredBulk = Pick<Row<'bulkActions'>, 'workspaceId' | 'action' | 'input' | 'status' | 'principal'>

const columns = [
  'id',
  'workspaceId',
  'action',
  'filter',
  'input',
  'actor',
  'status',
  'error',
  'total',
  'done',
  'failed',
  'createdAt',
  'finishedAt',
] as const

export type NewBulk = Pick<Row<'bulkActions'>, 'id' | 'workspaceId' | 'action' | 'filter' | 'input' | 'actor' | 'principal'>

export interface NewBulkItem {
  readonly id: string
  /** Of its state now, where the single action is to be refused for any other. */
  readonly digest: string | null
}

export async function insertBulk(trx: Transaction, bulk: NewBulk, items: readonly NewBulkItem[]): Promise<BulkRow> {
  const { filter, input, principal } = bulk
  const isEmpty = items.length === 0
  const row = await trx
    .insertInto('bulkActions')
    .values({
      ...bulk,
      filter: filter && JSON.stringify(postgresJson(filter)),
      input: JSON.stringify(postgresJson(input)),
      principal: JSON.stringify(principal),
      status: isEmpty ? 'completed' : 'running',
      finishedAt: isEmpty ? new Date() : null,
      total: items.length,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  await raw`insert into hub.bulk_items (bulk_id, position, item_id, digest)
            select ${bulk.id}, position, item, digest
              from unnest(${items.map(({ id }) => id)}::text[], ${items.map(({ digest }) => digest)}::text[])
                   with ordinality as given (item, digest, position)`.execute(trx)
  return row
}

export function findBulk(sql: Sql, workspaceId: string, id: string): Promise<BulkRow | undefined> {
  return sql.selectFrom('bulkActions').select(columns).where('workspaceId', '=', workspaceId).where('id', '=', id).executeTakeFirst()
}

/** Prevents that it ends meanwhile. */
export function lockBulk(trx: Transaction, workspaceId: string, id: string): Promise<BulkRow | undefined> {
  const one = trx.selectFrom('bulkActions').select(columns).where('workspaceId', '=', workspaceId).where('id', '=', id)
  return one.forUpdate().executeTakeFirst()
}

/** What its job needs to know. */
export function readBulk(sql: Sql, id: string): Promise<StoredBulk | undefined> {
  const stored = ['workspaceId', 'action', 'input', 'status', 'principal'] as const
  return sql.selectFrom('bulkActions').select(stored).where('id', '=', id).executeTakeFirst()
}

export interface BulkFilter {
  /** Only these actions. */
  readonly actions: readonly string[]
  readonly status?: BulkRow['status'] | undefined
}

export async function listBulk(
  sql: Sql,
  workspaceId: string,
  { actions, status, before, limit }: BulkFilter & { readonly before?: string | undefined; readonly limit: number },
): Promise<BulkRow[]> {
  if (actions.length === 0) return []
  return sql
    .selectFrom('bulkActions')
    .select(columns)
    .where('workspaceId', '=', workspaceId)
    .where('action', 'in', actions)
    .$if(status !== undefined, (query) => query.where('status', '=', status!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export type BulkItem = Pick<Row<'bulkItems'>, 'position' | 'itemId' | 'digest' | 'startedAt'>

/** Those that have no outcome yet, in their order. */
export function openItems(sql: Sql, bulkId: string): Promise<BulkItem[]> {
  const items = sql.selectFrom('bulkItems').select(['position', 'itemId', 'digest', 'startedAt']).where('bulkId', '=', bulkId)
  return items.where('finishedAt', 'is', null).orderBy('position').execute()
}

export type Failure = Pick<Row<'bulkItems'>, 'itemId'> & { readonly error: BulkError }

export async function failuresOf(sql: Sql, bulkId: string, most: number): Promise<Failure[]> {
  const failed = sql.selectFrom('bulkItems').select(['itemId', 'error']).where('bulkId', '=', bulkId).where('error', 'is not', null)
  return (await failed.orderBy('position').limit(most).execute()) as Failure[]
}

/** The bulk action whose job this process executes. */
export interface HeldBulk {
  readonly executorId: string
  readonly job: string
  readonly id: string
}

/** Records that an item begins. False when the bulk action has ended, or another process has taken its job over. */
export async function beginItem(sql: Sql, { executorId, job, id }: HeldBulk, position: number): Promise<boolean> {
  const { rows } = await raw`
    with held as (${heldJobs(executorId, [job])})
    update hub.bulk_items set started_at = now()
     where bulk_id = ${id} and position = ${position} and started_at is null and exists (select from held)
       and exists (select from hub.bulk_actions where id = ${id} and status = 'running')
    returning 1`.execute(sql)
  return rows.length > 0
}

/** Records the outcome of an item and counts it. An outcome counts also when the bulk action was cancelled meanwhile. */
export async function endItem(
  sql: Sql,
  { executorId, job, id }: HeldBulk,
  { position, error }: { readonly position: number; readonly error: BulkError | null },
): Promise<void> {
  const failure = error && JSON.stringify(postgresJson(error))
  await raw`
    with held as (${heldJobs(executorId, [job])}), ended as (
      update hub.bulk_items set finished_at = now(), error = ${failure}::jsonb
       where bulk_id = ${id} and position = ${position} and finished_at is null and exists (select from held)
      returning error is null as went_well)
    update hub.bulk_actions set done = done + went_well::int, failed = failed + (not went_well)::int from ended where id = ${id}`.execute(
    sql,
  )
}

/** Ends it, if it has not ended yet. */
export async function endBulk(
  sql: Sql,
  { executorId, job, id }: HeldBulk,
  { status, error = null }: { readonly status: 'completed' | 'stopped'; readonly error?: BulkError | null },
): Promise<void> {
  const reason = error && JSON.stringify(postgresJson(error))
  await raw`
    with held as (${heldJobs(executorId, [job])})
    update hub.bulk_actions set status = ${status}, error = ${reason}::jsonb, finished_at = now()
     where id = ${id} and status = 'running' and exists (select from held)`.execute(sql)
}

export async function cancelBulk(trx: Transaction, id: string): Promise<void> {
  const ended = { status: 'cancelled' as const, finishedAt: new Date() }
  await trx.updateTable('bulkActions').set(ended).where('id', '=', id).where('status', '=', 'running').execute()
}

/** Stops those whose jobs the engine gave up. */
export async function stopBulks(trx: Transaction, ids: readonly string[], error: BulkError): Promise<void> {
  const stopped = { status: 'stopped' as const, error: JSON.stringify(error), finishedAt: new Date() }
  await trx.updateTable('bulkActions').set(stopped).where('id', 'in', ids).where('status', '=', 'running').execute()
}

/** How many items of each have an outcome. */
export async function progressOf(sql: Sql, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.selectFrom('bulkActions').select(['id', 'done', 'failed']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, done, failed }) => [id, done + failed]))
}

export async function dropBulks(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.bulk_actions where id in (select id from hub.bulk_actions where finished_at < ${before} limit ${most})
    returning 1`.execute(sql)
  return rows.length
}
