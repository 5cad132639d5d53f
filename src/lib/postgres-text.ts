/** Replaces NUL and lone surrogates, which outside systems may send and PostgreSQL's JSON cannot store. */
function postgresText(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).toWellFormed()
}

/** Replaces them in a whole value, keys included. Returns the value itself if nothing is to be replaced. */
export function postgresJson<T>(value: T): T {
  if (typeof value === 'string') return postgresText(value) as T
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    let made: unknown[] | undefined
    for (const [index, item] of value.entries()) {
      const good: unknown = postgresJson(item)
      if (good !== item) (made ??= [...value])[index] = good
    }
    return (made ?? value) as T
  }
  const entries = Object.entries(value)
  const good = entries.map(([key, item]) => [postgresText(key), postgresJson(item)] as const)
  const isSame = good.every(([key, item], index) => key === entries[index]![0] && Object.is(item, entries[index]![1]))
  return isSame ? value : (Object.fromEntries(good) as T)
}
