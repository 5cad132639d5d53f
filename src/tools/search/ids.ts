import type { Connector, IdHint } from '#kit'

export interface FoundId {
  readonly hint: IdHint
  /** How many different ones the query has. */
  readonly count: number
}

interface TextWithIds {
  /** The query, with the words that each id stands for instead of the id. */
  readonly text: string
  /** The ids that were found, by connector. */
  readonly hints: ReadonlyMap<Connector, readonly FoundId[]>
}

/** Finds the ids that connectors declare, such as `#ops` or `PR 88`. The first pattern that matches a place takes its text. */
export function readIds(query: string, connectors: readonly Connector[], isOrdinary: (text: string) => boolean): TextWithIds {
  const hints = new Map<Connector, FoundId[]>()
  const meant: string[] = []
  const found: string[] = []
  for (const connector of connectors) {
    for (const hint of connector.ids ?? []) {
      const matches = [...query.matchAll(new RegExp(hint.pattern.source, 'giu'))].map(([text]) => text).filter((text) => !isOrdinary(text))
      if (matches.length === 0) continue
      hints.set(connector, [...(hints.get(connector) ?? []), { hint, count: new Set(matches).size }])
      meant.push(hint.words)
      found.push(...matches)
    }
  }
  // The longest first, because an id may contain another one.
  const text = found.toSorted((a, b) => b.length - a.length).reduce((rest, id) => rest.replaceAll(id, ' '), query)
  return { text: [text, ...meant].join(' '), hints }
}
