import type { Row } from '#db'
import type { Connector } from '#kit'

type IntegrationRow = Row<'integrations'>

/** What a caller names an integration by: its id, its name, its number, or its connector in any case where that is its name too. */
export interface Reference {
  readonly text: string
  /** The connector that the text names. */
  readonly connector: string | undefined
}

/** What a reference to the integration of an application's user begins with. */
export const userPrefix = 'user:'

/** Finds a connector by its name or an alias, in any case. */
export function connectorIn(byName: ReadonlyMap<string, Connector>, name: string): Connector | undefined {
  return byName.get(name) ?? byName.get(name.toLowerCase())
}

/** The number that a text is. Longer ones do not fit the column. */
export function numberOf(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

/** The integration that a reference means. An id is stronger than a name, and a name than a number. */
export function referenced(rows: readonly IntegrationRow[], { text, connector }: Reference): IntegrationRow | undefined {
  const number = numberOf(text)
  return (
    rows.find(({ id }) => id === text) ??
    rows.find(({ name }) => name === text) ??
    rows.find((row) => row.number === number) ??
    rows.find(({ name }) => name === connector)
  )
}
