import type { TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY, type TRPC_ERROR_CODE_KEY, type TRPCErrorShape } from '@trpc/server/rpc'
import type { FastifyRequest } from 'fastify'
import { hubError, HubError } from '#errors'
import { problemOf, unsupportedType, type Problem } from '#transports/rest'

/** An error as clients of tRPC read it. The problem is the one that REST sends. */
export interface TrpcErrorShape extends TRPCErrorShape {
  readonly data: {
    readonly code: TRPC_ERROR_CODE_KEY
    readonly httpStatus: number
    readonly path?: string
    readonly problem: Problem
  }
}

const keyByStatus: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  499: 'CLIENT_CLOSED_REQUEST',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
}

export interface ErrorAnswer {
  readonly shape: TrpcErrorShape
  readonly headers: Record<string, string>
}

export function errorAnswer(error: unknown, request: FastifyRequest, path?: string): ErrorAnswer {
  const { problem, headers } = problemOf(error, request)
  const code = keyByStatus[problem.status] ?? (problem.status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR')
  const data = { code, httpStatus: problem.status, ...(path === undefined ? {} : { path }), problem }
  return { shape: { message: problem.detail, code: TRPC_ERROR_CODES_BY_KEY[code], data }, headers: { ...headers } }
}

/** What was thrown in a procedure, or, of an error of tRPC itself, the one of our catalogue that says the same. */
export function causeOf(error: TRPCError, request: FastifyRequest): unknown {
  const { cause, code, message } = error
  if (cause instanceof HubError) return cause
  switch (code) {
    case 'NOT_FOUND':
      return hubError('not_found', {
        detail: 'there is no procedure of this name',
        hint: 'a procedure has the name of its operation: runs.list',
      })
    case 'METHOD_NOT_SUPPORTED':
      return hubError('method_not_allowed', { detail: 'a mutation takes only POST', hint: 'it takes POST', allow: ['POST'] })
    case 'UNSUPPORTED_MEDIA_TYPE':
      return unsupportedType(request)
    case 'PARSE_ERROR':
    case 'BAD_REQUEST':
      // With a cause, the message is that of a parser, and quotes what was sent.
      return hubError('invalid_input', cause ? { detail: 'the request cannot be read' } : { detail: message })
    default:
      return cause ?? error
  }
}
