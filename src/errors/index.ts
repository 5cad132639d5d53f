/**
 * Every error a caller can meet, in one table. A module throws `fail('code', …)`; doors render it; nothing else decides on a status.
 * `docs/errors.md` is written from this table and a test compares the two.
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
  invalid_input: entry('validation', 400, false, 'Some of what was sent does not fit; `errors` names each place.'),
  unsupported_media_type: entry('validation', 415, false, 'This content type is not accepted here.'),
  body_too_large: entry('validation', 413, false, 'The body is larger than this endpoint accepts.'),
  headers_too_large: entry('validation', 431, false, 'The header fields are larger than the hub accepts.'),
  request_timeout: entry('timeout', 408, true, 'The request did not arrive in time.'),
  not_found: entry('not_found', 404, false, 'There is nothing under this name or path.'),
  // Who asks
  token_missing: entry('authentication', 401, false, 'A token is needed: `Authorization: Bearer ih_…`.'),
  token_invalid: entry('authentication', 401, false, 'This token is unknown, expired or revoked.'),
  scope_missing: entry('permission', 403, false, 'The token lacks a scope that this needs.'),
  too_many_attempts: entry('rate_limit', 429, true, 'Too many failed attempts from this address.'),
  webhook_refused: entry('authentication', 401, false, 'This delivery is not signed as it should be.'),
  // State
  already_exists: entry('conflict', 409, false, 'Something with this name is there already.'),
  in_use: entry('conflict', 409, false, 'It is still in use.'),
  approval_decided: entry('conflict', 409, false, 'This approval has been decided already.'),
  // Credentials and keys
  credential_missing: entry('authentication', 409, false, 'The credential named here does not exist.'),
  key_unknown: entry('internal', 500, false, 'A secret was sealed with a key that this hub does not have.'),
  seal_broken: entry('internal', 500, false, 'A sealed secret does not open with the key of its id.'),
  vault_sealed: entry('upstream', 503, true, 'Vault is sealed.'),
  vault_denied: entry('permission', 502, false, 'Vault refused the hub.'),
  vault_unreachable: entry('network', 503, true, 'Vault cannot be reached.'),
  vault_timeout: entry('timeout', 504, true, 'Vault did not answer in time.'),
  vault_failed: entry('upstream', 502, true, 'Vault answered with an error.'),
  // Tools and integrations
  tool_unknown: entry('not_found', 404, false, 'There is no tool of this name.'),
  integration_unknown: entry('not_found', 404, false, 'There is no integration of this name or id.'),
  integration_missing: entry('conflict', 409, false, 'Nothing is connected that this tool could use.'),
  integration_ambiguous: entry('conflict', 409, false, 'Several integrations fit; name one.'),
  integration_disabled: entry('conflict', 409, false, 'The integration is disabled.'),
  policy_denied: entry('policy', 403, false, 'A policy of this workspace forbids this call.'),
  approval_rejected: entry('policy', 403, false, 'A person said no to this call.'),
  approval_expired: entry('policy', 403, false, 'Nobody approved this call in time.'),
  approval_required: entry('policy', 403, false, 'A policy of this workspace asks for a person’s approval of this call.'),
  approval_mismatch: entry('policy', 403, false, 'The approval shown is not for this call, or has been used.'),
  in_progress: entry('conflict', 409, true, 'The call with this idempotency key is still under way.'),
  key_reused: entry('validation', 422, false, 'This idempotency key was used for another call.'),
  interrupted: entry('internal', 503, true, 'The process died during the call; nothing was changed outside.'),
  outcome_unknown: entry('outcome_unknown', 502, false, 'The call was sent and no answer came: it may or may not have had its effect.'),
  cancelled: entry('timeout', 499, true, 'The caller went away before the call was done.'),
  // Expressions
  expression_failed: entry('validation', 422, false, 'An expression is not right, or does not fit what it was given.'),
  expression_limit: entry('validation', 422, false, 'An expression takes more time, memory or room than it may.'),
  // Flows
  flow_invalid: entry('validation', 400, false, 'The definition of the flow has faults; `errors` names each with its place.'),
  flow_cycle: entry('policy', 409, false, 'Flows start one another by their events without end.'),
  flow_failed: entry('upstream', 502, false, 'A run of the flow failed.'),
  flow_disabled: entry('conflict', 409, false, 'The flow is disabled.'),
  run_state_conflict: entry('conflict', 409, false, 'The run is over, or not yet: this cannot be done with it now.'),
  run_parked: entry('internal', 500, false, 'The process died three times under this run, which was put aside.'),
  step_timeout: entry('timeout', 504, true, 'The step took longer than it may.'),
  wait_timeout: entry('timeout', 504, false, 'What the step waited for did not come in time.'),
  // The outside systems
  vendor_unauthorized: entry('authentication', 424, false, 'The outside system refused the credential.'),
  vendor_forbidden: entry('permission', 424, false, 'The credential is not allowed to do this in the outside system.'),
  vendor_not_found: entry('not_found', 404, false, 'The outside system has no such thing, or hides it from this credential.'),
  vendor_conflict: entry('conflict', 409, false, 'The outside system says this conflicts with its present state.'),
  vendor_rejected: entry('validation', 422, false, 'The outside system refused the request as it is.'),
  vendor_rate_limited: entry('rate_limit', 429, true, 'The rate limit of the outside system is used up.'),
  rate_limited: entry('rate_limit', 429, true, 'The rate limit of this integration is used up.'),
  vendor_unreachable: entry('network', 502, true, 'The outside system cannot be reached.'),
  vendor_timeout: entry('timeout', 504, true, 'The outside system did not answer in time.'),
  vendor_failed: entry('upstream', 502, true, 'The outside system answered with an error of its own.'),
  vendor_invalid_response: entry('upstream', 502, false, 'The outside system answered with something that is not what it documents.'),
  vendor_too_large: entry('upstream', 502, false, 'The answer of the outside system is larger than the hub takes.'),
  address_refused: entry('policy', 403, false, 'This address is not one that the hub may reach.'),
  // The hub
  database_unavailable: entry('internal', 503, true, 'The database cannot be reached just now.'),
  shutting_down: entry('internal', 503, true, 'The hub is shutting down.'),
  internal: entry('internal', 500, false, 'Something went wrong inside the hub; the log has it under the request id.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue

export interface FieldError {
  readonly path: string
  readonly message: string
}

export interface ErrorDetails {
  /** What a caller may read: what happened in this case. */
  readonly detail?: string
  /** What a caller can do about it. */
  readonly hint?: string
  readonly errors?: readonly FieldError[]
  /** Seconds. */
  readonly retryAfter?: number
  /** The tool call that it came of. */
  readonly invocationId?: string
  /** The question to a person that it waits for. */
  readonly approvalId?: string
  /** For the log only; never leaves the process. */
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

  /** The same error, with more known of it. */
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
