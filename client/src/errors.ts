import type { ErrorCode, ErrorKind } from './generated/types.ts'

/** What the client itself reports, beside the codes of the hub. */
export type ClientErrorCode = 'connection_failed' | 'no_answer_in_time' | 'unexpected_answer'

export interface HubErrorFields {
  readonly code: ErrorCode | ClientErrorCode
  readonly kind: ErrorKind
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** Of the answer; 0 if there was none. */
  readonly status: number
  /** What to do next. */
  readonly hint?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
  /** The wrong fields of the input. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[] | undefined
  /** The log of the hub has the details under this id. */
  readonly requestId?: string | undefined
  readonly invocationId?: string | undefined
  /** The approval that the call waits for. */
  readonly approvalId?: string | undefined
}

/** A request that failed, by the hub’s decision or on the way to it. Decide by `code` or `kind`; show `message` to a person. */
export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: HubErrorFields['code']
  readonly kind: ErrorKind
  readonly retryable: boolean
  readonly status: number
  readonly hint: string | undefined
  readonly retryAfter: number | undefined
  readonly errors: NonNullable<HubErrorFields['errors']>
  readonly requestId: string | undefined
  readonly invocationId: string | undefined
  readonly approvalId: string | undefined

  constructor(message: string, fields: HubErrorFields, cause?: unknown) {
    super(message, { cause })
    this.code = fields.code
    this.kind = fields.kind
    this.retryable = fields.retryable
    this.status = fields.status
    this.hint = fields.hint
    this.retryAfter = fields.retryAfter
    this.errors = fields.errors ?? []
    this.requestId = fields.requestId
    this.invocationId = fields.invocationId
    this.approvalId = fields.approvalId
  }
}

/** Answers of a proxy that soon works again. */
const passingStatus = new Set([429, 502, 503, 504])

/** The error of an answer that is none of success: the problem document of the hub, or what stands in between. */
export async function errorOf(response: Response): Promise<HubError> {
  const { status, headers } = response
  const problem = await response.json().catch(() => undefined)
  const retryAfter = secondsOf(headers.get('retry-after'))
  if (!isProblem(problem)) {
    const message = `${new URL(response.url || 'http://unknown').host} answered with status ${status}, and not as a hub does`
    return new HubError(message, { code: 'unexpected_answer', kind: 'upstream', retryable: passingStatus.has(status), status, retryAfter })
  }
  const { code, kind, detail, retryable, hint, errors, request_id: requestId } = problem
  const { retry_after: seconds = retryAfter, invocation_id: invocationId, approval_id: approvalId } = problem
  return new HubError(detail, { code, kind, retryable, status, hint, errors, requestId, retryAfter: seconds, invocationId, approvalId })
}

interface Problem extends Pick<HubErrorFields, 'kind' | 'retryable' | 'hint' | 'errors'> {
  readonly code: ErrorCode
  readonly detail: string
  readonly retry_after?: number
  readonly request_id?: string
  readonly invocation_id?: string
  readonly approval_id?: string
}

function isProblem(value: unknown): value is Problem {
  const { code, kind, detail, retryable } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof code === 'string' && typeof kind === 'string' && typeof detail === 'string' && typeof retryable === 'boolean'
}

function secondsOf(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined
}
