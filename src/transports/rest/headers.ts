import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import { toProblem } from './problem.ts'

export function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : newId('req')
}

export function addHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    secure(request, reply)
    done()
  })
}

/** Sets the headers that every answer has. */
export function secure(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(headersFor(request.id, request.url))
}

const headers = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** The API reader's page loads its own scripts and styles; no other answer does. */
const readerHeaders = {
  ...headers,
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'none'",
}

function headersFor(id: string, url: string): Record<string, string> {
  return { 'x-request-id': id, ...(url.startsWith('/docs') ? readerHeaders : headers) }
}

/** Answers bytes that are not an HTTP request with a problem too; they never reach a route. */
export function answerBroken(error: NodeJS.ErrnoException & { readonly rawPacket?: unknown }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const id = requestId(undefined)
  const problem = toProblem(brokenAs(error.code), id)
  const body = JSON.stringify(problem)
  const headers = {
    ...headersFor(id, ''),
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // The answer to HEAD has no body; a client would take it for the beginning of another answer.
  const isHead = Buffer.isBuffer(error.rawPacket) && error.rawPacket.subarray(0, 5).toString() === 'HEAD '
  return void socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${isHead ? '' : body}`)
}

function brokenAs(code: string | undefined) {
  if (code === 'HPE_HEADER_OVERFLOW') return hubError('headers_too_large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return hubError('request_timeout')
  return hubError('invalid_input', { detail: 'this could not be read as an HTTP request' })
}
