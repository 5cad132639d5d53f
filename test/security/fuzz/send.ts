import { Agent, request as open, STATUS_CODES, type IncomingHttpHeaders } from 'node:http'
import { Ajv } from 'ajv'
import { errorCatalogue, type ErrorCode } from '#errors'
import type { FuzzRequest } from './request.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly ms: number
}

/** Node's own client: it sends what others refuse to send. */
export function createSender(base: string, { atOnce, timeoutMs }: { readonly atOnce: number; readonly timeoutMs: number }) {
  const { hostname, port } = new URL(base)
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  return {
    send: ({ method, path, headers, body }: FuzzRequest) =>
      new Promise<Answer>((resolve, reject) => {
        const began = performance.now()
        const outgoing = open({ agent, hostname, port, method, path, headers: [...headers], timeout: timeoutMs })
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)))
        outgoing.on('error', reject)
        outgoing.on('response', (incoming) => {
          const pieces: Buffer[] = []
          const end = (): void => {
            const { statusCode: status = 0, headers: given } = incoming
            resolve({ status, headers: given, text: Buffer.concat(pieces).toString(), ms: performance.now() - began })
          }
          incoming.on('data', (piece: Buffer) => {
            pieces.push(piece)
            // A stream of a run that waits has no end.
            if (!String(incoming.headers['content-type']).startsWith('text/event-stream')) return
            end()
            incoming.destroy()
          })
          incoming.on('end', end)
          incoming.on('error', reject)
        })
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** The codes of a call that reached no outside system; nothing else is answered with 500 or more. */
const outsideIsAway = new Set(['vendor_unreachable', 'vendor_timeout'])

/** What is wrong with an answer; undefined if nothing is. */
export function createCheck(problemSchema: Record<string, unknown>, maxMs: number) {
  const isProblem = new Ajv({ strict: false }).compile(problemSchema)
  return ({ method, route }: FuzzRequest, { status, headers, text, ms }: Answer): string | undefined => {
    if (ms > maxMs) return `took ${Math.round(ms)} ms`
    if (!(status in STATUS_CODES) && status !== 499) return `has status ${status}`
    if (headers['x-request-id'] === undefined) return `has status ${status} and no x-request-id`
    const type = headers['content-type']
    if (route.subject === 'MCP' && (status < 300 || type?.startsWith('application/json'))) return mcpFault(status, text)
    if (status < 400 || method === 'HEAD') return undefined
    // A hub whose console is not built says so in a page.
    if (status === 404 && route.path === '/' && type?.startsWith('text/html')) return undefined
    if (!type?.startsWith('application/problem+json')) return `has status ${status} and the type ${type}`
    const problem = JSON.parse(text) as { code: ErrorCode; status: number; title: string; request_id: string }
    if (!isProblem(problem)) return `is no problem as documented: ${JSON.stringify(isProblem.errors)}`
    const { status: documented, title } = errorCatalogue[problem.code]
    if (status !== documented || problem.status !== status || problem.title !== title) return `has status ${status} for ${problem.code}`
    if (problem.request_id !== headers['x-request-id']) return 'names another request'
    if (status >= 500 && !outsideIsAway.has(problem.code)) return `has status ${status}, ${problem.code}`
    return undefined
  }
}

const internalError = -32_603

/** What is wrong with an answer of JSON-RPC, or the first message of a stream. */
function mcpFault(status: number, text: string): string | undefined {
  if (status >= 500) return `has status ${status}`
  // A notification has no answer.
  if (text === '') return status === 202 ? undefined : `has status ${status} and no body`
  const data = text.startsWith('{') ? text : /^data: (.*)$/m.exec(text)?.[1]
  if (data === undefined)
    return text.startsWith(':') || /^(event|id|retry):/.test(text) ? undefined : `is no message: ${text.slice(0, 200)}`
  const { jsonrpc, error, result, method } = JSON.parse(data) as {
    jsonrpc?: unknown
    error?: { code?: unknown; message?: unknown }
    result?: unknown
    method?: unknown
  }
  if (jsonrpc !== '2.0') return `is no JSON-RPC: ${data.slice(0, 200)}`
  if (error === undefined)
    return typeof result === 'object' || typeof method === 'string' ? undefined : `says nothing: ${data.slice(0, 200)}`
  if (!Number.isInteger(error.code) || typeof error.message !== 'string') return `has no code or message: ${data.slice(0, 200)}`
  // The SDK gives this code to parameters of a wrong type too, which it lists.
  return error.code === internalError && !error.message.startsWith('[') ? `is an internal error: ${data.slice(0, 500)}` : undefined
}
