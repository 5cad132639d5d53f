/** What of a tool its declaration needs. */
export interface DeclaredTool {
  readonly name: string
  readonly description: string
  readonly input_schema: Readonly<Record<string, unknown>>
  readonly output_schema: Readonly<Record<string, unknown>>
}

/** TypeScript declarations of tools, as short as an agent can use them: the first sentence of each, its input and its output. */
export function typesOf(tools: readonly DeclaredTool[]): string {
  const aliases: string[] = []
  const methods = tools.map(({ name, description, input_schema: given, output_schema: gives }) => {
    const input = declare({ root: given, prefix: `${name}_input`, io: 'input', aliases })
    const output = declare({ root: gives, prefix: `${name}_output`, io: 'output', aliases })
    const optional = Array.isArray(given['required']) && given['required'].length > 0 ? '' : '?'
    return `  /** ${comment(description)} */\n  ${key(name)}(input${optional}: ${input}): Promise<${output}>`
  })
  return ['declare const tools: {', ...methods, '}', ...aliases, ''].join('\n')
}

/** The first sentence, on one line that does not end the comment. */
function comment(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const sentence = /^.*?[.!?](?= |$)/.exec(line)?.[0] ?? line
  return sentence.slice(0, maxComment).replaceAll('*/', '* /')
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

const maxComment = 300
const maxDepth = 12
/** References inside each other; a schema of a user with a thousand of them would exhaust the stack. */
const maxNested = 50
/** Characters for each side of a tool; a part beyond them is `unknown`. */
const maxLength = 20_000

interface Side {
  readonly root: unknown
  readonly prefix: string
  readonly io: 'input' | 'output'
  readonly aliases: string[]
}

type Fields = Readonly<Record<string, unknown>>

function declare({ root, prefix, io, aliases }: Side): string {
  const names = new Map<string, string>()
  let length = 0
  let nested = 0

  const reference = (pointer: string, open: ReadonlySet<string>): string => {
    // A type may contain itself in a field, but must not be itself.
    if (open.has(pointer)) return 'unknown'
    const known = names.get(pointer)
    if (known !== undefined) return known
    const schema = nested < maxNested ? partAt(root, pointer) : undefined
    if (schema === undefined) return 'unknown'
    const name = `${prefix.replaceAll(/[^\w$]/g, '_').replace(/^(?=\d)/, '_')}_${names.size + 1}`
    names.set(pointer, name)
    nested++
    const text = render(schema, 0, new Set([...open, pointer]))
    nested--
    // Two types that are only each other would be a circle.
    aliases.push(`type ${name} = ${text}`)
    return name
  }

  const render = (schema: unknown, depth: number, open: ReadonlySet<string>): string => {
    if (schema === false) return 'never'
    if (!isFields(schema) || depth > maxDepth || length > maxLength) return 'unknown'
    const text = renderFields(schema, depth, open)
    length += text.length
    return text
  }

  const renderFields = (schema: Fields, depth: number, open: ReadonlySet<string>): string => {
    const { $ref: ref, const: constant, enum: values, anyOf, oneOf, allOf, nullable } = schema
    if (typeof ref === 'string') return reference(ref, open)
    if (Object.hasOwn(schema, 'const')) return literal(constant)
    if (Array.isArray(values)) return union(values.map(literal))
    const choices = anyOf ?? oneOf
    if (Array.isArray(choices)) return union(choices.map((one: unknown) => render(one, depth, open)))
    if (Array.isArray(allOf) && allOf.length > 0) return allOf.map((one: unknown) => `(${render(one, depth, open)})`).join(' & ')
    const types = Array.isArray(schema['type'])
      ? (schema['type'] as unknown[])
      : [schema['type'] ?? (isFields(schema['properties']) ? 'object' : undefined)]
    return union([...types.map((type) => ofType(type, schema, depth)), ...(nullable === true ? ['null'] : [])])
  }

  // oxlint-disable-next-line max-params -- The depth goes along with every part.
  const ofType = (type: unknown, schema: Fields, depth: number): string => {
    switch (type) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return type
      case 'integer':
        return 'number'
      case 'array':
        return arrayOf(schema, depth + 1)
      case 'object':
        return objectOf(schema, depth + 1)
      default:
        return 'unknown'
    }
  }

  const arrayOf = ({ items, prefixItems }: Fields, depth: number): string => {
    if (Array.isArray(prefixItems)) return `[${prefixItems.map((one: unknown) => render(one, depth, none)).join(', ')}]`
    const item = items === undefined ? 'unknown' : render(items, depth, none)
    return /^[\w$]+$/.test(item) || (item.startsWith('{') && !/[|&]/.test(item.slice(item.lastIndexOf('}')))) ? `${item}[]` : `(${item})[]`
  }

  const objectOf = ({ properties, required, additionalProperties: more }: Fields, depth: number): string => {
    const needed = new Set(Array.isArray(required) ? (required as unknown[]) : [])
    const fields = Object.entries(isFields(properties) ? properties : {}).map(([name, field]) => {
      const hasDefault = io === 'input' && isFields(field) && Object.hasOwn(field, 'default')
      return `${key(name)}${needed.has(name) && !hasDefault ? '' : '?'}: ${render(field, depth, none)}`
    })
    const rest = isFields(more) && Object.keys(more).length > 0 ? render(more, depth, none) : 'unknown'
    if (fields.length > 0) return `{ ${fields.join('; ')} }`
    return more === false ? '{}' : `{ [key: string]: ${rest} }`
  }

  return render(root, 0, new Set(['#']))
}

const none: ReadonlySet<string> = new Set()

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function literal(value: unknown): string {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value) ? JSON.stringify(value) : 'unknown'
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)]
  if (distinct.includes('unknown')) return 'unknown'
  return distinct.length === 0 ? 'never' : distinct.join(' | ')
}

/** What a reference such as `#/$defs/user` names. */
function partAt(root: unknown, pointer: string): unknown {
  if (!pointer.startsWith('#')) return undefined
  const names = pointer
    .slice(1)
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  let at = root
  for (const name of names) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Fields)[name]
  }
  return at
}
