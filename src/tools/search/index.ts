import type { Connector } from '#kit'
import { digest } from '#lib/canonical'
import type { Tool } from '../tool.ts'
import { documentOf, type Document } from './document.ts'
import { readIds } from './ids.ts'
import { readQuery } from './query.ts'
import { scoreOf } from './score.ts'
import { createStatistics } from './statistics.ts'
import { createThesaurus } from './thesaurus.ts'
import { stemOf } from '#lib/stem'

export interface Search {
  /** All of the tools, the best match first. `isConnected` says which connectors can be used now. */
  rank(tools: readonly Tool[], query: string, isConnected: (connector: Connector) => boolean): Tool[]
}

/** Of tools that come and go, such as flows. */
const mostRemembered = 1000
/** A tool that cannot be used yet comes first only where it fits clearly better. */
const unconnected = 0.8
const mostCharacters = 400

/** `known` are the tools that always exist: they are read once, and say how rare each word is. */
export function createSearch(known: readonly Tool[]): Search {
  const thesaurus = createThesaurus()
  const documents = new Map(known.map((tool) => [tool, documentOf(tool, thesaurus)]))
  const statistics = createStatistics([...documents.values()])
  // By their texts, because tools that come and go are created again for each list.
  const remembered = new Map<string, Document>()

  const documentFor = (tool: Tool): Document => {
    const made = documents.get(tool)
    if (made) return made
    const { title, description, words, inputSchema } = tool.action
    const text = digest([tool.name, title, description, words, inputSchema ?? null])
    const document = remembered.get(text) ?? documentOf(tool, thesaurus)
    if (remembered.size >= mostRemembered) remembered.clear()
    remembered.set(text, document)
    return document
  }

  return {
    rank(tools, query, isConnected) {
      const connectors = [...new Set(tools.map(({ connector }) => connector))]
      const names = new Set(connectors.map(({ name }) => stemOf(name)))
      const { text, hints } = readIds(query.slice(0, mostCharacters), connectors, statistics.areKnown)
      const words = readQuery(text, { connectors: names, thesaurus, statistics })
      return tools
        .map((tool) => {
          const document = documentFor(tool)
          const score = scoreOf({ tool, document, hints: hints.get(tool.connector) ?? [] }, words, statistics)
          return { tool, score: score * (isConnected(tool.connector) ? 1 : unconnected) }
        })
        .toSorted((a, b) => b.score - a.score || byName(a.tool, b.tool))
        .map(({ tool }) => tool)
    },
  }
}

/** Not by the rules of a language, so that the order is the same on every machine. */
export function byName({ name: a }: Tool, { name: b }: Tool): number {
  return a < b ? -1 : a > b ? 1 : 0
}
