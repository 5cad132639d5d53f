import { hubError, HubError, type ErrorCode } from '#errors'

/** Why a step or a run failed, as it is stored, shown, and seen by `catch`. */
export interface RunError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly retryable: boolean
  /** The step that failed. */
  readonly step?: string
}

/** A step has failed and is not retried any more. */
export class StepFailed extends Error {
  readonly error: RunError
  constructor(error: RunError) {
    super(error.message)
    this.error = error
  }
}

export function toRunError(thrown: unknown, step: string): RunError {
  if (thrown instanceof StepFailed) return thrown.error
  const error = thrown instanceof HubError ? thrown : hubError('internal', { cause: thrown })
  const { hint, errors } = error.details
  const places = errors?.map(({ path, message }) => `${path} ${message}`).join('; ')
  return {
    code: error.code,
    message: places ? `${error.message} (${places})` : error.message,
    ...(hint ? { hint } : {}),
    retryable: error.entry.retryable,
    step,
  }
}

export function failure(code: ErrorCode, detail: string, hint?: string): HubError {
  return hubError(code, { detail, ...(hint === undefined ? {} : { hint }) })
}
