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

const permanent = (kind: ErrorKind, status: number, title: string): ErrorEntry => ({ kind, status, retryable: false, title })
const retryable = (kind: ErrorKind, status: number, title: string): ErrorEntry => ({ kind, status, retryable: true, title })

export const errorCatalogue = {
  // The request itself
  bad_json: permanent('validation', 400, 'The body is not valid JSON.'),
  invalid_input: permanent('validation', 400, 'The input is not valid. `errors` lists each problem with its path.'),
  unsupported_media_type: permanent('validation', 415, 'The endpoint does not accept this content type.'),
  body_too_large: permanent('validation', 413, 'The body is larger than this endpoint accepts.'),
  headers_too_large: permanent('validation', 431, 'The header fields are larger than the hub accepts.'),
  request_timeout: retryable('timeout', 408, 'The request did not arrive in time.'),
  origin_refused: permanent('policy', 403, 'The request names another host than this hub, or comes from an origin that is not allowed.'),
  method_not_allowed: permanent('validation', 405, 'This path does not take this method. The header `Allow` lists those that it takes.'),
  not_found: permanent('not_found', 404, 'Nothing was found under this name or path.'),
  // The caller
  token_missing: permanent('authentication', 401, 'The request needs a token: `Authorization: Bearer ih_…`.'),
  token_invalid: permanent('authentication', 401, 'The token is unknown, expired or revoked.'),
  session_ended: permanent('authentication', 401, 'The sign-in session has ended. Sign in again.'),
  link_invalid: permanent('not_found', 410, 'This link was used, has expired or was revoked.'),
  scope_missing: permanent('permission', 403, 'The token does not have a scope that this operation needs.'),
  bodies_in_flight: retryable('rate_limit', 503, 'Too many large requests are on their way. Send this one again.'),
  streams_limited: retryable('rate_limit', 429, 'There are too many open streams of this token. Close one of them.'),
  too_many_attempts: retryable('rate_limit', 429, 'There were too many failed attempts from this address.'),
  webhook_refused: permanent('authentication', 401, 'The signature of this delivery is not accepted.'),
  // State
  already_exists: permanent('conflict', 409, 'An object with this name exists already.'),
  last_owner: permanent('conflict', 409, 'A workspace needs an owner, and this is its last one.'),
  in_use: permanent('conflict', 409, 'The object is still in use.'),
  approval_decided: permanent('conflict', 409, 'A decision on this approval was already made.'),
  approval_changed: permanent('conflict', 409, 'What the approval is about has changed since it was shown.'),
  bulk_too_many: permanent('conflict', 409, 'More match than the caller expected, or than a bulk action takes.'),
  bulk_changed: permanent('conflict', 409, 'What the bulk action was to act on has changed since.'),
  command_invalid: permanent('validation', 400, 'The message is not a command for the hub.'),
  bus_unknown: permanent('not_found', 404, 'The workspace is not connected to a bus of this name.'),
  bus_unavailable: retryable('network', 503, 'The message bus cannot be reached.'),
  demo_not_running: permanent('conflict', 409, 'The demo systems do not run.'),
  demo_unavailable: permanent('conflict', 409, 'This hub cannot start the demo systems.'),
  // Credentials and keys
  credential_missing: permanent('authentication', 409, 'The named credential does not exist.'),
  key_unknown: permanent('internal', 500, 'A secret was encrypted with a key that this hub does not have.'),
  seal_broken: permanent('internal', 500, 'An encrypted secret cannot be decrypted with the key that it names.'),
  vault_sealed: retryable('upstream', 503, 'Vault is sealed.'),
  vault_denied: permanent('permission', 502, 'Vault refused the request of the hub.'),
  vault_unreachable: retryable('network', 503, 'Vault cannot be reached.'),
  vault_timeout: retryable('timeout', 504, 'Vault did not answer in time.'),
  vault_failed: retryable('upstream', 502, 'Vault answered with an error.'),
  // Tools and integrations
  tool_unknown: permanent('not_found', 404, 'There is no tool with this name.'),
  integration_unknown: permanent('not_found', 404, 'There is no integration with this name or id.'),
  integration_missing: permanent('conflict', 409, 'There is no integration that this tool can use.'),
  integration_ambiguous: permanent('conflict', 409, 'This tool can use several integrations. Name one of them.'),
  integration_disabled: permanent('conflict', 409, 'The integration is disabled.'),
  not_connected: permanent('conflict', 409, 'Nobody has allowed this integration to act in the outside system yet.'),
  oauth_client_missing: permanent('conflict', 409, 'The hub has no application with which this integration could be connected.'),
  redirect_refused: permanent('policy', 403, 'This address is not allowed as the end of a connection.'),
  reconnect_needed: permanent('conflict', 409, 'The outside system does not accept the permission of this integration any more.'),
  oauth_failed: permanent('upstream', 502, 'The authorization server of the outside system refused the request.'),
  oauth_unavailable: retryable('network', 502, 'The authorization server of the outside system cannot be used at the moment.'),
  oauth_denied: permanent('policy', 403, 'The person did not allow it.'),
  attempts_unavailable: retryable('network', 503, 'Attempts to connect cannot be stored or read at the moment.'),
  attempt_unknown: permanent('not_found', 404, 'This attempt to connect does not exist, has ended, or began in another browser.'),
  policy_denied: permanent('policy', 403, 'A policy of this workspace forbids this call.'),
  approval_rejected: permanent('policy', 403, 'A person rejected this call.'),
  approval_expired: permanent('policy', 403, 'Nobody approved this call in time.'),
  approval_required: permanent('policy', 403, 'A policy of this workspace requires that a person approves this call.'),
  approval_mismatch: permanent('policy', 403, 'The approval is for another call, or was already used.'),
  calls_limited: retryable('rate_limit', 429, 'A limit of this workspace for tool calls is reached.'),
  in_progress: retryable('conflict', 409, 'The call with this idempotency key is still in progress.'),
  key_reused: permanent('validation', 422, 'This idempotency key was already used for another call.'),
  interrupted: retryable('internal', 503, 'The process stopped during the call. Nothing was changed in the outside system.'),
  outcome_unknown: permanent(
    'outcome_unknown',
    502,
    'The call was sent, but no answer arrived. The outside system may or may not have executed it.',
  ),
  undo_impossible: permanent('conflict', 409, 'This call cannot be undone.'),
  undo_conflict: permanent('conflict', 409, 'What the call left has been changed since. It is undone only by force.'),
  cancelled: retryable('timeout', 499, 'The caller closed the connection before the call ended.'),
  // Expressions
  expression_failed: permanent('validation', 422, 'An expression is not valid, or it failed on its input.'),
  expression_limit: permanent('validation', 422, 'An expression exceeded its limit of time, memory or output size.'),
  // Scripts
  script_failed: permanent('validation', 422, 'The script is not valid, or it threw an error.'),
  script_limit: permanent('validation', 422, 'The script exceeded a limit, which `detail` names.'),
  scripts_busy: retryable('rate_limit', 503, 'Other scripts use all the threads that there are for scripts.'),
  // Flows
  flow_invalid: permanent('validation', 400, 'The definition of the flow is not valid. `errors` lists each problem with its place.'),
  flow_cycle: permanent('policy', 409, 'Flows start each other by events in an endless cycle.'),
  flow_failed: permanent('upstream', 502, 'A run of the flow failed.'),
  flow_changed: permanent('conflict', 409, 'Somebody saved another version of this flow since the one that was edited.'),
  flow_disabled: permanent('conflict', 409, 'The flow is disabled.'),
  flow_blocked: permanent('permission', 403, 'Whoever saved the flow has lost the rights that its runs need.'),
  runs_limited: retryable('rate_limit', 429, 'The workspace has as many unfinished runs as it may have.'),
  run_state_conflict: permanent(
    'conflict',
    409,
    'The state of the run does not allow this: the run has already ended, or has not ended yet.',
  ),
  run_quarantined: permanent(
    'internal',
    500,
    'Three processes died while they executed this run. The hub does not execute it again until it is retried.',
  ),
  step_timeout: retryable('timeout', 504, 'The step exceeded its time limit.'),
  wait_timeout: permanent('timeout', 504, 'What the step waited for did not happen in time.'),
  // The outside systems
  vendor_unauthorized: permanent('authentication', 424, 'The outside system refused the credential.'),
  vendor_forbidden: permanent('permission', 424, 'The credential is not allowed to do this in the outside system.'),
  vendor_not_found: permanent(
    'not_found',
    404,
    'The outside system does not have this object, or the credential is not allowed to see it.',
  ),
  vendor_conflict: permanent('conflict', 409, 'The request conflicts with the current state in the outside system.'),
  vendor_rejected: permanent('validation', 422, 'The outside system rejected the request as invalid.'),
  vendor_rate_limited: retryable('rate_limit', 429, 'The rate limit of the outside system is exceeded.'),
  rate_limited: retryable('rate_limit', 429, 'The rate limit of this integration is exceeded.'),
  vendor_unreachable: retryable('network', 502, 'The outside system cannot be reached.'),
  vendor_timeout: retryable('timeout', 504, 'The outside system did not answer in time.'),
  vendor_failed: retryable('upstream', 502, 'The outside system answered with an internal error.'),
  vendor_invalid_response: permanent('upstream', 502, 'The outside system sent an answer that does not match its documentation.'),
  vendor_too_large: permanent('upstream', 502, 'The answer of the outside system is larger than the hub accepts.'),
  address_refused: permanent('policy', 403, 'The hub is not allowed to connect to this address.'),
  // The hub
  hub_unreachable: retryable('network', 502, 'The hub at this address cannot be reached.'),
  database_unavailable: retryable('internal', 503, 'The database cannot be reached.'),
  workers_unavailable: retryable('internal', 503, 'The hub cannot start a process that evaluates expressions.'),
  shutting_down: retryable('internal', 503, 'The hub is shutting down.'),
  internal: permanent('internal', 500, 'An internal error occurred. The log contains the details under the request id.'),
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
  /** The methods that the path takes. */
  readonly allow?: readonly string[]
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
