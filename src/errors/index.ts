/**
 * Every error that a caller can receive, in one table. A module throws `hubError('code', …)`, and the transports render it: the status comes
 * from this table only. `docs/errors.md` is generated from this table, and a test compares the two.
 */
export type ErrorKind =
  | 'authentication'
  | 'permission'
  | 'rate_limit'
  | 'network'
  | 'timeout'
  | 'upstream'
  | 'validation'
  | 'not_found'
  | 'conflict'
  | 'policy'
  | 'outcome_unknown'
  | 'internal'

export interface ErrorEntry {
  readonly kind: ErrorKind
  readonly status: number
  readonly retryable: boolean
  readonly title: string
}

const entry = (kind: ErrorKind, status: number, retryable: boolean, title: string): ErrorEntry => ({ kind, status, retryable, title })

export const errorCatalogue = {
  // The request itself
  bad_json: entry('validation', 400, false, 'The body is not valid JSON.'),
  invalid_input: entry('validation', 400, false, 'The input is not valid. `errors` lists each problem with its path.'),
  unsupported_media_type: entry('validation', 415, false, 'The endpoint does not accept this content type.'),
  body_too_large: entry('validation', 413, false, 'The body is larger than this endpoint accepts.'),
  headers_too_large: entry('validation', 431, false, 'The header fields are larger than the hub accepts.'),
  request_timeout: entry('timeout', 408, true, 'The request did not arrive in time.'),
  not_found: entry('not_found', 404, false, 'Nothing was found under this name or path.'),
  // The caller
  token_missing: entry('authentication', 401, false, 'The request needs a token: `Authorization: Bearer ih_…`.'),
  token_invalid: entry('authentication', 401, false, 'The token is unknown, expired or revoked.'),
  scope_missing: entry('permission', 403, false, 'The token does not have a scope that this operation needs.'),
  too_many_attempts: entry('rate_limit', 429, true, 'There were too many failed attempts from this address.'),
  webhook_refused: entry('authentication', 401, false, 'The signature of this delivery is not accepted.'),
  // State
  already_exists: entry('conflict', 409, false, 'An object with this name exists already.'),
  in_use: entry('conflict', 409, false, 'The object is still in use.'),
  approval_decided: entry('conflict', 409, false, 'A decision on this approval was already made.'),
  // Credentials and keys
  credential_missing: entry('authentication', 409, false, 'The named credential does not exist.'),
  key_unknown: entry('internal', 500, false, 'A secret was encrypted with a key that this hub does not have.'),
  seal_broken: entry('internal', 500, false, 'An encrypted secret cannot be decrypted with the key that it names.'),
  vault_sealed: entry('upstream', 503, true, 'Vault is sealed.'),
  vault_denied: entry('permission', 502, false, 'Vault refused the request of the hub.'),
  vault_unreachable: entry('network', 503, true, 'Vault cannot be reached.'),
  vault_timeout: entry('timeout', 504, true, 'Vault did not answer in time.'),
  vault_failed: entry('upstream', 502, true, 'Vault answered with an error.'),
  // Tools and integrations
  tool_unknown: entry('not_found', 404, false, 'There is no tool with this name.'),
  integration_unknown: entry('not_found', 404, false, 'There is no integration with this name or id.'),
  integration_missing: entry('conflict', 409, false, 'There is no integration that this tool can use.'),
  integration_ambiguous: entry('conflict', 409, false, 'This tool can use several integrations. Name one of them.'),
  integration_disabled: entry('conflict', 409, false, 'The integration is disabled.'),
  policy_denied: entry('policy', 403, false, 'A policy of this workspace forbids this call.'),
  approval_rejected: entry('policy', 403, false, 'A person rejected this call.'),
  approval_expired: entry('policy', 403, false, 'Nobody approved this call in time.'),
  approval_required: entry('policy', 403, false, 'A policy of this workspace requires that a person approves this call.'),
  approval_mismatch: entry('policy', 403, false, 'The approval is for another call, or was already used.'),
  in_progress: entry('conflict', 409, true, 'The call with this idempotency key is still in progress.'),
  key_reused: entry('validation', 422, false, 'This idempotency key was already used for another call.'),
  interrupted: entry('internal', 503, true, 'The process stopped during the call. Nothing was changed in the outside system.'),
  outcome_unknown: entry(
    'outcome_unknown',
    502,
    false,
    'The call was sent, but no answer arrived. The outside system may or may not have executed it.',
  ),
  cancelled: entry('timeout', 499, true, 'The caller closed the connection before the call ended.'),
  // Expressions
  expression_failed: entry('validation', 422, false, 'An expression is not valid, or it failed on its input.'),
  expression_limit: entry('validation', 422, false, 'An expression exceeded its limit of time, memory or output size.'),
  // Flows
  flow_invalid: entry('validation', 400, false, 'The definition of the flow is not valid. `errors` lists each problem with its place.'),
  flow_cycle: entry('policy', 409, false, 'Flows start each other by events in an endless cycle.'),
  flow_failed: entry('upstream', 502, false, 'A run of the flow failed.'),
  flow_disabled: entry('conflict', 409, false, 'The flow is disabled.'),
  run_state_conflict: entry(
    'conflict',
    409,
    false,
    'The state of the run does not allow this: the run has already ended, or has not ended yet.',
  ),
  run_quarantined: entry(
    'internal',
    500,
    false,
    'Three processes died while they executed this run. The hub does not execute it again until it is retried.',
  ),
  step_timeout: entry('timeout', 504, true, 'The step exceeded its time limit.'),
  wait_timeout: entry('timeout', 504, false, 'What the step waited for did not happen in time.'),
  // The outside systems
  vendor_unauthorized: entry('authentication', 424, false, 'The outside system refused the credential.'),
  vendor_forbidden: entry('permission', 424, false, 'The credential is not allowed to do this in the outside system.'),
  vendor_not_found: entry(
    'not_found',
    404,
    false,
    'The outside system does not have this object, or the credential is not allowed to see it.',
  ),
  vendor_conflict: entry('conflict', 409, false, 'The request conflicts with the current state in the outside system.'),
  vendor_rejected: entry('validation', 422, false, 'The outside system rejected the request as invalid.'),
  vendor_rate_limited: entry('rate_limit', 429, true, 'The rate limit of the outside system is exceeded.'),
  rate_limited: entry('rate_limit', 429, true, 'The rate limit of this integration is exceeded.'),
  vendor_unreachable: entry('network', 502, true, 'The outside system cannot be reached.'),
  vendor_timeout: entry('timeout', 504, true, 'The outside system did not answer in time.'),
  vendor_failed: entry('upstream', 502, true, 'The outside system answered with an internal error.'),
  vendor_invalid_response: entry('upstream', 502, false, 'The outside system sent an answer that does not match its documentation.'),
  vendor_too_large: entry('upstream', 502, false, 'The answer of the outside system is larger than the hub accepts.'),
  address_refused: entry('policy', 403, false, 'The hub is not allowed to connect to this address.'),
  // The hub
  database_unavailable: entry('internal', 503, true, 'The database cannot be reached.'),
  shutting_down: entry('internal', 503, true, 'The hub is shutting down.'),
  internal: entry('internal', 500, false, 'An internal error occurred. The log contains the details under the request id.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue

export interface FieldError {
  readonly path: string
  readonly message: string
}

export interface ErrorDetails {
  /** For the caller: what happened in this case. */
  readonly detail?: string
  /** For the caller: what to do next. */
  readonly hint?: string
  readonly errors?: readonly FieldError[]
  /** Seconds. */
  readonly retryAfter?: number
  /** The tool call that failed. */
  readonly invocationId?: string
  /** The approval that the call waits for. */
  readonly approvalId?: string
  /** For the log only: it is never sent to a caller. */
  readonly cause?: unknown
}

export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.detail ?? errorCatalogue[code].title, { cause: details.cause })
    this.code = code
    this.details = details
  }

  /** Returns the same error with more details. */
  with(more: ErrorDetails): HubError {
    return new HubError(this.code, { ...this.details, ...more })
  }

  get entry(): ErrorEntry {
    return errorCatalogue[this.code]
  }
}

export function hubError(code: ErrorCode, details?: ErrorDetails): HubError {
  return new HubError(code, details)
}
