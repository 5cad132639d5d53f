interface Property {
  readonly type?: string
  readonly anyOf?: readonly Property[]
}

/** A query string holds only texts; the schema says which of them mean numbers, booleans or lists. A list may be one text with commas where one value may stand for it. */
export function coerceTexts(query: Readonly<Record<string, unknown>>, schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, Property | undefined>
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const { type, anyOf = [] } = properties[name] ?? {}
      if (type === 'array') return [name, [value].flat()]
      if (typeof value !== 'string') return [name, value]
      if (value.includes(',') && anyOf.some((form) => form.type === 'array')) return [name, value.split(',')]
      if ((type === 'integer' || type === 'number') && value.trim() !== '' && Number.isFinite(Number(value))) return [name, Number(value)]
      if (type === 'boolean' && (value === 'true' || value === 'false')) return [name, value === 'true']
      return [name, value]
    }),
  )
}
