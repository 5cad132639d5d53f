import { targetOf, type JsonSchema } from '#expressions'
import type { SecretValue } from '#lib/secret-values'
import { isRecord } from './problems.ts'

/** What of a value its schema marks with `writeOnly`. Where a schema has alternatives, what one of them marks is secret. */
export interface Marked {
  /** The texts and numbers in the marked places. */
  readonly values: readonly SecretValue[]
  /** The value with every marked place replaced, booleans too, which no other place is compared with. */
  hide(shown: string): unknown
}

export function markedIn(schema: JsonSchema, value: unknown): Marked {
  const places = new Set<string>()
  const looked = new Map<object, Set<string>>()
  const mark = (at: unknown, part: unknown, place: string): void => {
    if (!isRecord(at)) return
    // Once for each value, however often references lead to the schema.
    const before = looked.get(at) ?? new Set()
    if (before.has(place)) return
    looked.set(at, before.add(place))
    if (at['writeOnly'] === true) return void places.add(place)
    const { $ref: reference } = at
    if (typeof reference === 'string') mark(targetOf(schema, reference), part, place)
    for (const inner of sameValue(at)) mark(inner, part, place)
    for (const { inner, name } of innerValues(at, part)) mark(inner, (part as Record<string, unknown>)[name], placeOf(place, name))
  }
  mark(schema, value, '')
  const values: SecretValue[] = []
  const collect = (part: unknown): void => {
    if (typeof part === 'number' || (typeof part === 'string' && part !== '')) values.push(part)
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect)
  }
  visit(value, '', places, collect)
  return { values: [...new Set(values)], hide: (shown) => visit(value, '', places, () => shown) }
}

function placeOf(around: string, name: string): string {
  return `${around}/${JSON.stringify(name)}`
}

/** Schemas of the same value. */
function sameValue(schema: JsonSchema): unknown[] {
  const { allOf, anyOf, oneOf, dependentSchemas, if: condition, then, else: otherwise } = schema
  return [allOf, anyOf, oneOf, [condition, then, otherwise], isRecord(dependentSchemas) ? Object.values(dependentSchemas) : []].flatMap(
    (list) => (Array.isArray(list) ? (list as unknown[]) : []),
  )
}

/** The schemas of what is in a value. A pattern is not evaluated: its schema counts for every name that is not declared. */
function innerValues(schema: JsonSchema, value: unknown): { inner: unknown; name: string }[] {
  if (Array.isArray(value)) {
    const { prefixItems, items, contains, unevaluatedItems } = schema
    const first: unknown[] = Array.isArray(prefixItems) ? prefixItems : []
    return value.flatMap((_, index) =>
      (index < first.length ? [first[index], contains] : [items, contains, unevaluatedItems]).map((inner) => ({
        inner,
        name: String(index),
      })),
    )
  }
  if (!isRecord(value)) return []
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema
  const declared = isRecord(properties) ? properties : {}
  const others = [...(isRecord(patternProperties) ? Object.values(patternProperties) : []), additionalProperties, unevaluatedProperties]
  return Object.keys(value).flatMap((name) =>
    (Object.hasOwn(declared, name)
      ? [declared[name], ...(isRecord(patternProperties) ? Object.values(patternProperties) : [])]
      : others
    ).map((inner) => ({ inner, name })),
  )
}

/** The value with what is in the places replaced by what `change` returns. */
function visit(value: unknown, place: string, places: ReadonlySet<string>, change: (part: unknown) => unknown): unknown {
  if (places.has(place)) return change(value)
  if (places.size === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, index) => visit(item, placeOf(place, String(index)), places, change))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item, placeOf(place, name), places, change)]))
}
