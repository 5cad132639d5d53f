import { formatNames } from './format-names.ts'

/** What a keyword's value must be. `true` stands for any value. */
type Form = (value: unknown) => string | undefined

const isList = (value: unknown): value is unknown[] => Array.isArray(value)
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !isList(value)
const all =
  (test: (value: unknown) => boolean, expected: string): Form =>
  (value) =>
    test(value) ? undefined : expected

const any: Form = () => undefined
const text = all((value) => typeof value === 'string', 'must be a string')
const truth = all((value) => typeof value === 'boolean', 'must be true or false')
const number = all((value) => typeof value === 'number' && Number.isFinite(value), 'must be a number')
const positive = all((value) => typeof value === 'number' && Number.isFinite(value) && value > 0, 'must be a number above 0')
const count = all((value) => Number.isSafeInteger(value) && (value as number) >= 0, 'must be a whole number that is not negative')
const list = all(isList, 'must be a list')
const filledList = all((value) => isList(value) && value.length > 0, 'must be a list that is not empty')
const map = all(isObject, 'must be an object')
const isNames = (value: unknown): boolean => isList(value) && value.every((name) => typeof name === 'string')
const names = all(isNames, 'must be a list of strings')
const namesByName = all((value) => isObject(value) && Object.values(value).every(isNames), 'must be an object of lists of strings')

const types = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])
const type: Form = (value) => {
  const given = isList(value) ? value : [value]
  if (given.length > 0 && new Set(given).size === given.length && given.every((one) => types.has(one as string))) return undefined
  return `must be equal to one of the allowed values: ${[...types].join(', ')}`
}

const dialect = 'https://json-schema.org/draft/2020-12/schema'

/** The keywords of draft 2020-12 that the schemas of users may have. Those that name or load other schemas are not among them. */
export const keywords: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    $schema: all((value) => value === dialect || value === `${dialect}#`, `must be ${dialect}`),
    $comment: text,
    title: text,
    description: text,
    default: any,
    examples: list,
    deprecated: truth,
    readOnly: truth,
    writeOnly: truth,
    $ref: all((value) => typeof value === 'string' && /^#(\/|$)/.test(value), 'must point into the same schema: `#/…`'),
    $defs: map,
    definitions: map,
    type,
    nullable: truth,
    enum: filledList,
    const: any,
    properties: map,
    required: names,
    additionalProperties: any,
    patternProperties: map,
    propertyNames: any,
    minProperties: count,
    maxProperties: count,
    dependentRequired: namesByName,
    dependentSchemas: map,
    unevaluatedProperties: any,
    items: any,
    prefixItems: filledList,
    contains: any,
    minContains: count,
    maxContains: count,
    minItems: count,
    maxItems: count,
    uniqueItems: truth,
    unevaluatedItems: any,
    minLength: count,
    maxLength: count,
    pattern: text,
    format: all((value) => formatNames.has(value as string), `must be one of: ${[...formatNames].join(', ')}`),
    contentEncoding: text,
    contentMediaType: text,
    minimum: number,
    maximum: number,
    exclusiveMinimum: number,
    exclusiveMaximum: number,
    multipleOf: positive,
    allOf: filledList,
    anyOf: filledList,
    oneOf: filledList,
    not: any,
    if: any,
    // oxlint-disable-next-line unicorn/no-thenable -- It is a keyword of JSON Schema.
    then: any,
    else: any,
  }),
)

const holdsSchema = new Set(
  'additionalProperties propertyNames unevaluatedProperties items contains unevaluatedItems not if then else'.split(' '),
)
const holdsList = new Set(['prefixItems', 'allOf', 'anyOf', 'oneOf'])
/** Their schemas are used only where something refers to them. */
const holdsDefinitions = new Set(['$defs', 'definitions'])
const holdsMap = new Set(['properties', 'patternProperties', 'dependentSchemas', ...holdsDefinitions])

export interface Inner {
  readonly path: readonly (string | number)[]
  readonly schema: unknown
  /** Whether values are checked against it here. A definition is used only by those who refer to it. */
  readonly applies: boolean
}

/** The schemas that are directly inside a schema. */
export function innerSchemas(schema: Readonly<Record<string, unknown>>): Inner[] {
  return Object.entries(schema).flatMap(([keyword, value]): Inner[] => {
    if (holdsSchema.has(keyword)) return [{ path: [keyword], schema: value, applies: true }]
    if (holdsList.has(keyword) && isList(value))
      return value.map((inner, index) => ({ path: [keyword, index], schema: inner, applies: true }))
    if (!holdsMap.has(keyword) || !isObject(value)) return []
    const applies = !holdsDefinitions.has(keyword)
    return Object.entries(value).map(([name, inner]) => ({ path: [keyword, name], schema: inner, applies }))
  })
}
