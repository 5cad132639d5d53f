import { sql as raw, type RawBuilder } from 'kysely'
import type { Row, Sql } from '#db'
import type { Reader } from './reader.ts'

/** What limits a search or a list of documents. */
export interface DocumentFilter {
  readonly sources?: readonly string[] | undefined
  readonly integrations?: readonly string[] | undefined
  readonly connectors?: readonly string[] | undefined
  readonly types?: readonly string[] | undefined
  readonly author?: string | undefined
  /** The start of the path. */
  readonly path?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/** Members that were read longer ago count for nobody: they may have lost their access since. */
const audienceAge = raw`interval '24 hours'`

/**
 * The audiences whose documents a reader sees, by content that still exists. It is part of each statement that reads documents, so that none
 * is ever read without it.
 */
function readable({ workspaceId, seesAll, members, actors, externalUser }: Reader): RawBuilder<unknown> {
  const isMember = seesAll
    ? raw`true`
    : raw`(a.checked_at > now() - ${audienceAge} and (
        a.members && ${members}::text[]
        or exists (select from hub.identities as d
                    where d.workspace_id = ${workspaceId} and d.actor = any(${actors}::text[]) and d.integration_id = i.id
                      and a.members @> array['user:' || d.external_user])))`
  return raw`
    select a.id from hub.audiences as a join hub.sources as s on s.id = a.source_id join hub.integrations as i on i.id = s.integration_id
     where s.workspace_id = ${workspaceId} and s.deleted_at is null and i.workspace_id = ${workspaceId}
       and (i.external_user is null or i.external_user = ${externalUser}) and ${isMember}`
}

/** Of `hub.documents as d`, which it joins with `hub.sources as s` and `hub.integrations as i`. */
function filtered(filter: DocumentFilter): RawBuilder<unknown> {
  const { sources, integrations, connectors, types, author, path, from, to } = filter
  const parts = [
    sources && raw`d.source_id = any(${sources}::text[])`,
    integrations && raw`(i.id = any(${integrations}::text[]) or i.name = any(${integrations}::text[]))`,
    connectors && raw`i.connector = any(${connectors}::text[])`,
    types && raw`d.type = any(${types}::text[])`,
    author !== undefined && raw`lower(d.author) = lower(${author})`,
    path !== undefined && raw`starts_with(d.path, ${path})`,
    from && raw`d.updated_at >= ${from}`,
    to && raw`d.updated_at < ${to}`,
  ].filter((part) => part !== undefined && part !== false)
  return parts.length === 0 ? raw`true` : raw.join(parts, raw` and `)
}

const joined = raw`join hub.sources as s on s.id = d.source_id join hub.integrations as i on i.id = s.integration_id`

export interface FoundDocument extends Pick<
  Row<'documents'>,
  'id' | 'number' | 'type' | 'title' | 'url' | 'path' | 'author' | 'createdAt' | 'updatedAt' | 'indexedAt' | 'truncated' | 'chunkCount'
> {
  readonly sourceId: string
  readonly source: string
  readonly sourceStatus: Row<'sources'>['status']
  readonly syncedAt: Date | null
  readonly integrationId: string
  readonly integration: string
  readonly connector: string
  /** Feedback of agents and people, good minus bad. */
  readonly liked: number
}

const shown = raw`
  d.id, d.number, d.type, d.title, d.url, d.path, d.author, d.created_at, d.updated_at, d.indexed_at, d.truncated, d.chunk_count,
  s.id as source_id, s.name as source, s.status as source_status, s.synced_at, i.id as integration_id, i.name as integration, i.connector`

const liking = raw`
  (select coalesce(sum(case f.signal when 'up' then 1 when 'used' then 0.5 when 'down' then -1 else -2 end), 0)::float8
     from hub.feedback_signals as f where f.document_id = d.id) as liked`

/** A term of a query and how much it counts. */
export interface WeightedTerm {
  readonly term: string
  readonly weight: number
}

/** Averages of the workspace, in terms. */
export interface Averages {
  readonly size: number
  readonly outlineSize: number
}

export interface Ranking {
  readonly k1: number
  readonly b: number
  readonly outlineWeight: number
}

/** A document that may be found, with how well its own terms match. */
export interface Candidate extends FoundDocument {
  /** BM25 of its title, path and headings. */
  readonly outline: number
}

/** The documents that a reader sees and that match best by their own terms: BM25 of the text and of title, path and headings. */
export async function rankDocuments(
  sql: Sql,
  search: {
    readonly workspace: number
    readonly terms: readonly WeightedTerm[]
    readonly averages: Averages
    readonly ranking: Ranking
    readonly reader: Reader
    readonly filter: DocumentFilter
    readonly limit: number
    /** How many of the best are looked at; null: all. */
    readonly among: number | null
  },
): Promise<Candidate[]> {
  const { workspace, terms, averages, ranking, reader, filter, limit, among } = search
  const { k1, b, outlineWeight } = ranking
  const { rows } = await raw<Candidate>`
    with readable as materialized (${readable(reader)}),
    scored as (
      select p.document,
             sum(t.weight * p.frequency * ${k1 + 1}::real / (p.frequency + ${k1}::real * (${1 - b}::real + ${b / averages.size}::real * p.size))) as body,
             sum(t.weight * p.outline * ${k1 + 1}::real
                 / (p.outline + ${k1}::real * (${1 - b}::real + ${b / averages.outlineSize}::real * p.outline_size))) as outline
        from unnest(${terms.map(({ term }) => term)}::text[], ${terms.map(({ weight }) => weight)}::real[]) as t (term, weight)
        join hub.postings as p on p.workspace = ${workspace}::int and p.term = t.term
       group by p.document)
    select ${shown}, ${liking}, c.outline from (select document, outline, body + ${outlineWeight}::real * outline as total from scored order by total desc limit ${among}) as c
      join hub.documents as d on d.number = c.document ${joined}
     where d.workspace_id = ${reader.workspaceId} and d.audience_id in (select id from readable) and ${filtered(filter)}
     order by c.total desc
     limit ${limit}`.execute(sql)
  return rows
}

export interface TermCount {
  readonly term: string
  readonly documents: number
}

export function termCounts(sql: Sql, workspace: number, terms: readonly string[]): Promise<TermCount[]> {
  return sql
    .selectFrom('searchTerms')
    .select(['term', 'documents'])
    .where('workspace', '=', workspace)
    .where(raw<boolean>`term = any(${terms}::text[])`)
    .execute()
}

export function sizesOf(sql: Sql, workspace: number): Promise<Row<'searchSizes'> | undefined> {
  return sql.selectFrom('searchSizes').selectAll().where('workspace', '=', workspace).executeTakeFirst()
}

export type FoundPosting = Pick<Row<'postings'>, 'document' | 'term' | 'frequency' | 'hits' | 'size'>

/** What documents contain of these terms. */
export async function postingsOf(
  sql: Sql,
  workspace: number,
  { terms, documents }: { readonly terms: readonly string[]; readonly documents: readonly number[] },
): Promise<FoundPosting[]> {
  const { rows } = await raw<FoundPosting>`
    select p.document, p.term, p.frequency, p.hits, p.size
      from unnest(${terms}::text[]) as t (term) cross join unnest(${documents}::bigint[]) as d (number)
      join hub.postings as p on p.workspace = ${workspace}::int and p.term = t.term and p.document = d.number`.execute(sql)
  return rows
}

export interface WholeDocument extends FoundDocument, Pick<Row<'documents'>, 'content' | 'outline' | 'externalId'> {
  readonly summary: string | null
}

/** By id or address, as far as the reader sees it. */
export async function findDocument(sql: Sql, reader: Reader, ref: string): Promise<WholeDocument | undefined> {
  const { rows } = await raw<WholeDocument>`
    with readable as materialized (${readable(reader)})
    select ${shown}, ${liking}, d.content, d.outline, d.external_id,
           (select m.summary from hub.chunk_summaries as m where m.document_number = d.number and m.position = -1) as summary
      from hub.documents as d ${joined}
     where (d.id = ${ref} or d.url = ${ref}) and d.workspace_id = ${reader.workspaceId} and d.audience_id in (select id from readable)
     order by d.indexed_at desc limit 1`.execute(sql)
  return rows[0]
}

/** Newest first by when it came. */
export async function listDocuments(
  sql: Sql,
  reader: Reader,
  { filter, before, limit }: { readonly filter: DocumentFilter; readonly before: string | undefined; readonly limit: number },
): Promise<FoundDocument[]> {
  const { rows } = await raw<FoundDocument>`
    with readable as materialized (${readable(reader)})
    select ${shown}, ${liking} from hub.documents as d ${joined}
     where d.workspace_id = ${reader.workspaceId} and d.audience_id in (select id from readable) and ${filtered(filter)}
       and (${before ?? null}::text is null or d.id < ${before ?? null})
     order by d.id desc limit ${limit}`.execute(sql)
  return rows
}

export interface FoundChunk extends Row<'sourceChunks'> {
  readonly summary: string | null
}

const withSummary = raw`left join hub.chunk_summaries as m on m.document_number = c.document_number and m.position = c.position`

/** Chunks by document and position. Only for documents that the reader was found to see. */
export async function chunksAt(
  sql: Sql,
  places: readonly { readonly document: number; readonly position: number }[],
): Promise<FoundChunk[]> {
  const { rows } = await raw<FoundChunk>`
    select c.*, m.summary from unnest(${places.map(({ document }) => document)}::bigint[], ${places.map(({ position }) => position)}::int[])
                    as wanted (document, position)
      join hub.source_chunks as c on c.document_number = wanted.document and c.position = wanted.position ${withSummary}`.execute(sql)
  return rows
}

export async function chunksOf(
  sql: Sql,
  documentNumber: number,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<FoundChunk[]> {
  const { rows } = await raw<FoundChunk>`
    select c.*, m.summary from hub.source_chunks as c ${withSummary}
     where c.document_number = ${documentNumber} and c.position > ${after} order by c.position limit ${limit}`.execute(sql)
  return rows
}
