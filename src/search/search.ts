import type { Database } from '#db'
import { ttlCache } from '#lib/ttl-cache'
import { workspaceNumber } from './put-store.ts'
import {
  chunksAt,
  postingsOf,
  rankDocuments,
  sizesOf,
  termCounts,
  type DocumentFilter,
  type FoundChunk,
  type FoundDocument,
} from './query-store.ts'
import { b, k1, rank, weights, type QueryTerm, type Ranked, type Score } from './rank.ts'
import type { Reader } from './reader.ts'
import { termsOf } from './terms.ts'

export interface SearchRequest {
  readonly query: string
  readonly limit: number
  readonly filter: DocumentFilter
}

export interface SearchHit {
  readonly document: FoundDocument
  /** Its best chunk; undefined where only its title matches. */
  readonly chunk: FoundChunk | undefined
  readonly score: Score & { readonly recency: number; readonly feedback: number }
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[]
  /** What was looked for, with how rare each term is. */
  readonly terms: readonly QueryTerm[]
}

/** Longer queries are cut. */
const mostTerms = 32
/** How many documents are ranked by their chunks. */
const candidates = 100
/** How many postings are read to find candidates, by the rarer terms. The others count for what was found, and take no time in large workspaces. */
const mostPostings = 10_000
/** How many of the best are joined with their documents, unless too few of them pass the filters. */
const looked = 500
const sizesKeptMs = 2000
const recencyWeight = 0.1
const recencyDays = 180
const feedbackWeight = 0.05
const dayMs = 86_400_000

export function createSearcher({ db }: { readonly db: Database }) {
  const workspaceOf = ttlCache(60_000, (id: string) => workspaceNumber(db.sql, id))
  const sizes = ttlCache(sizesKeptMs, (workspace: number) => sizesOf(db.sql, workspace))

  return async (reader: Reader, { query, limit, filter }: SearchRequest): Promise<SearchAnswer> => {
    const wanted = [...new Set(termsOf(query))].slice(0, mostTerms)
    const workspace = await workspaceOf.get(reader.workspaceId)
    const all = await sizes.get(workspace)
    if (!all || all.documents === 0 || wanted.length === 0) return { hits: [], terms: [] }
    const counts = new Map((await termCounts(db.sql, workspace, wanted)).map(({ term, documents }) => [term, documents]))
    const terms = wanted
      .filter((term) => counts.has(term))
      .map((term): QueryTerm => ({ term, documents: counts.get(term)!, idf: rarity(counts.get(term)!, all.documents) }))
    if (terms.length === 0) return { hits: [], terms: [] }

    const averages = { size: Math.max(1, all.size / all.documents), outlineSize: Math.max(1, all.outlineSize / all.documents) }
    const telling = tellingOf(terms)
    const most = Math.max(candidates, limit)
    const request = {
      workspace,
      terms: telling.map(({ term, idf }) => ({ term, weight: idf })),
      averages,
      ranking: { k1, b, outlineWeight: weights.outline },
      reader,
      filter,
      limit: most,
    }
    const first = await rankDocuments(db.sql, { ...request, among: looked })
    const isEnough = first.length >= most || telling.reduce((sum, { documents }) => sum + documents, 0) <= looked
    const found = isEnough ? first : await rankDocuments(db.sql, { ...request, among: null })
    if (found.length === 0) return { hits: [], terms }
    const postings = await postingsOf(db.sql, workspace, {
      terms: terms.map(({ term }) => term),
      documents: found.map(({ number }) => number),
    })
    const ranked = rank(found, { terms, postings, averages, chunkSize: Math.max(1, all.size / Math.max(1, all.chunks)) })
    return { hits: await withChunks(db, adjusted(ranked).slice(0, limit)), terms }
  }
}

/** How much a term tells: the rarer it is, the more. */
function rarity(documents: number, all: number): number {
  return Math.log(1 + (Math.max(all - documents, 0) + 0.5) / (documents + 0.5))
}

/** The terms by which candidates are looked for: the rarest, and as many more as may be read. */
function tellingOf(terms: readonly QueryTerm[]): readonly QueryTerm[] {
  let postings = 0
  return terms
    .toSorted((one, other) => one.documents - other.documents)
    .filter(({ documents }, at) => {
      postings += documents
      return at === 0 || postings <= mostPostings
    })
}

interface Adjusted extends Omit<Ranked, 'score'> {
  readonly score: SearchHit['score']
}

/** Puts what is new and what was of use further up. */
function adjusted(ranked: readonly Ranked[]): Adjusted[] {
  const now = Date.now()
  return ranked
    .map(({ document, position, score }) => {
      const age = document.updatedAt ? Math.max(0, now - document.updatedAt.getTime()) / dayMs : Number.POSITIVE_INFINITY
      const recency = 1 + recencyWeight * Math.exp(-age / recencyDays)
      const feedback = 1 + feedbackWeight * Math.max(-4, Math.min(4, document.liked))
      return { document, position, score: { ...score, recency, feedback, total: score.total * recency * feedback } }
    })
    .toSorted((one, other) => other.score.total - one.score.total || one.document.number - other.document.number)
}

async function withChunks(db: Database, rows: readonly Adjusted[]): Promise<SearchHit[]> {
  const places = rows.flatMap(({ document, position }) => (position === undefined ? [] : [{ document: document.number, position }]))
  const chunks = new Map((await chunksAt(db.sql, places)).map((chunk) => [`${chunk.documentNumber} ${chunk.position}`, chunk]))
  return rows.map(({ document, position, score }) => ({ document, score, chunk: chunks.get(`${document.number} ${position}`) }))
}
