import { z } from 'zod'
import type { Tool } from '../tool.ts'
import type { Thesaurus } from './thesaurus.ts'
import { wordsOf, type Word } from './words.ts'

/** What the ranking knows of a tool. */
export interface Document {
  /** How much each stem and concept says about the tool. */
  readonly terms: ReadonlyMap<string, number>
  readonly phrases: readonly Phrase[]
  /** The names of the fields of its input. */
  readonly fields: ReadonlySet<string>
}

/** Some words that together say what the tool does, such as "shut the ticket". */
export interface Phrase {
  readonly words: readonly PhraseWord[]
}

interface PhraseWord {
  readonly stem: string
  readonly isCommon: boolean
  readonly concepts: readonly string[]
}

const weights = { name: 2.5, words: 1.6, title: 2, onlyTitle: 6, alias: 1, connector: 0.6, description: 0.6, field: 0.4, fieldText: 0.15 }
/** Of a concept beside that of a word. */
const conceptWeight = 0.6
const mostPhrases = 100
/** Every further time a word occurs in the same text, it counts this much less. */
const repetition = 0.5

export function documentOf({ name, aliases, connector, action }: Tool, thesaurus: Thesaurus): Document {
  const terms = new Map<string, number>()
  const add = (term: string, weight: number): void => void terms.set(term, (terms.get(term) ?? 0) + weight)
  const addText = (texts: readonly string[], weight: number): void => {
    const counts = new Map<string, number>()
    const count = (term: string, by: number): void => void counts.set(term, Math.max(counts.get(term) ?? 0, 0) * repetition + by)
    for (const text of texts) {
      const stems = wordsOf(text).map(({ stem }) => stem)
      for (const stem of stems) count(stem, 1)
      for (const concept of thesaurus.conceptsOf(stems)) count(concept, conceptWeight)
    }
    for (const [term, times] of counts) add(term, weight * times)
  }

  // A flow and a connector from outside need not declare words: its description has to say what it is for.
  const said = action.words === '' ? action.description.split(/[.:;,]+/u).slice(0, mostPhrases) : action.words.split(',')
  const fields = fieldsOf(action)
  addText([spaced(name)], weights.name)
  addText(said, weights.words)
  addText([action.title], action.words === '' ? weights.onlyTitle : weights.title)
  addText(aliases.map(spaced), weights.alias)
  addText([connector.title, ...connector.aliases.map(spaced)], weights.connector)
  addText([action.description], weights.description)
  addText(
    fields.map((field) => spaced(field.name)),
    weights.field,
  )
  addText(
    fields.map((field) => field.text),
    weights.fieldText,
  )

  const phrases = [...said, action.title].map((text) => phraseOf(wordsOf(text), thesaurus)).filter(({ words }) => words.length > 0)
  return { terms, phrases, fields: new Set(fields.map((field) => field.name)) }
}

function phraseOf(words: readonly Word[], thesaurus: Thesaurus): Phrase {
  return { words: words.map(({ stem, isCommon }) => ({ stem, isCommon, concepts: [...thesaurus.conceptsOf([stem])] })) }
}

/** A flow may declare any number of parameters. */
const mostFields = 100

interface Field {
  readonly name: string
  readonly text: string
}

function fieldsOf({ input, inputSchema }: Tool['action']): Field[] {
  const schema = inputSchema ?? z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, { readonly description?: unknown } | boolean>>
  return Object.entries(properties)
    .slice(0, mostFields)
    .map(([name, field]) => {
      const text = typeof field === 'object' ? field.description : undefined
      return { name, text: typeof text === 'string' ? text : '' }
    })
}

const spaced = (name: string): string => name.replaceAll(/[_-]+/g, ' ')
