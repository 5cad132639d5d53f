/** An evaluation exceeded one of its limits. */
export class LimitReached extends Error {
  readonly limit: Limit

  constructor(limit: Limit, message: string) {
    super(message)
    this.limit = limit
  }
}

export type Limit = 'time' | 'memory' | 'depth' | 'length' | 'input' | 'output'

const maxDepth = 100

/**
 * Copies a result as plain JSON. It stops when the bytes are used up, because a small graph with shared parts can become a huge tree. At the
 * top undefined is returned; below it is left out.
 */
export function plain(value: unknown, maxBytes: number): unknown {
  let left = maxBytes

  const spend = (bytes: number): void => {
    left -= bytes
    if (left < 0) throw new LimitReached('output', `the result is larger than ${maxBytes} bytes`)
  }

  const copy = (item: unknown, depth: number): unknown => {
    if (depth > maxDepth) throw new LimitReached('depth', `the result is nested deeper than ${maxDepth} levels`)
    switch (typeof item) {
      case 'string':
        // The length first, because measuring the bytes of a concatenated string would allocate it.
        spend(item.length + 2)
        spend(Buffer.byteLength(item) - item.length)
        return item
      case 'number':
        if (!Number.isFinite(item)) throw new Error('the result is a number that JSON cannot represent')
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
        throw new Error(`the result contains a ${typeof item}, which is not JSON`)
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
      throw new Error('the result contains a function, which is not JSON')
    }
    const made: Record<string, unknown> = {}
    for (const key of Object.keys(item)) {
      const field = copy(fields[key], depth + 1)
      // Assigning `__proto__` would change the prototype of the object.
      if (field === undefined || key === '__proto__') continue
      spend(key.length + 4)
      made[key] = field
    }
    return made
  }

  return copy(value, 0)
}
