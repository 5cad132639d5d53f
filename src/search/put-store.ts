import { sql as raw } from 'kysely'
import { recordset, type Row, type Sql, type Transaction } from '#db'
import { sha256 } from '#lib/canonical'
import { newId } from '#lib/ids'
import type { IndexPlace, PreparedDocument, Removal } from './types.ts'

export type StoredDocument = Pick<
  Row<'documents'>,
  'id' | 'number' | 'externalId' | 'contentHash' | 'audienceId' | 'terms' | 'size' | 'outlineSize' | 'chunkCount'
>

/** The documents of a source that exist already, which nobody else changes before the transaction ends. */
export function lockDocuments(trx: Transaction, sourceId: string, externalIds: readonly string[]): Promise<StoredDocument[]> {
  return trx
    .selectFrom('documents')
    .select(['id', 'number', 'externalId', 'contentHash', 'audienceId', 'terms', 'size', 'outlineSize', 'chunkCount'])
    .where('sourceId', '=', sourceId)
    .where('externalId', 'in', externalIds)
    .orderBy('number')
    .forUpdate()
    .execute()
}

/** The number of the workspace, by which the index knows it. */
export async function workspaceNumber(sql: Sql, id: string): Promise<number> {
  const { number } = await sql.selectFrom('workspaces').select('number').where('id', '=', id).executeTakeFirstOrThrow()
  return number
}

/** The ids of audiences by their keys. Those that are new have no members, so nobody sees their documents yet. */
export async function audienceIds(trx: Transaction, sourceId: string, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  await raw`insert into hub.audiences (source_id, key) select ${sourceId}, key from unnest(${keys}::text[]) as key
            on conflict (source_id, key) do nothing`.execute(trx)
  const rows = await trx
    .selectFrom('audiences')
    .select(['id', 'key'])
    .where('sourceId', '=', sourceId)
    .where('key', 'in', [...keys])
    .execute()
  return new Map(rows.map(({ id, key }) => [key, id]))
}

export interface DocumentToStore {
  readonly document: PreparedDocument
  readonly audienceId: number
}

const fieldsOf = ({ workspaceId, sourceId }: IndexPlace, { document, audienceId }: DocumentToStore) => ({
  workspaceId,
  sourceId,
  externalId: document.externalId,
  type: document.type,
  title: document.title,
  url: document.url ?? null,
  path: document.path ?? null,
  author: document.author ?? null,
  createdAt: document.createdAt ?? null,
  updatedAt: document.updatedAt ?? null,
  content: document.content,
  contentHash: document.contentHash,
  truncated: document.truncated ?? null,
  outline: document.outline,
  audienceId,
  size: document.size,
  outlineSize: document.outlineSize,
  chunkCount: document.chunks.length,
})

/** A statement takes 65,535 parameters. */
const rowsAtOnce = 500

/** Stores new documents and returns their numbers, by their external ids. */
export async function insertDocuments(
  trx: Transaction,
  place: IndexPlace,
  documents: readonly DocumentToStore[],
): Promise<ReadonlyMap<string, number>> {
  const rows = documents.map((one) => ({
    ...fieldsOf(place, one),
    id: newId('doc'),
    outline: JSON.stringify(one.document.outline),
    terms: one.document.postings.map(({ term }) => term),
  }))
  const numbers = new Map<string, number>()
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const stored = await trx
      .insertInto('documents')
      .values(rows.slice(at, at + rowsAtOnce))
      .returning(['number', 'externalId'])
      .execute()
    for (const { number, externalId } of stored) numbers.set(externalId, number)
  }
  return numbers
}

export async function updateDocument(trx: Transaction, number: number, place: IndexPlace, document: DocumentToStore): Promise<void> {
  await trx
    .updateTable('documents')
    .set({
      ...fieldsOf(place, document),
      outline: JSON.stringify(document.document.outline),
      terms: document.document.postings.map(({ term }) => term),
      seenAt: raw`now()`,
      indexedAt: raw`now()`,
    })
    .where('number', '=', number)
    .execute()
}

