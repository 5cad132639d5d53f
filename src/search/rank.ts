import type { Averages, Candidate, FoundPosting } from './query-store.ts'
import { unpackHits } from './hits.ts'

/** A term of the query, with how rare it is. */
export interface QueryTerm {
  readonly term: string
  readonly idf: number
  /** How many documents of the workspace have it. */
  readonly documents: number
}

export const k1 = 1.2
export const b = 0.75
/** What the parts of a score count beside that of the best chunk. Measured on Cranfield and on documentation pages, see bench/RESULTS.md. */
export const weights = { document: 0.6, outline: 1, all: 0.15 }

/** The parts of a score, for those who ask why. */
export interface Score {
  readonly total: number
  readonly chunk: number
  readonly document: number
  readonly outline: number
  /** The share of the query's terms that the document has. */
  readonly coverage: number
  readonly terms: readonly string[]
}

export interface Ranked {
  readonly document: Candidate
  /** The position of its best chunk; undefined where only its title matches. */
  readonly position: number | undefined
  readonly score: Score
}

/** Ranks candidates by their best chunk, by the whole document and by its title and headings. */
export function rank(
  candidates: readonly Candidate[],
  {
    terms,
    postings,
    chunkSize,
    averages,
  }: {
    readonly terms: readonly QueryTerm[]
    readonly postings: readonly FoundPosting[]
    /** The average, in terms. */
    readonly chunkSize: number
    readonly averages: Averages
  },
): Ranked[] {
  const weightOf = new Map(terms.map(({ term, idf }) => [term, idf]))
  const whole = terms.reduce((sum, { idf }) => sum + idf, 0)
  const byDocument = Map.groupBy(postings, ({ document }) => document)
  return candidates
    .map((document) => {
      const { number, outline } = document
      const found = byDocument.get(number) ?? []
      const chunks = new Map<number, number>()
      let body = 0
      for (const { term, frequency, size, hits } of found) {
        const idf = weightOf.get(term)!
        body += idf * saturated(frequency, size / averages.size)
        for (const hit of unpackHits(hits))
          chunks.set(hit.position, (chunks.get(hit.position) ?? 0) + idf * saturated(hit.frequency, hit.size / chunkSize))
      }
      let position: number | undefined
      let best = 0
      for (const [at, score] of chunks) if (score > best) [position, best] = [at, score]
      const present = found.map(({ term }) => term)
      const coverage = whole === 0 ? 0 : present.reduce((sum, term) => sum + weightOf.get(term)!, 0) / whole
      const base = best + weights.document * body + weights.outline * outline
      const total = base * (1 + weights.all * coverage)
      return { document, position, score: { total, chunk: best, document: body, outline, coverage, terms: present } }
    })
    .toSorted((one, other) => other.score.total - one.score.total || one.document.number - other.document.number)
}

function saturated(frequency: number, length: number): number {
  return (frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * length))
}
