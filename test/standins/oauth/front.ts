import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the fronts of the emulators share: a request that was read, and an answer to it. */
export interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | Buffer
}

export function json(body: unknown, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) }
}

export function html(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body }
}

export function redirect(to: URL): Answer {
  return { status: 302, headers: { location: to.href }, body: '' }
}

async function read(request: IncomingMessage): Promise<Asked> {
  const body = Buffer.concat((await request.toArray()) as Buffer[])
  return { method: request.method ?? 'GET', url: new URL(request.url ?? '/', 'http://front'), headers: request.headers, body }
}

export async function served(answer: (asked: Asked) => Promise<Answer>): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void read(request)
      .then(answer)
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The fields of a form or of a JSON object, as text. */
export function fieldsOf({ headers, body }: Asked): Record<string, string> {
  const text = body.toString()
  if (!headers['content-type']?.includes('json')) return Object.fromEntries(new URLSearchParams(text))
  const object = JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, String(value)]))
}

/** The client of `Authorization: Basic`, or of the fields. */
export function clientOf({ headers }: Asked, fields: Record<string, string>): { readonly id: string; readonly secret: string } {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
  const [id = '', secret = ''] = basic
    ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
    : [fields['client_id'], fields['client_secret']]
  return { id, secret }
}

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
}

/** A challenge that was not made needs no verifier. */
export function pkceHolds(challenge: string | undefined, verifier: string | undefined): boolean {
  if (!challenge) return true
  return (
    createHash('sha256')
      .update(verifier ?? '')
      .digest('base64url') === challenge
  )
}

/** The emulator's page, whose forms carry these fields too and have a button to refuse. */
export function withConsent(page: string, fields: Record<string, string>): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}"/>`,
  )
  const deny = '<button type="submit" name="decision" value="deny">Deny</button>'
  return page.replaceAll('</form>', `${hidden.join('')}${deny}</form>`)
}

/** Passes a request on, and reads the answer whole. */
export async function passOn(base: string, asked: Asked, headers: Record<string, string>): Promise<Answer> {
  const type = asked.headers['content-type']
  const answer = await fetch(new URL(asked.url.pathname + asked.url.search, base), {
    method: asked.method,
    headers: { ...(type ? { 'content-type': type } : {}), ...headers },
    redirect: 'manual',
    ...(asked.body.length > 0 ? { body: new Uint8Array(asked.body) } : {}),
  })
  const kept = ['content-type', 'location', 'link'].flatMap((name) => {
    const value = answer.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return { status: answer.status, headers: Object.fromEntries(kept), body: Buffer.from(await answer.arrayBuffer()) }
}
