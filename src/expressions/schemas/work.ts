import type { SchemaJob } from '../job.ts'
import { linearFormats, linearRegExp } from './formats.ts'
import { compileSchema, type SchemaError, type Validator } from './validator.ts'

/** What a worker says about a schema and a value. */
export interface SchemaAnswer {
  /** Why the schema cannot be used. */
  readonly invalid?: string
  readonly errors: readonly SchemaError[]
  /** The value with the defaults filled in. */
  readonly value?: unknown
}

const maxValidators = 100
const validators = new Map<string, Validator>()
const regExp = Object.assign(linearRegExp, { code: 'linearRegExp' })

/** Runs in a worker. */
export function validateJob({ text, payload }: SchemaJob): SchemaAnswer {
  let validate: Validator
  try {
    validate = validatorOf(text)
  } catch (error) {
    if (error instanceof RangeError) throw error
    return { invalid: (error as Error).message.slice(0, 200), errors: [] }
  }
  if (payload === undefined) return { errors: [] }
  const value: unknown = JSON.parse(payload)
  const errors = validate(value)
  return { errors, ...(errors.length === 0 ? { value } : {}) }
}

function validatorOf(text: string): Validator {
  const known = validators.get(text)
  if (known) return known
  const made = compileSchema(text, { formats: linearFormats, regExp })
  if (validators.size >= maxValidators) validators.clear()
  validators.set(text, made)
  return made
}
