import type { Statistics } from './statistics.ts'
import { person, type Thesaurus } from './thesaurus.ts'
import { wordsOf } from './words.ts'

export interface Query {
  /** The stems and concepts, with what each counts. */
  readonly terms: ReadonlyMap<string, number>
  /** Whether somebody asks to know something, rather than to do it. */
  readonly isQuestion: boolean
  readonly namesConnector: boolean
}

export const commonWeight = 0.12
export const conceptWeight = 0.55
const spelledWeight = 0.7
const nameWeight = 0.3
const mostWords = 60

const question =
  /^\W*(?:(?:hey|hi|hello|please|pls|so|and|ok|okay|well)\W+)*(?:what|which|who|whom|whose|where|why|when|how|is|are|was|were|did|does|do|has|any|anything|show|list|read|find|search|check|see|count)\b/iu

interface QueryContext {
  /** The stems of the names of all connectors. */
  readonly connectors: ReadonlySet<string>
  readonly thesaurus: Thesaurus
  readonly statistics: Statistics
}

export function readQuery(text: string, { connectors, thesaurus, statistics }: QueryContext): Query {
  const terms = new Map<string, number>()
  const add = (term: string, weight: number): void => void terms.set(term, Math.max(terms.get(term) ?? 0, weight))
  const words = wordsOf(text).slice(0, mostWords)
  const stems = words.map(({ stem, isName, isCommon }) => {
    if (isCommon || statistics.has(stem)) {
      add(stem, isCommon ? commonWeight : 1)
      return stem
    }
    if (isName) {
      add(person, nameWeight)
      return stem
    }
    const meant = statistics.spelled(stem)
    if (meant === undefined) {
      add(stem, 1)
      return stem
    }
    add(meant, spelledWeight)
    return meant
  })
  for (const concept of thesaurus.conceptsOf(stems)) add(concept, conceptWeight)
  return { terms, isQuestion: question.test(text), namesConnector: stems.some((stem) => connectors.has(stem)) }
}
