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
  return ({ method }: FuzzRequest, { status, headers, text, ms }: Answer): string | undefined => {
    if (ms > maxMs) return `took ${Math.round(ms)} ms`
    if (!(status in STATUS_CODES) && status !== 499) return `has status ${status}`
    if (headers['x-request-id'] === undefined) return `has status ${status} and no x-request-id`
    if (status < 400 || method === 'HEAD') return undefined
    if (!headers['content-type']?.startsWith('application/problem+json'))
      return `has status ${status} and the type ${headers['content-type']}`
    const problem = JSON.parse(text) as { code: ErrorCode; status: number; title: string; request_id: string }
    if (!isProblem(problem)) return `is no problem as documented: ${JSON.stringify(isProblem.errors)}`
    const { status: documented, title } = errorCatalogue[problem.code]
    if (status !== documented || problem.status !== status || problem.title !== title) return `has status ${status} for ${problem.code}`
    if (problem.request_id !== headers['x-request-id']) return 'names another request'
    if (status >= 500 && !outsideIsAway.has(problem.code)) return `has status ${status}, ${problem.code}`
    return undefined
  }
}
