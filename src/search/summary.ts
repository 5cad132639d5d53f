import { termsOf } from './terms.ts'

const longest = 300
const shortest = 25
/** How many sentences are compared: what a text is about is said near its beginning. */
const compared = 80
const ofDocument = 3

interface Sentence {
  readonly text: string
  readonly at: number
  readonly score: number
}

/** The sentences of a document that say most about it, in their order; empty where there are none. */
export function summaryOf(text: string, frequencyOf: (term: string) => number): string {
  return best(sentencesOf(text), { frequencyOf, count: ofDocument })
}

/** The sentence of a chunk that says most about it. */
export function gistOf(text: string, frequencyOf: (term: string) => number): string {
  return best(sentencesOf(text), { frequencyOf, count: 1 })
}

function best(
  sentences: readonly string[],
  { frequencyOf, count }: { readonly frequencyOf: (term: string) => number; readonly count: number },
): string {
  const scored = sentences.map((text, at): Sentence => {
    const terms = new Set(termsOf(text))
    let sum = 0
    for (const term of terms) sum += Math.log(1 + frequencyOf(term))
    // The average, so that a long sentence does not win by its length, and a little more for what comes first.
    return { text, at, score: (terms.size === 0 ? 0 : sum / (terms.size + 3)) * (1 + 0.5 / (at + 1)) }
  })
  const chosen = scored.toSorted((a, b) => b.score - a.score).slice(0, count)
  return chosen
    .toSorted((a, b) => a.at - b.at)
    .map(({ text }) => text)
    .join(' ')
}

/** The sentences of prose, without headings, tables and code. */
function sentencesOf(text: string): string[] {
  const sentences: string[] = []
  let isCode = false
  for (const paragraph of text.split('\n')) {
    const line = paragraph.trim()
    if (/^(?:```|~~~)/.test(line)) isCode = !isCode
    if (isCode || line === '' || /^(?:[#|<]|```|~~~)/.test(line)) continue
    const plain = line.replace(/^(?:[-*+>]|\d{1,4}[.)])\s+/, '').replaceAll(/[*`_]/g, '')
    for (const sentence of plain.slice(0, longest * 20).split(/(?<=[.!?…])\s+(?=[\p{Lu}\p{N}])/u)) {
      if (sentence.length >= shortest && sentence.length <= longest) sentences.push(sentence)
      if (sentences.length >= compared) return sentences
    }
  }
  return sentences
}