/** Of documents whose content is the same: when they changed, who may read them, and that they exist. */
export async function touchDocuments(
  trx: Transaction,
  documents: readonly { readonly number: number; readonly audienceId: number; readonly updatedAt: Date | null }[],
): Promise<void> {
  await raw`
    update hub.documents as d
       set seen_at = now(), audience_id = given.audience, updated_at = coalesce(given.changed, d.updated_at)
      from unnest(${documents.map(({ number }) => number)}::bigint[], ${documents.map(({ audienceId }) => audienceId)}::bigint[],
                  ${documents.map(({ updatedAt }) => updatedAt)}::timestamptz[]) as given (number, audience, changed)
     where d.number = given.number`.execute(trx)
}

/** Stores the chunks of documents. Those that have not changed keep their rows, and with them what was made from them. */
export async function putChunks(trx: Transaction, documents: ReadonlyMap<number, PreparedDocument>): Promise<void> {
  const rows = [...documents].flatMap(([documentNumber, { chunks }]) =>
    chunks.map(({ kind, heading, fromLine, toLine, text }, position) => ({
      documentNumber,
      position,
      kind,
      heading,
      fromLine,
      toLine,
      content: text,
      contentHash: sha256(`${heading}\n${text}`),
    })),
  )
  await raw`
    delete from hub.source_chunks as c
     using unnest(${[...documents.keys()]}::bigint[], ${[...documents.values()].map(({ chunks }) => chunks.length)}::int[])
           as now_has (number, chunks)
     where c.document_number = now_has.number and c.position >= now_has.chunks`.execute(trx)
  if (rows.length === 0) return
  await raw`
    insert into hub.source_chunks as c
    select * from ${recordset('sourceChunks', rows, 'json')}
    on conflict (document_number, position) do update
       set kind = excluded.kind, heading = excluded.heading, from_line = excluded.from_line, to_line = excluded.to_line,
           content = excluded.content, content_hash = excluded.content_hash
     where c.content_hash <> excluded.content_hash or c.from_line <> excluded.from_line or c.to_line <> excluded.to_line`.execute(trx)
}

/** Stores the summaries of documents (position -1) and of their chunks. */
export async function putSummaries(trx: Transaction, documents: ReadonlyMap<number, PreparedDocument>): Promise<void> {
  const rows = [...documents].flatMap(([documentNumber, { summary, gists, contentHash }]) =>
    [{ position: -1, summary }, ...gists.map((gist, position) => ({ position, summary: gist }))]
      .filter((row) => row.summary !== '')
      .map((row) => ({ ...row, documentNumber, madeBy: 'extractive', contentHash })),
  )
  await trx
    .deleteFrom('chunkSummaries')
    .where('documentNumber', 'in', [...documents.keys()])
    .execute()
  if (rows.length === 0) return
  await raw`
    insert into hub.chunk_summaries (document_number, position, summary, made_by, content_hash)
    select document_number, position, summary, made_by, content_hash from ${recordset('chunkSummaries', rows, 'json')}`.execute(trx)
}

/** Stores the postings of documents, and deletes those of terms that they have no more. */
export async function putPostings(
  trx: Transaction,
  workspace: number,
  documents: readonly { readonly number: number; readonly document: PreparedDocument; readonly gone: readonly string[] }[],
): Promise<void> {
  await deletePostings(
    trx,
    workspace,
    documents.map(({ number, gone }) => ({ number, terms: gone })),
  )
  const rows = documents.flatMap(({ number, document }) => document.postings.map((posting) => ({ number, document, posting })))
  await raw`
    insert into hub.postings as p (workspace, term, document, frequency, outline, size, outline_size, hits)
    select ${workspace}::int, * from unnest(
      ${rows.map(({ posting }) => posting.term)}::text[], ${rows.map(({ number }) => number)}::bigint[],
      ${rows.map(({ posting }) => posting.frequency)}::smallint[], ${rows.map(({ posting }) => posting.outline)}::smallint[],
      ${rows.map(({ document }) => document.size)}::int[], ${rows.map(({ document }) => document.outlineSize)}::int[],
      ${rows.map(({ posting }) => posting.hits)}::bytea[])
    on conflict (workspace, term, document) do update
       set frequency = excluded.frequency, outline = excluded.outline, size = excluded.size, outline_size = excluded.outline_size,
           hits = excluded.hits`.execute(trx)
}

