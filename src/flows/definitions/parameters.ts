import type { JsonSchema } from '#expressions'
import { isRecord } from './problems.ts'
import type { Definition } from './types.ts'

/** Keywords that say by themselves what else a value may have, or that declare further properties. */
const saysMore = ['additionalProperties', 'unevaluatedProperties'] as const
const declaresMore = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'] as const

/** What a flow is started with, as one JSON Schema. Where it names its parameters, others are refused unless it allows them. */
export function parametersSchema({ parameters = {} }: Pick<Definition, 'parameters'>): JsonSchema {
  const schema = { type: 'object', ...parameters }
  const { properties, required } = parameters
  if (!isRecord(properties) || saysMore.some((keyword) => Object.hasOwn(parameters, keyword))) return schema
  const isComposed = declaresMore.some((keyword) => Object.hasOwn(parameters, keyword))
  // A name that is only required is declared too.
  const named = Array.isArray(required) ? required.filter((name) => !Object.hasOwn(properties, name)) : []
  const all = { ...properties, ...Object.fromEntries(named.map((name) => [name, true])) }
  return { ...schema, properties: all, [isComposed ? 'unevaluatedProperties' : 'additionalProperties']: false }
}
