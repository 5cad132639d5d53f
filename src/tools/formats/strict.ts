import type { ObjectSchema, Schema } from './types.ts'

/** OpenAI allows ten levels; a schema that needs as many is no good one for a model anyway. */
const maxDepth = 8
/** What strict mode understands. The hub checks the other limits itself, and says what to correct. */
const kept = new Set([
  'type',
  'description',
  'title',
  'enum',
  'const',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
])
const dropped = new Set(['minLength', 'maxLength', 'uniqueItems', 'default', 'examples', '$schema', '$id', '$comment'])
const formats = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'])
const plainTypes = new Set(['string', 'number', 'integer', 'boolean', 'null'])

/**
 * The same arguments by the rules of OpenAI’s strict mode: every field is required, and one that may be left out takes null instead. Returns
 * undefined where that would change what can be said: a free map, or a field where null already has a meaning.
 */
export function strictSchema(schema: Schema): ObjectSchema | undefined {
  const strict = schema['type'] === 'object' ? strictObject(schema, 1) : undefined
  return strict && { ...strict, type: 'object' }
}

function strictPart(schema: unknown, depth: number): Schema | undefined {
  if (depth > maxDepth || !isSchema(schema)) return undefined
  if (schema['anyOf'] !== undefined) return strictChoice(schema, depth)
  const { type } = schema
  if (type === 'object') return strictObject(schema, depth)
  if (type === 'array') return strictArray(schema, depth)
  return isPlain(schema) ? plainPart(schema) : undefined
}

function isPlain(schema: unknown): boolean {
  return isSchema(schema) && [schema['type']].flat().every((one) => typeof one === 'string' && plainTypes.has(one))
}

function strictObject(schema: Schema, depth: number): Schema | undefined {
  const { properties = {}, required = [], additionalProperties, ...rest } = schema
  if (!isSchema(properties) || !Array.isArray(required)) return undefined
  // Without the keyword the fields that are not declared are ignored, so nothing is lost without them.
  if (additionalProperties !== undefined && additionalProperties !== false) return undefined
  // An object whose fields are all unknown is a free map.
  if (additionalProperties === undefined && Object.keys(properties).length === 0 && depth > 1) return undefined
  const fields = Object.entries(properties).map(([name, value]) => {
    const part = strictPart(value, depth + 1)
    return [name, part && !required.includes(name) ? nullable(part) : part] as const
  })
  const common = plainPart(rest)
  if (!common || fields.some(([, part]) => part === undefined)) return undefined
  return { ...common, properties: Object.fromEntries(fields), required: Object.keys(properties), additionalProperties: false }
}

function strictArray({ items, ...rest }: Schema, depth: number): Schema | undefined {
  const [common, part] = [plainPart(rest), strictPart(items, depth + 1)]
  return common && part && { ...common, items: part }
}

/** Only among plain values: of an object among several, the hub could not tell which null means a field that was left out. */
function strictChoice({ anyOf, ...rest }: Schema, depth: number): Schema | undefined {
  const parts = Array.isArray(anyOf) ? anyOf.map((one) => (isPlain(one) ? strictPart(one, depth + 1) : undefined)) : [undefined]
  const common = plainPart(rest)
  return common && parts.every((part) => part !== undefined) ? { ...common, anyOf: parts } : undefined
}

/** The keywords of one schema without its parts; undefined where one of them cannot be said. */
function plainPart(schema: Schema): Schema | undefined {
  const names = Object.keys(schema)
  if (!names.every((name) => kept.has(name) || dropped.has(name))) return undefined
  const { default: preset, description } = schema
  const entries = Object.entries(schema).filter(([name, value]) => kept.has(name) && !isForeign(name, value))
  const texts = [description, preset === undefined ? undefined : `Default: ${JSON.stringify(preset)}.`].filter(Boolean)
  return { ...Object.fromEntries(entries), ...(texts.length > 0 ? { description: texts.join(' ') } : {}) }
}

/** Formats of others, patterns that look ahead or back, and the limits that every integer has. */
function isForeign(name: string, value: unknown): boolean {
  if (name === 'format') return !formats.has(String(value))
  if (name === 'pattern') return /\(\?/.test(String(value))
  return (name === 'minimum' || name === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER
}

function nullable(part: Schema): Schema | undefined {
  if (takesNull(part)) return undefined
  const { description, ...rest } = part
  const about = description === undefined ? {} : { description }
  if (Array.isArray(part['anyOf'])) return { ...part, anyOf: [...(part['anyOf'] as Schema[]), { type: 'null' }] }
  if (typeof part['type'] === 'string' && part['enum'] === undefined && part['const'] === undefined)
    return { ...part, type: [part['type'], 'null'] }
  return { ...about, anyOf: [rest, { type: 'null' }] }
}

function takesNull(part: Schema): boolean {
  if (Array.isArray(part['anyOf'])) return (part['anyOf'] as Schema[]).some(takesNull)
  return [part['type']].flat().includes('null') || part['const'] === null
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
