import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A local address that adds a token to each request, for suites that cannot send one. */
export async function withToken(hub: string, token: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const target = new URL(hub)
  const server = createServer((incoming, outgoing) => {
    // The names that the client sent stay: the hub checks them.
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` }
    const passed = request(
      { hostname: target.hostname, port: target.port, path: incoming.url, method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
