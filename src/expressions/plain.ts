/** An evaluation ran into one of its limits. */
export class LimitReached extends Error {
  readonly limit: Limit

  constructor(limit: Limit, message: string) {
    super(message)
    this.limit = limit
  }
}

export type Limit = 'time' | 'memory' | 'depth' | 'length' | 'output'

const deepest = 100

/**
 * A copy of a result that is nothing but JSON. It stops as soon as the bytes are used up: a small graph whose parts refer to each other often
 * is a huge tree. Undefined stays undefined at the top, and is left out below.
 */
export function plain(value: unknown, maxBytes: number): unknown {
  let left = maxBytes

  const spend = (bytes: number): void => {
    left -= bytes
    if (left < 0) throw new LimitReached('output', `the result is larger than ${maxBytes} bytes`)
  }

  const copy = (item: unknown, depth: number): unknown => {
    if (depth > deepest) throw new LimitReached('depth', `the result is nested deeper than ${deepest} levels`)
    switch (typeof item) {
      case 'string':
        // The length first: measuring the bytes of a string that is made of parts would put it together.
        spend(item.length + 2)
        spend(Buffer.byteLength(item) - item.length)
        return item
      case 'number':
        if (!Number.isFinite(item)) throw new Error('the result is a number that JSON does not have')
        spend(8)
        return item
      case 'boolean':
        spend(5)
        return item
      case 'undefined':
        return undefined
      case 'object':
        if (item === null) {
          spend(4)
          return null
        }
        return Array.isArray(item) ? list(item, depth) : record(item, depth)
      default:
        throw new Error(`the result holds a ${typeof item}, which is no JSON`)
    }
  }

  const list = (items: readonly unknown[], depth: number): unknown[] => {
    spend(2 + items.length)
    return items.map((item) => copy(item, depth + 1) ?? null)
  }

  const record = (item: object, depth: number): Record<string, unknown> => {
    spend(2)
    const fields = item as Record<string, unknown>
    if (fields['_jsonata_lambda'] === true || fields['_jsonata_function'] === true) {
      throw new Error('the result holds a function, which is no JSON')
    }
    const made: Record<string, unknown> = {}
    for (const key of Object.keys(item)) {
      const field = copy(fields[key], depth + 1)
      // Assigned, `__proto__` would be no field but the object's kind.
      if (field === undefined || key === '__proto__') continue
      spend(key.length + 4)
      made[key] = field
    }
    return made
  }

  return copy(value, 0)
}
