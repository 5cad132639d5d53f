import type { FastifyReply, FastifyRequest } from 'fastify'
import { isDatabaseTrouble } from '#db'
import { errorCatalogue, hubError, HubError, type ErrorCode, type FieldError } from '#errors'

/** RFC 9457: what callers may see of an error. The cause is in the log, under the request id. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly kind: string
  readonly detail: string
  readonly retryable: boolean
  readonly retry_after?: number
  readonly hint?: string
  readonly errors?: readonly FieldError[]
  readonly request_id: string
  readonly invocation_id?: string
  readonly approval_id?: string
}

export function toProblem(error: HubError, requestId: string): Problem {
  const { kind, status, retryable, title } = error.entry
  const { detail = title, hint, errors, retryAfter, invocationId, approvalId } = error.details
  return {
    type: `/docs/errors#${error.code}`,
    title,
    status,
    code: error.code,
    kind,
    detail,
    retryable,
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...(hint === undefined ? {} : { hint }),
    ...(errors === undefined ? {} : { errors }),
    request_id: requestId,
    ...(invocationId ? { invocation_id: invocationId } : {}),
    ...(approvalId ? { approval_id: approvalId } : {}),
  }
}

export interface ProblemAnswer {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/** What a caller may see of any error. What failed here, and not at the caller, is logged. */
export function problemOf(error: unknown, request: FastifyRequest): ProblemAnswer {
  const known = isWrongType(error) ? unsupportedType(request) : asHubError(error, request)
  const problem = toProblem(known, request.id)
  if (problem.status >= 500) request.log.error({ request_id: request.id, err: error, code: known.code }, 'the request failed')
  const { allow } = known.details
  const headers = {
    ...(problem.retry_after === undefined ? {} : { 'retry-after': String(problem.retry_after) }),
    ...(allow ? { allow: allow.join(', ') } : {}),
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  }
  return { problem, headers }
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { problem, headers } = problemOf(error, request)
  return reply.headers(headers).code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

function isWrongType(error: unknown): boolean {
  return (error as { code?: string }).code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
}

export function unsupportedType({ headers, routeOptions }: FastifyRequest): HubError {
  const { 'content-type': given } = headers
  const types = ['application/json', ...(routeOptions.config.types ?? [])].join(' or ')
  return hubError('unsupported_media_type', {
    detail: given ? 'the body has a content type that is not accepted here' : 'the body has no content type',
    hint: `send Content-Type: ${types}`,
  })
}

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_json',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
}

function asHubError(error: unknown, { raw }: FastifyRequest): HubError {
  if (error instanceof HubError) return error
  // A connection that the caller ended, not one to the database.
  if (error !== null && error === raw.errored) return hubError('cancelled', { cause: error })
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const fromFastify = fastifyCodes[code]
  if (fromFastify) return hubError(fromFastify, fromFastify === 'bad_json' ? { detail: message } : {})
  if (code === 'FST_ERR_BAD_URL')
    return hubError('invalid_input', { errors: [{ path: 'path', message: 'is malformed: % must be followed by two hexadecimal digits' }] })
  if (unstorable(code, message)) {
    return hubError('invalid_input', { detail: 'a text contains NUL or half of a surrogate pair, which cannot be stored', cause: error })
  }
  if (isDatabaseTrouble(error)) return hubError('database_unavailable', { retryAfter: 1, cause: error })
  return hubError('internal', { cause: error })
}

/** PostgreSQL refuses such texts. Schemas check the fields where this is likely. */
function unstorable(code: string, message: string): boolean {
  return code === '22021' || code === '22P05' || (code === '22P02' && message.includes('type json'))
}

export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'kind', 'detail', 'retryable', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorCatalogue) },
    kind: { type: 'string' },
    detail: { type: 'string' },
    retryable: { type: 'boolean' },
    retry_after: { type: 'number' },
    hint: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    request_id: { type: 'string' },
    invocation_id: { type: 'string' },
    approval_id: { type: 'string' },
  },
} as const
