import { digest } from '#lib/canonical'
import { postgresJson } from '#lib/postgres-text'
import { packHits, type Hit } from './hits.ts'
import { gistOf, summaryOf } from './summary.ts'
import { termsOf } from './terms.ts'
import type { DocumentToIndex, Posting, PreparedDocument } from './types.ts'

interface Counted {
  frequency: number
  outline: number
  readonly hits: Hit[]
}

/** What a column of two bytes holds. */
const mostFrequency = 32_767

/** Counts the terms of a document and of its chunks. */
export function prepareDocument(given: DocumentToIndex): PreparedDocument {
  // Also in the terms: an outside system may send what PostgreSQL cannot store.
  const document = storable(given)
  const counted = new Map<string, Counted>()
  const entryOf = (term: string): Counted => {
    let entry = counted.get(term)
    if (!entry) counted.set(term, (entry = { frequency: 0, outline: 0, hits: [] }))
    return entry
  }

  let size = 0
  for (const [position, { heading, text }] of document.chunks.entries()) {
    const terms = termsOf(`${heading}\n${text}`)
    const inChunk = new Map<string, number>()
    for (const term of terms) inChunk.set(term, (inChunk.get(term) ?? 0) + 1)
    for (const [term, frequency] of inChunk) {
      const entry = entryOf(term)
      entry.frequency += frequency
      entry.hits.push({ position, frequency, size: terms.length })
    }
    size += terms.length
  }

  const outline = [document.title, document.title, document.path ?? '', ...document.outline.map(({ title }) => title)]
  const outlineTerms = termsOf(outline.join('\n'))
  for (const term of outlineTerms) entryOf(term).outline++

  const postings: Posting[] = []
  for (const [term, { frequency, outline: inOutline, hits }] of counted)
    postings.push({
      term,
      frequency: Math.min(frequency, mostFrequency),
      outline: Math.min(inOutline, mostFrequency),
      hits: packHits(hits),
    })
  const { title, url, path, author, content, type, chunks, truncated } = document
  const contentHash = digest([title, url ?? null, path ?? null, author ?? null, type, content, truncated ?? null, chunks.length])
  const frequencyOf = (term: string): number => counted.get(term)?.frequency ?? 0
  const gists = chunks.map(({ kind, text }) => (kind === 'text' ? gistOf(text, frequencyOf) : ''))
  const summary = chunks.some(({ kind }) => kind === 'text') ? summaryOf(content, frequencyOf) : ''
  return { ...document, contentHash, postings, size, outlineSize: outlineTerms.length, summary, gists }
}

function storable(document: DocumentToIndex): DocumentToIndex {
  const { createdAt, updatedAt, ...rest } = document
  return { ...postgresJson(rest), createdAt, updatedAt }
}