async function deletePostings(
  trx: Transaction,
  workspace: number,
  documents: readonly { readonly number: number; readonly terms: readonly string[] }[],
): Promise<void> {
  const rows = documents.flatMap(({ number, terms }) => terms.map((term) => ({ number, term })))
  if (rows.length === 0) return
  await raw`
    delete from hub.postings as p
     using unnest(${rows.map(({ term }) => term)}::text[], ${rows.map(({ number }) => number)}::bigint[]) as gone (term, number)
     where p.workspace = ${workspace}::int and p.term = gone.term and p.document = gone.number`.execute(trx)
}

/** By how much the sums of a workspace change. */
export interface SizeChange {
  readonly documents: number
  readonly chunks: number
  readonly size: number
  readonly outlineSize: number
}

/** In the order of the terms, so that two transactions cannot wait for each other. */
export async function addToTerms(trx: Transaction, workspace: number, changes: ReadonlyMap<string, number>): Promise<void> {
  const sorted = [...changes].filter(([, by]) => by !== 0).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (sorted.length === 0) return
  const terms = sorted.map(([term]) => term)
  await raw`
    insert into hub.search_terms as t (workspace, term, documents)
    select ${workspace}::int, * from unnest(${terms}::text[], ${sorted.map(([, by]) => by)}::int[])
    on conflict (workspace, term) do update set documents = t.documents + excluded.documents`.execute(trx)
  if (sorted.some(([, by]) => by < 0))
    await raw`delete from hub.search_terms where workspace = ${workspace}::int and term = any(${terms}::text[]) and documents <= 0`.execute(
      trx,
    )
}

export async function addToSizes(trx: Transaction, workspace: number, { documents, chunks, size, outlineSize }: SizeChange): Promise<void> {
  await raw`
    insert into hub.search_sizes as s (workspace, documents, chunks, size, outline_size)
    values (${workspace}::int, ${documents}, ${chunks}, ${size}, ${outlineSize})
    on conflict (workspace) do update
       set documents = s.documents + excluded.documents, chunks = s.chunks + excluded.chunks, size = s.size + excluded.size,
           outline_size = s.outline_size + excluded.outline_size`.execute(trx)
}

/** Deletes documents with their chunks and postings, and leaves a tombstone of each. */
export async function deleteDocuments(
  trx: Transaction,
  { workspace, sourceId, reason }: { readonly workspace: number; readonly sourceId: string; readonly reason: string },
  documents: readonly (StoredDocument & Pick<Removal, 'noticedAt'>)[],
): Promise<void> {
  await deletePostings(trx, workspace, documents)
  const tombstones = documents.map(({ id, externalId, noticedAt }) => ({ sourceId, externalId, documentId: id, reason, noticedAt }))
  await raw`
    insert into hub.tombstones as t (source_id, external_id, document_id, reason, noticed_at)
    select source_id, external_id, document_id, reason, noticed_at from ${recordset('tombstones', tombstones, 'json')}
    on conflict (source_id, external_id) do update
       set document_id = excluded.document_id, reason = excluded.reason, noticed_at = excluded.noticed_at, removed_at = now()`.execute(trx)
  const numbers = documents.map(({ number }) => number)
  await trx.deleteFrom('documents').where('number', 'in', numbers).execute()
}

export async function deleteTombstones(trx: Transaction, sourceId: string, externalIds: readonly string[]): Promise<void> {
  await trx.deleteFrom('tombstones').where('sourceId', '=', sourceId).where('externalId', 'in', externalIds).execute()
}
