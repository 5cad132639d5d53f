/** The TypeScript type of a JSON Schema, as far as the operations use the keywords. */
export type Schema = Readonly<Record<string, unknown>>

/** Keywords that limit values within a type. */
const limits = new Set(
  'type description default minimum maximum minLength maxLength minItems maxItems pattern format propertyNames required properties additionalProperties items anyOf enum const $schema'.split(
    ' ',
  ),
)

export function typeOf(schema: unknown): string {
  if (!isSchema(schema)) throw new Error(`${JSON.stringify(schema)} is not a schema`)
  const foreign = Object.keys(schema).find((keyword) => !limits.has(keyword))
  if (foreign !== undefined) throw new Error(`the keyword ${foreign} has no type here`)
  const { type } = schema
  if ('const' in schema) return JSON.stringify(schema['const'])
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ')
  if (Array.isArray(schema['anyOf'])) return union(schema['anyOf'].map(typeOf))
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one })))
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `readonly (${typeOf(schema['items'] ?? {})})[]`
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

function objectType(schema: Schema): string {
  const { properties, required = [], additionalProperties } = schema
  const names = Array.isArray(required) ? required : []
  const fields = Object.entries(isSchema(properties) ? properties : {}).map(([name, part]) => field(name, part, names.includes(name)))
  const others = isSchema(additionalProperties) ? typeOf(additionalProperties) : 'unknown'
  if (fields.length === 0) return additionalProperties === false ? 'Readonly<Record<string, never>>' : `Readonly<Record<string, ${others}>>`
  const own = `{ ${fields.join('; ')} }`
  return isSchema(additionalProperties) ? `${own} & Readonly<Record<string, unknown>>` : own
}

function field(name: string, part: unknown, isRequired: boolean): string {
  const type = typeOf(part)
  const about = isSchema(part) && typeof part['description'] === 'string' ? `/** ${part['description'].replaceAll('*/', '* /')} */ ` : ''
  const key = /^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name)
  return `${about}readonly ${key}${isRequired ? '' : '?'}: ${isRequired || type === 'unknown' ? type : `${type} | undefined`}`
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
