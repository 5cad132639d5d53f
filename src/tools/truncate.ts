/** One shortened value in a result, so that the caller knows what is missing. */
export interface Truncation {
  readonly path: string
  readonly shown: number
  readonly total: number
  readonly unit: 'items' | 'characters'
}

export interface Truncated {
  readonly output: unknown
  readonly totalTokens: number
  /** What was shortened; empty when everything fits. */
  readonly parts: readonly Truncation[]
}

const charactersPerToken = 4

/** A token of JSON is about four characters; an exact count is not worth its cost. */
export function tokensOf(json: string | undefined): number {
  return Math.ceil((json?.length ?? 0) / charactersPerToken)
}

export function truncate(output: unknown, { fields, maxTokens }: { fields?: readonly string[] | undefined; maxTokens: number }): Truncated {
  const picked = fields && fields.length > 0 ? pick(output, fields) : output
  const totalTokens = tokensOf(JSON.stringify(picked))
  if (totalTokens <= maxTokens) return { output: picked, totalTokens, parts: [] }
  return { ...fitInto(picked, maxTokens * charactersPerToken), totalTokens }
}

/** Keeps the given fields; `items.name` means the name of each item of a list. */
function pick(value: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, fields))
  if (value === null || typeof value !== 'object') return value
  const heads = new Map<string, string[]>()
  for (const field of fields) {
    const [head = '', ...rest] = field.split('.')
    const inner = heads.get(head) ?? []
    if (rest.length > 0) inner.push(rest.join('.'))
    heads.set(head, inner)
  }
  const picked: Record<string, unknown> = {}
  for (const [head, inner] of heads) {
    if (!Object.hasOwn(value, head)) continue
    const item = (value as Record<string, unknown>)[head]
    picked[head] = inner.length > 0 ? pick(item, inner) : item
  }
  return picked
}

/** Shortens a value to about `size` characters: small parts stay complete, large ones share the rest. */
function fitInto(whole: unknown, size: number): Pick<Truncated, 'output' | 'parts'> {
  const parts: Truncation[] = []

  const fit = (value: unknown, room: number, path: string): unknown => {
    if (lengthOf(value) <= room) return value
    if (typeof value === 'string') {
      const shown = Math.max(0, room - 4)
      parts.push({ path: path || '$', shown, total: value.length, unit: 'characters' })
      return `${value.slice(0, shown)}…`
    }
    if (Array.isArray(value)) return fitItems(value, room, path)
    if (value !== null && typeof value === 'object') return fitFields(value as Record<string, unknown>, room, path)
    return value
  }

  const fitItems = (items: readonly unknown[], room: number, path: string): unknown[] => {
    const kept: unknown[] = []
    let left = room - 2
    for (const item of items) {
      const length = lengthOf(item) + 1
      if (length > left) break
      kept.push(item)
      left -= length
    }
    // If the first item alone is too large, a part of it is more useful than an empty list.
    if (kept.length === 0 && items.length > 0) kept.push(fit(items[0], room - 2, `${path || '$'}[0]`))
    if (kept.length < items.length) parts.push({ path: path || '$', shown: kept.length, total: items.length, unit: 'items' })
    return kept
  }

  const fitFields = (object: Record<string, unknown>, room: number, path: string): Record<string, unknown> => {
    const rooms = new Map<string, number>()
    const lengths = Object.entries(object).map(([key, item]) => ({ key, length: lengthOf(item) + key.length + 4 }))
    let left = room - 2
    for (const [index, { key, length }] of lengths.toSorted((a, b) => a.length - b.length).entries()) {
      const given = Math.min(length, left / (lengths.length - index))
      rooms.set(key, given)
      left -= given
    }
    return Object.fromEntries(
      Object.entries(object).map(([key, item]) => {
        const rest = Math.max(0, rooms.get(key)! - key.length - 4)
        return [key, fit(item, rest, path ? `${path}.${key}` : key)]
      }),
    )
  }

  return { output: fit(whole, size, ''), parts }
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0
}

export function partAt(value: unknown, path: string): unknown {
  if (path === '' || path === '$') return value
  return path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .replace(/^\$?\.?/, '')
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        inner !== null && typeof inner === 'object' && Object.hasOwn(inner, key) ? (inner as Record<string, unknown>)[key] : undefined,
      value,
    )
}
