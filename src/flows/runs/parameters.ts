import type { Expressions, SchemaError } from '#expressions'
import { hubError, type FieldError } from '#errors'
import { parametersSchema } from '../definitions/parameters.ts'
import { isRecord } from '#lib/is-record'
import { suggest } from '../definitions/problems.ts'
import type { FlowWithVersion } from '../definitions/flow-store.ts'

/** Checks what a flow is started with, and fills in the defaults. */
export async function checkParameters(
  { schemas }: Pick<Expressions, 'schemas'>,
  { definition, workspaceId }: Pick<FlowWithVersion, 'definition' | 'workspaceId'>,
  parameters: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  if (!definition.parameters) return parameters
  const { errors, value } = await schemas.validate(parametersSchema(definition), parameters, { workspaceId })
  if (errors.length === 0) return value as Record<string, unknown>
  const { properties } = definition.parameters
  const names = isRecord(properties) ? Object.keys(properties) : []
  throw hubError('invalid_input', {
    detail: `the parameters do not fit ${definition.id}`,
    errors: errors.map((error) => fieldErrorOf(error, names)),
  })
}

function fieldErrorOf({ instancePath, message, missing, extra }: SchemaError, names: readonly string[]): FieldError {
  const around = instancePath.split('/').filter(Boolean)
  const path = ['parameters', ...around, ...(missing ? [missing] : []), ...(extra ? [extra] : [])].join('.')
  if (missing) return { path, message: 'is missing' }
  if (!extra) return { path, message }
  return { path, message: around.length > 0 ? 'is not known here' : `is not a parameter of the flow. ${suggest(extra, names)}` }
}
