import { sql as raw } from 'kysely'
import { recordset, type Row, type Sql, type Transaction } from '#db'
import type { ChangedFile, Member } from '#kit'
import type { SyncError } from './store.ts'

export type ItemRow = Row<'sourceItems'>

/** Items that an event named. Repeated, they are fetched once. */
export async function noticeItems(trx: Transaction, sourceId: string, ids: readonly string[]): Promise<void> {
  await raw`
    insert into hub.source_items as m (source_id, external_id) select ${sourceId}, id from unnest(${ids}::text[]) as id order by id
    on conflict (source_id, external_id) do update set noticed_at = now(), due_at = now(), attempts = 0`.execute(trx)
}

/** Items that failed, each due later the more often it did. */
export async function failItems(
  trx: Transaction,
  sourceId: string,
  failures: readonly { readonly id: string; readonly error: SyncError }[],
): Promise<void> {
  const ids = failures.map(({ id }) => id)
  await raw`
    insert into hub.source_items as m (source_id, external_id, attempts, due_at, error)
    select ${sourceId}, id, 1, now() + interval '1 minute', error
      from unnest(${ids}::text[], ${failures.map(({ error }) => JSON.stringify(error))}::jsonb[]) as given (id, error) order by id
    on conflict (source_id, external_id) do update
       set attempts = m.attempts + 1, error = excluded.error, due_at = now() + interval '1 minute' * least(1440, power(2, least(m.attempts, 11)))`.execute(
    trx,
  )
}

export function dueItems(sql: Sql, sourceId: string, limit: number): Promise<ItemRow[]> {
  return sql
    .selectFrom('sourceItems')
    .selectAll()
    .where('sourceId', '=', sourceId)
    .where('dueAt', '<=', raw<Date>`now()`)
    .orderBy('dueAt')
    .limit(limit)
    .execute()
}

/** What people see of the items that failed. */
export function failedItems(
  sql: Sql,
  sourceId: string,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<ItemRow[]> {
  return sql
    .selectFrom('sourceItems')
    .selectAll()
    .where('sourceId', '=', sourceId)
    .where('error', 'is not', null)
    .$if(after !== undefined, (query) => query.where('externalId', '>', after!))
    .orderBy('externalId')
    .limit(limit)
    .execute()
}

/** Forgets items that were read. One that changed again meanwhile stays. */
export async function settleItems(
  trx: Transaction,
  sourceId: string,
  items: readonly Pick<ItemRow, 'externalId' | 'noticedAt'>[],
): Promise<void> {
  await raw`
    delete from hub.source_items as m
     using unnest(${items.map(({ externalId }) => externalId)}::text[], ${items.map(({ noticedAt }) => noticedAt)}::timestamptz[]) as done (id, noticed)
     where m.source_id = ${sourceId} and m.external_id = done.id and date_trunc('milliseconds', m.noticed_at) <= done.noticed`.execute(trx)
}

/** Forgets failures of items that came with a page after all. */
export async function forgetItems(trx: Transaction, sourceId: string, ids: readonly string[]): Promise<void> {
  await trx
    .deleteFrom('sourceItems')
    .where('sourceId', '=', sourceId)
    .where('error', 'is not', null)
    .where(raw<boolean>`external_id = any(${ids}::text[])`)
    .execute()
}

export function retryItemsNow(trx: Transaction, sourceId: string) {
  return trx
    .updateTable('sourceItems')
    .set({ dueAt: raw<Date>`now()` })
    .where('sourceId', '=', sourceId)
    .execute()
}

/** Marks documents as seen, and returns the ids of those that are not stored. */
export async function markSeen(trx: Transaction, sourceId: string, ids: readonly string[]): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    with seen as (
      update hub.documents set seen_at = now() where source_id = ${sourceId} and external_id = any(${ids}::text[]) returning external_id)
    select id from unnest(${ids}::text[]) as id where id not in (select external_id from seen)`.execute(trx)
  return rows.map(({ id }) => id)
}

/** How many documents of a source there are, and how many were not seen since then. */
export async function countUnseen(sql: Sql, sourceId: string, since: Date): Promise<{ all: number; unseen: number }> {
  const { rows } = await raw<{ all: number; unseen: number }>`
    select count(*)::int as all, (count(*) filter (where seen_at < ${since}))::int as unseen from hub.documents where source_id = ${sourceId}`.execute(
    sql,
  )
  return rows[0]!
}

export async function unseenDocuments(sql: Sql, sourceId: string, since: Date, limit: number): Promise<string[]> {
  const rows = await sql
    .selectFrom('documents')
    .select('externalId')
    .where('sourceId', '=', sourceId)
    .where('seenAt', '<', since)
    .limit(limit)
    .execute()
  return rows.map(({ externalId }) => externalId)
}

/** What the key of the table takes. */
const longestPath = 1000

export async function putChangedFiles(trx: Transaction, sourceId: string, files: readonly ChangedFile[]): Promise<void> {
  const short = files.filter(({ change, path }) => change.length + path.length <= longestPath)
  const rows = [...new Map(short.map((file) => [`${file.change} ${file.path}`, { sourceId, ...file }])).values()].map((file) => ({
    sourceId,
    change: file.change,
    path: file.path,
    previousPath: file.previousPath ?? null,
    status: file.status,
    additions: file.additions ?? 0,
    deletions: file.deletions ?? 0,
  }))
  if (rows.length === 0) return
  await raw`
    insert into hub.changed_files as c (source_id, change, path, previous_path, status, additions, deletions)
    select source_id, change, path, previous_path, status, additions, deletions from ${recordset('changedFiles', rows, 'jsonb')}
    on conflict (source_id, change, path) do update
       set previous_path = excluded.previous_path, status = excluded.status, additions = excluded.additions,
           deletions = excluded.deletions, changed_at = now()`.execute(trx)
}

/** The audiences whose members have to be read: new ones, and those that were read too long ago. */
export async function audiencesToCheck(
  sql: Sql,
  sourceId: string,
  { olderThan, limit }: { olderThan: Date; limit: number },
): Promise<string[]> {
  const rows = await sql
    .selectFrom('audiences')
    .select('key')
    .where('sourceId', '=', sourceId)
    .where((where) => where.or([where('checkedAt', 'is', null), where('checkedAt', '<', olderThan)]))
    .orderBy(
      (order) => order.ref('checkedAt'),
      (order) => order.asc().nullsFirst(),
    )
    .limit(limit)
    .execute()
  return rows.map(({ key }) => key)
}

export async function putAudience(trx: Transaction, sourceId: string, key: string, members: readonly Member[]): Promise<void> {
  await raw`
    insert into hub.audiences as a (source_id, key, members, checked_at) values (${sourceId}, ${key}, ${members}::text[], now())
    on conflict (source_id, key) do update set members = excluded.members, checked_at = excluded.checked_at`.execute(trx)
}

/** Of an integration whose content a sync has read. */
export async function notePoll(trx: Transaction, integrationId: string, changes: number): Promise<void> {
  await raw`update hub.integrations set last_polled_at = now(), change_count = change_count + ${changes} where id = ${integrationId}`.execute(
    trx,
  )
}
