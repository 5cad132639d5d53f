import { innerSchemas, targetOf, type JsonSchema } from '#expressions'
import type { SecretValue } from '#lib/secret-values'
import { isRecord } from '#lib/is-record'

/** What of a value its schema marks with `writeOnly`. Where a schema has alternatives, what one of them marks is secret. */
export interface Marked {
  /** The texts and numbers in the marked places. If there are more than the limit, the rest was not looked for. */
  readonly values: readonly SecretValue[]
  /** The value with what is in every marked place replaced, booleans too, which no other place is compared with. */
  hide(show: (part: unknown) => unknown): unknown
}

/** Finds what of a value a schema marks, and stops where that is more than `most` texts and numbers. */
export type FindMarked = (value: unknown, most: number) => Marked

/** A part of a value, and the parts in it that may be marked. */
interface Place {
  isMarked: boolean
  readonly inner: Map<string, Place>
}

/** Undefined for a schema that marks nothing. Parts of a value about which it marks nothing are not looked at. */
export function createMarkFinder(schema: JsonSchema): FindMarked | undefined {
  const marking = new Map<object, boolean>()
  /** Whether it marks anything, itself or through what it refers to. */
  const marks = (at: unknown): boolean => {
    if (!isRecord(at)) return false
    const known = marking.get(at)
    if (known !== undefined) return known
    marking.set(at, false)
    const { writeOnly, $ref: reference } = at
    const found =
      writeOnly === true ||
      (typeof reference === 'string' && marks(targetOf(schema, reference))) ||
      innerSchemas(at).some((inner) => inner.applies && marks(inner.schema))
    marking.set(at, found)
    return found
  }
  return marks(schema) ? (value, most) => markedIn({ schema, marks, most }, value) : undefined
}

interface Search {
  readonly schema: JsonSchema
  readonly marks: (at: unknown) => boolean
  readonly most: number
}

function markedIn({ schema, marks, most }: Search, value: unknown): Marked {
  const values = new Set<SecretValue>()
  const looked = new Map<object, Set<Place>>()
  const collect = (part: unknown): void => {
    if (values.size > most) return
    if (typeof part === 'number' || (typeof part === 'string' && part !== '')) values.add(part)
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect)
  }
  const mark = (at: unknown, part: unknown, place: Place): void => {
    if (place.isMarked || !isRecord(at) || !marks(at)) return
    // Once for each value, however often references lead to the schema.
    const before = looked.get(at) ?? new Set()
    if (before.has(place)) return
    looked.set(at, before.add(place))
    if (at['writeOnly'] === true) {
      place.isMarked = true
      return collect(part)
    }
    const { $ref: reference } = at
    if (typeof reference === 'string') mark(targetOf(schema, reference), part, place)
    for (const inner of sameValue(at)) mark(inner, part, place)
    for (const { name, schemas } of innerValues(at, part)) {
      if (values.size > most) return
      const relevant = schemas.filter(marks)
      if (relevant.length === 0) continue
      const inside = place.inner.get(name) ?? newPlace()
      place.inner.set(name, inside)
      for (const inner of relevant) mark(inner, (part as Record<string, unknown>)[name], inside)
    }
  }
  const root = newPlace()
  mark(schema, value, root)
  return { values: [...values], hide: (show) => replaced(value, root, show) }
}

function newPlace(): Place {
  return { isMarked: false, inner: new Map() }
}

/** Schemas of the same value. */
function sameValue(schema: JsonSchema): unknown[] {
  const { allOf, anyOf, oneOf, dependentSchemas, if: condition, then, else: otherwise } = schema
  return [allOf, anyOf, oneOf, [condition, then, otherwise], isRecord(dependentSchemas) ? Object.values(dependentSchemas) : []].flatMap(
    (list) => (Array.isArray(list) ? (list as unknown[]) : []),
  )
}

/** The schemas of what is in a value. A pattern is not evaluated: its schema counts for every name that is not declared. */
function* innerValues(schema: JsonSchema, value: unknown): Generator<{ name: string; schemas: readonly unknown[] }> {
  if (Array.isArray(value)) {
    const { prefixItems, items, contains, unevaluatedItems } = schema
    const first: unknown[] = Array.isArray(prefixItems) ? prefixItems : []
    const others = [items, contains, unevaluatedItems]
    for (const index of value.keys()) yield { name: String(index), schemas: index < first.length ? [first[index], contains] : others }
  } else if (isRecord(value)) {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema
    const declared = isRecord(properties) ? properties : {}
    const patterns = isRecord(patternProperties) ? Object.values(patternProperties) : []
    const others = [...patterns, additionalProperties, unevaluatedProperties]
    for (const name of Object.keys(value)) yield { name, schemas: Object.hasOwn(declared, name) ? [declared[name], ...patterns] : others }
  }
}

/** The value with what is in the marked places replaced. The rest is not copied. */
function replaced(value: unknown, { isMarked, inner }: Place, show: (part: unknown) => unknown): unknown {
  if (isMarked) return show(value)
  if (inner.size === 0 || typeof value !== 'object' || value === null) return value
  const replace = (part: unknown, name: string): unknown => {
    const place = inner.get(name)
    return place ? replaced(part, place, show) : part
  }
  if (Array.isArray(value)) return value.map((item, index) => replace(item, String(index)))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replace(item, name)]))
}
