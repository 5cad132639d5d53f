import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Middle extends AsyncDisposable {
  readonly url: string
  /** The requests that arrived, oldest first. */
  readonly seen: { readonly what: string; readonly headers: IncomingMessage['headers'] }[]
}

type Answer = (response: ServerResponse, nth: number) => void | 'pass' | 'lose'

/** A network between a client and a hub: it passes a request on, passes it on and loses the answer, or answers itself. */
export async function startMiddle(hub: string, answer: Answer = () => 'pass'): Promise<Middle> {
  const seen: Middle['seen'] = []
  const server = createServer(async (request, response) => {
    const nth = seen.push({ what: `${request.method} ${request.url}`, headers: request.headers })
    const body = await buffer(request)
    const then = answer(response, nth)
    if (then === undefined) return
    const headers = Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name))
    const passed = await fetch(`${hub}${request.url}`, {
      method: request.method!,
      headers: headers as [string, string][],
      ...(body.length > 0 ? { body } : {}),
    })
    const text = await passed.text()
    if (then === 'lose') return void response.destroy()
    response.writeHead(passed.status, { 'content-type': passed.headers.get('content-type') ?? 'text/plain' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

export function problem(response: ServerResponse, fields: { status: number; code: string; kind: string; retry_after?: number }): void {
  response.writeHead(fields.status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: '', title: '', detail: fields.code, retryable: true, request_id: 'req_1', ...fields }))
}
