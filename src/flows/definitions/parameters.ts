import type { JsonSchema } from '#expressions'
import { isRecord } from '#lib/is-record'
import type { Definition } from './types.ts'

/** Keywords that say by themselves what else a value may have, or that declare further properties. */
const saysMore = ['additionalProperties', 'unevaluatedProperties'] as const
const declaresMore = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'] as const

/** What a flow is started with, as one JSON Schema. Where it names its parameters, others are refused unless it allows them. */
export function parametersSchema({ parameters = {} }: Pick<Definition, 'parameters'>): JsonSchema {
  const schema = { type: 'object', ...parameters }
  const { properties, required } = parameters
  if (!isRecord(properties) || saysMore.some((keyword) => Object.hasOwn(parameters, keyword))) return schema
  // A name that is only required is declared too.
  const named = Array.isArray(required) ? required.filter((name) => !Object.hasOwn(properties, name)) : []
  const all = { ...properties, ...Object.fromEntries(named.map((name) => [name, true])) }
  return { ...schema, properties: all, [isComposed(parameters) ? 'unevaluatedProperties' : 'additionalProperties']: false }
}

/** The names that parameters may have, as the flow writes their schema; undefined when that are not only those that it lists. */
export function parameterNames(written: unknown): ReadonlySet<string> | undefined {
  if (written === undefined) return new Set()
  if (!isRecord(written)) return undefined
  const schema = parametersSchema({ parameters: written })
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema
  const others = additionalProperties ?? (isComposed(schema) ? undefined : unevaluatedProperties)
  if (others !== false || patternProperties !== undefined) return undefined
  return new Set(isRecord(properties) ? Object.keys(properties) : [])
}

function isComposed(schema: JsonSchema): boolean {
  return declaresMore.some((keyword) => Object.hasOwn(schema, keyword))
}
