/** The part of JSON Schema that forms know. What they do not know is written as JSON. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly format?: string
  readonly writeOnly?: boolean
  /** How connectors mark the secret fields of their credentials. */
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly examples?: readonly unknown[]
}

export type Control =
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  /** One of some texts, or anything else as JSON. */
  | { readonly kind: 'choice-or-json'; readonly options: readonly string[] }
  | { readonly kind: 'text'; readonly isSecret: boolean; readonly isLong: boolean; readonly inputType: string }
  | { readonly kind: 'number'; readonly isInteger: boolean }
  | { readonly kind: 'yes-no' }
  | { readonly kind: 'texts' }
  | { readonly kind: 'object' }
  | { readonly kind: 'json' }

/** Without `null`, and without the way around a single alternative. */
export function plainSchema(schema: Schema): Schema {
  const alternatives = (schema.anyOf ?? schema.oneOf)?.filter(({ type }) => type !== 'null')
  if (alternatives?.length === 1)
    return { ...schema, ...plainSchema(alternatives[0]!), ...(schema.description ? { description: schema.description } : {}) }
  if (Array.isArray(schema.type)) {
    const types = (schema.type as readonly string[]).filter((type) => type !== 'null')
    if (types.length === 1) return { ...schema, type: types[0]! }
  }
  return schema
}

const inputTypes: Readonly<Record<string, string>> = { email: 'email', uri: 'url', date: 'date' }

export function controlFor(given: Schema): Control {
  const schema = plainSchema(given)
  if (schema.enum?.every((value) => typeof value === 'string')) return { kind: 'choice', options: schema.enum }
  switch (schema.type) {
    case 'string': {
      const isLong =
        schema.format === undefined &&
        !schema.writeOnly &&
        /\b(private key|body|text|description|content|message|comment|markdown)\b/i.test(schema.title ?? '')
      return {
        kind: 'text',
        isSecret: schema.writeOnly ?? schema.secret ?? false,
        isLong,
        inputType: inputTypes[schema.format ?? ''] ?? 'text',
      }
    }
    case 'integer':
    case 'number':
      return { kind: 'number', isInteger: schema.type === 'integer' }
    case 'boolean':
      return { kind: 'yes-no' }
    case 'array':
      return schema.items && plainSchema(schema.items).type === 'string' && !schema.items.enum ? { kind: 'texts' } : { kind: 'json' }
    case 'object':
      return schema.properties ? { kind: 'object' } : { kind: 'json' }
    default:
      return textsOf(schema)
  }
}

function textsOf({ anyOf, oneOf }: Schema): Control {
  const texts = (anyOf ?? oneOf)?.find(({ enum: values }) => values?.every((value) => typeof value === 'string'))
  return texts ? { kind: 'choice-or-json', options: texts.enum as string[] } : { kind: 'json' }
}

export type Values = Readonly<Record<string, unknown>>

/** The values with one changed; an undefined one is left out, so that a field that was emptied is not sent. */
export function withValue(values: Values, name: string, value: unknown): Values {
  const { [name]: _, ...others } = values
  return value === undefined ? others : { ...others, [name]: value }
}

const decimal = /^[+-]?(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i

/** The digits that count and the power of ten that they are multiplied by, or undefined where the text is not written as numbers are. */
function digitsOf(text: string): string | undefined {
  const [isDecimal, whole = '', part = '', power = '0'] = decimal.exec(text) ?? []
  if (isDecimal === undefined) return undefined
  const all = (whole + part).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  return digits === '' ? '0' : `${digits}e${Number(power) - part.length + all.length - digits.length}`
}

/** The number that a text means. A text that means none stays as it is, and so does a number that would become another one. */
export function numberIn(text: string): number | string {
  const plain = text.trim()
  const digits = digitsOf(plain)
  const number = Number(plain)
  return digits !== undefined && digitsOf(String(number)) === digits ? number : text
}

/** A text that may still become a number as more of it is written: `-`, `1e`. */
export function isNumberBegun(text: string): boolean {
  return /^[+-]?\d*\.?\d*(\de[+-]?)?$/i.test(text.trim())
}

/** The lines of a text that are not empty. */
export function linesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** The fields of an object: those that are required first. */
export function fieldsOf({ properties = {}, required = [] }: Schema): { name: string; schema: Schema; isRequired: boolean }[] {
  const all = Object.entries(properties).map(([name, schema]) => ({ name, schema, isRequired: required.includes(name) }))
  return [...all.filter(({ isRequired }) => isRequired), ...all.filter(({ isRequired }) => !isRequired)]
}

/** `owner_name` reads "Owner name". */
export function titleOf(name: string, { title }: Schema): string {
  const words =
    title ??
    name
      .replaceAll(/[_-]/g, ' ')
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
