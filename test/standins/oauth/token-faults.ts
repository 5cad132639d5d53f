import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * What goes wrong at the next token request:
 * - `error`, `invalid-grant`, `malformed`, `rate-limited`: an answer instead of the server's own; nothing was done
 * - `held`: the request waits until `release`, and is then carried out
 * - `lost`: the request is carried out, and the connection ends after the headers of its answer
 */
export type TokenFault = 'error' | 'invalid-grant' | 'malformed' | 'rate-limited' | 'held' | 'lost'

export interface TokenFaults {
  /** Applies to the next token request only. */
  next: TokenFault | undefined
  /** How many token requests are being held. */
  readonly held: number
  release(): void
}

export interface FaultyRequests extends TokenFaults {
  /** Whether the request has been answered here. */
  apply(request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

const answers = {
  error: { status: 500, headers: { 'content-type': 'application/json' }, body: '{"error":"server_error"}' },
  'invalid-grant': { status: 400, headers: { 'content-type': 'application/json' }, body: '{"error":"invalid_grant"}' },
  malformed: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"access_token": "cut' },
  'rate-limited': { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '1' }, body: '{"error":"slow_down"}' },
} as const

export function tokenFaults(): FaultyRequests {
  const waiting: (() => void)[] = []
  return {
    next: undefined,
    get held() {
      return waiting.length
    },
    release() {
      for (const resume of waiting.splice(0)) resume()
    },
    async apply(request, response) {
      const fault = this.next
      this.next = undefined
      if (fault === undefined) return false
      if (fault === 'held') {
        await new Promise<void>((resolve) => waiting.push(resolve))
        return false
      }
      if (fault === 'lost') {
        loseBody(response)
        return false
      }
      const { status, headers, body } = answers[fault]
      await request.toArray()
      response.writeHead(status, headers).end(body)
      return true
    },
  }
}

function loseBody(response: ServerResponse): void {
  response.end = () => {
    response.flushHeaders()
    setImmediate(() => response.socket?.destroy())
    return response
  }
}
