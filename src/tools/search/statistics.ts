import type { Document } from './document.ts'
import { wordsOf } from './words.ts'

/** How rare words are among the tools. */
export interface Statistics {
  /** How much a stem or a concept says: the more, the fewer tools have it. */
  rarity(term: string): number
  has(term: string): boolean
  /** Whether a text is nothing but words that tools have, such as "issue/comment". */
  areKnown(text: string): boolean
  /** The stem that was probably meant, for a word with one wrong letter. */
  spelled(stem: string): string | undefined
}

const leastLetters = 4

export function createStatistics(documents: readonly Document[]): Statistics {
  const counts = new Map<string, number>()
  for (const { terms } of documents) for (const term of terms.keys()) counts.set(term, (counts.get(term) ?? 0) + 1)

  const rarityOf = (count: number): number => Math.log(1 + (documents.length - count + 0.5) / (count + 0.5))
  const rarities = new Map([...counts].map(([term, count]) => [term, rarityOf(count)]))
  const unknown = rarityOf(0)

  // The word with each of its letters left out leads to it, so that no word has to be compared with all others.
  const byShortened = new Map<string, string>()
  for (const term of [...counts.keys()].toSorted((a, b) => counts.get(a)! - counts.get(b)!)) {
    if (term.startsWith('~') || term.length < leastLetters) continue
    for (const shortened of shortenings(term)) byShortened.set(shortened, term)
  }

  return {
    has: (term) => counts.has(term),
    rarity: (term) => rarities.get(term) ?? unknown,
    areKnown(text) {
      return /^\p{L}+(?:[/ ]\p{L}+)*$/u.test(text) && wordsOf(text).every(({ stem, isCommon }) => isCommon || counts.has(stem))
    },
    spelled(stem) {
      if (stem.length < leastLetters || stem.length > 20) return undefined
      for (const shortened of [stem, ...shortenings(stem)]) {
        const meant = byShortened.get(shortened)
        if (meant !== undefined && meant[0] === stem[0]) return meant
        if (counts.has(shortened) && shortened.length >= leastLetters) return shortened
      }
      return undefined
    },
  }
}

function shortenings(term: string): string[] {
  return Array.from({ length: term.length }, (_, at) => term.slice(0, at) + term.slice(at + 1))
}
