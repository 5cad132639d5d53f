import pg from 'pg'

/** A statement is prepared when it was used this often, so that rare ones take no memory in PostgreSQL. */
const usesBefore = 20
const maxPrepared = 200
const maxCounted = 2000

type Query = (...args: readonly unknown[]) => unknown

/** The class of the connections of a pool, which prepare frequent statements: PostgreSQL parses and analyses them once instead of at each use. */
export function preparingClient(): typeof pg.Client {
  const names = new Map<string, string>()
  let counts = new Map<string, number>()

  /** The name under which connections prepare a statement, or undefined while it is rare. */
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= maxPrepared) return known
    const count = (counts.get(text) ?? 0) + 1
    if (count < usesBefore) {
      // Statements with lists of values have many texts, most of which never come again.
      if (counts.size >= maxCounted) counts = new Map()
      counts.set(text, count)
      return undefined
    }
    counts.delete(text)
    const name = `hub_${names.size}`
    names.set(text, name)
    return name
  }

  return class extends pg.Client {
    override query = ((...args: readonly unknown[]) => {
      const [text, values, ...rest] = args
      const query = super.query.bind(this) as Query
      const name = typeof text === 'string' && Array.isArray(values) && values.length > 0 ? nameOf(text) : undefined
      return name === undefined ? query(...args) : query({ name, text, values }, ...rest)
    }) as pg.Client['query']
  }
}
