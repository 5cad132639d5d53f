/** Deeper values end in a stack overflow, here or in the database. Documents of Jira, the deepest of known APIs, have about 30 levels. */
const maxDepth = 200

/** Whether a value is nested deeper than this hub, its database and its callers can process. */
export function isTooDeep(value: unknown, left = maxDepth): boolean {
  if (value === null || typeof value !== 'object') return false
  if (left === 0) return true
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) if (isTooDeep(item, left - 1)) return true
  return false
}

/** The value with every text in it, names of fields too, replaced by what `change` returns; numbers likewise. What does not change is not copied. */
export function mapTexts(value: unknown, change: (text: string) => string, changeNumber?: (number: number) => string | number): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value === 'number') return changeNumber ? changeNumber(value) : value
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => mapTexts(item, change, changeNumber))
    return items.some((item, index) => item !== value[index]) ? items : (value as unknown)
  }
  if (value === null || typeof value !== 'object' || !isPlain(value)) return value
  const entries = Object.entries(value)
  const mapped = entries.map(([name, item]) => [change(name), mapTexts(item, change, changeNumber)] as const)
  return mapped.some(([name, item], index) => name !== entries[index]![0] || item !== entries[index]![1])
    ? Object.fromEntries(mapped)
    : value
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** PostgreSQL stores neither U+0000 nor half of a surrogate pair. */
export function storable<T>(value: T): T {
  return mapTexts(value, storableText) as T
}

function storableText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole
}
