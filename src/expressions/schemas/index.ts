import { hubError, type HubError } from '#errors'
import type { Fault } from '../compile.ts'
import { isLargerThan } from '../input-size.ts'
import type { Answer } from '../job.ts'
import type { Pool } from '../pool.ts'
import { boundedFormats } from './bounded-formats.ts'
import { faultsOf, type SchemaFault } from './faults.ts'
import { isPlainSchema, isSmall } from './plain-schema.ts'
import type { Schemas } from './types.ts'
import { compileSchema, type Validator } from './validator.ts'
import type { SchemaAnswer } from './work.ts'

export type { JsonSchema, Schemas } from './types.ts'
export { targetOf } from './faults.ts'
export { innerSchemas } from './keywords.ts'
export { toSchemaError, type SchemaError } from './validator.ts'

/** More than an expression may take, because a worker loads the validator with its first schema. */
const timeoutMs = 2000
const maxOutputBytes = 2_000_000
const maxValue = 5_000_000
const maxKnown = 500
const maxText = 262_144
const maxKeptText = 20_000

/** A schema that was looked at: it has faults, or a validator for this process, or it needs a worker. */
interface Known {
  readonly faults: readonly SchemaFault[]
  readonly validate?: Validator
  /** A worker has compiled it. */
  compiles?: boolean
}

export interface SchemasDeps {
  readonly pool: Pick<Pool, 'run'>
  /** The error for a validation that exceeded a limit. */
  readonly refuse: (fault: Fault) => HubError
}

export function createSchemas({ pool, refuse }: SchemasDeps): Schemas {
  const known = new Map<string, Known>()

  const look = (schema: unknown): { text: string; of: Known } => {
    const text = JSON.stringify(schema) ?? 'null'
    const there = known.get(text)
    if (there) return { text, of: there }
    const of = lookAt(schema, text)
    if (known.size >= maxKnown) known.clear()
    if (text.length <= maxKeptText) known.set(text, of)
    return { text, of }
  }

  const run = (workspaceId: string, text: string, payload?: string): Promise<Answer> =>
    pool.run(workspaceId, { kind: 'schema', text, payload, timeoutMs, maxOutputBytes })

  return {
    async check(schema, { workspaceId }) {
      const { text, of } = look(schema)
      if (of.faults.length > 0 || of.validate || of.compiles) return of.faults
      const answer = await run(workspaceId, text)
      if ('fault' in answer) return [{ path: [], message: `it cannot be used: ${answer.fault.message}` }]
      const { invalid } = outputOf(answer)
      if (invalid !== undefined) return [{ path: [], message: invalid }]
      of.compiles = true
      return []
    },
    async validate(schema, value, { workspaceId }) {
      const { text, of } = look(schema)
      const [fault] = of.faults
      if (fault) throw unusable(`${fault.path.join('.') || 'at its top'}: ${fault.message}`)
      if (of.validate && isSmall(value)) {
        const filled = structuredClone(value)
        return { errors: of.validate(filled), value: filled }
      }
      const answer = await run(workspaceId, text, payloadOf(value))
      if ('fault' in answer) throw refuse(answer.fault)
      const { invalid, errors, value: filled } = outputOf(answer)
      if (invalid !== undefined) throw unusable(invalid)
      return { errors, value: errors.length === 0 ? filled : value }
    },
  }
}

function lookAt(schema: unknown, text: string): Known {
  if (text.length > maxText) return { faults: [{ path: [], message: `the schema is larger than ${maxText} characters` }] }
  const faults = faultsOf(schema)
  if (faults.length > 0 || !isPlainSchema(schema, text)) return { faults }
  return { faults, validate: compileSchema(text, { formats: boundedFormats }) }
}

function outputOf({ output }: Extract<Answer, { output: unknown }>): SchemaAnswer {
  return JSON.parse(output!) as SchemaAnswer
}

function unusable(reason: string): HubError {
  return hubError('expression_failed', {
    detail: `The JSON Schema cannot be used: ${reason}.`,
    hint: 'Correct the schema and save it again.',
  })
}

function payloadOf(value: unknown): string {
  if (isLargerThan(maxValue, value))
    throw hubError('expression_limit', {
      detail: `The value is larger than ${maxValue} characters of JSON, which a JSON Schema cannot check.`,
    })
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (cause) {
    throw hubError('expression_limit', { detail: 'The value is nested too deeply to be checked against its JSON Schema.', cause })
  }
}
