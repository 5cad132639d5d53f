import type { Tool } from '../tool.ts'
import type { Document, Phrase } from './document.ts'
import type { FoundId } from './ids.ts'
import { commonWeight, conceptWeight, type Query } from './query.ts'
import type { Statistics } from './statistics.ts'
import { stemOf } from '#lib/stem'

export interface Candidate {
  readonly tool: Tool
  readonly document: Document
  /** The ids of its connector in the query. */
  readonly hints: readonly FoundId[]
}

/** Chosen by the requests of bench/discovery.ts that are not held out. */
const settings = {
  saturation: 1.5,
  phrase: 1.2,
  connector: 6,
  takesConnector: 4.5,
  id: 4,
  secondId: 3,
  idWithoutField: 1.5,
  question: 1.15,
}

export function scoreOf({ tool, document, hints }: Candidate, query: Query, statistics: Statistics): number {
  const words = wordScore(document, query, statistics) + settings.phrase * phraseScore(document.phrases, query, statistics)
  const named = isNamed(tool, query) ? settings.connector : query.namesConnector && takesConnector(document) ? settings.takesConnector : 0
  const isAsked = query.isQuestion && tool.action.effect === 'read'
  return (words + named + idScore(document, hints)) * (isAsked ? settings.question : 1)
}

/** BM25F: a word counts more if it is rare, and less for each time it is said again. */
function wordScore({ terms }: Document, query: Query, statistics: Statistics): number {
  let total = 0
  for (const [term, weight] of query.terms) {
    const frequency = terms.get(term)
    if (frequency !== undefined) total += weight * statistics.rarity(term) * (frequency / (settings.saturation + frequency))
  }
  return total
}

/** The phrase of which the query says most. */
function phraseScore(phrases: readonly Phrase[], query: Query, statistics: Statistics): number {
  let best = 0
  for (const { words } of phrases) {
    let said = 0
    let whole = 0
    for (const { stem, isCommon, concepts } of words) {
      const value = statistics.rarity(stem) * (isCommon ? commonWeight : 1)
      whole += value
      if (query.terms.has(stem)) said += value * (isCommon ? 1 : query.terms.get(stem)!)
      else if (concepts.some((concept) => query.terms.has(concept))) said += value * conceptWeight
    }
    if (whole > 0) best = Math.max(best, (said * said) / whole)
  }
  return best
}

function isNamed({ connector }: Tool, { terms }: Query): boolean {
  return terms.get(stemOf(connector.name)) === 1
}

/** Whether the tool is about an integration, such as the hub's tool that says whether one works. */
function takesConnector({ fields }: Document): boolean {
  return fields.has('integration') || fields.has('connector')
}

function idScore({ fields }: Document, hints: readonly FoundId[]): number {
  const scores = hints.map(({ hint, count }) => {
    const fitting = hint.fields.filter((field) => fields.has(field)).length
    if (fitting === 0) return settings.idWithoutField
    return settings.id + (count > 1 && fitting > 1 ? settings.secondId : 0)
  })
  return Math.max(0, ...scores)
}
