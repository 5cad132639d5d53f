import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from 'emulate'

/** Somebody else's Slack (`emulate`), behind a front that knows one token and can say that the limit is reached. */
export interface SlackStandIn extends AsyncDisposable {
  readonly url: string
  readonly token: string
  limited: number
}

export async function slackStandIn(): Promise<SlackStandIn> {
  const token = 'xoxb-standin-0123456789'
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      tokens: { [token]: { login: 'U000000001', scopes: ['chat:write', 'channels:read', 'users:read'] } },
      slack: {
        team: { name: 'Acme', domain: 'acme' },
        users: [{ name: 'ada', real_name: 'Ada Lovelace', email: 'ada@example.com' }],
        channels: [
          { name: 'general', topic: 'All' },
          { name: 'ops', topic: 'Work' },
        ],
      },
    },
  } as never)
  const standIn = { limited: 0 }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const reply = async (): Promise<{ status: number; headers: Record<string, string>; body: string | Buffer }> => {
        const json = { 'content-type': 'application/json' }
        const upload = request.url?.includes('upload') ?? false
        if (!upload && request.headers.authorization !== `Bearer ${token}`)
          return { status: 200, headers: json, body: JSON.stringify({ ok: false, error: 'invalid_auth' }) }
        if (standIn.limited > 0) {
          standIn.limited -= 1
          return { status: 429, headers: { ...json, 'retry-after': '1' }, body: JSON.stringify({ ok: false, error: 'ratelimited' }) }
        }
        // Slack answers GET for what only looks; the emulator knows POST alone, with the query as a form.
        const asked = new URL(request.url ?? '/', emulator.url)
        const looking = request.method === 'GET'
        const body = looking ? Buffer.from(asked.searchParams.toString()) : withPlainName(Buffer.concat(parts))
        const type = looking ? 'application/x-www-form-urlencoded' : request.headers['content-type']
        const headers = { authorization: `Bearer ${token}`, ...(type ? { 'content-type': type } : {}) }
        const target = looking ? new URL(asked.pathname, emulator.url) : asked
        const behind = await fetch(target, { method: 'POST', headers, body: new Uint8Array(body) })
        return {
          status: behind.status,
          headers: { 'content-type': behind.headers.get('content-type') ?? 'application/json' },
          body: Buffer.from(await behind.arrayBuffer()),
        }
      }
      void reply().then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    token,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await emulator.close()
    },
  })
}

/** Slack takes a channel by its name with and without #; the emulator without alone. */
function withPlainName(body: Buffer): Buffer {
  const text = body.toString()
  return text.startsWith('{') ? Buffer.from(text.replace(/"channel":"#/, '"channel":"')) : body
}
