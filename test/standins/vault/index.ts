import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import { createKv } from './kv.ts'
import { authOf, createTokens, lookUp, type Lease, type VaultToken } from './tokens.ts'

/**
 * A stand-in for HashiCorp Vault or OpenBao: KV version 2, AppRole, tokens with leases, seal. Ours, so it counts only as far as two clients
 * that we did not write work on it and its answers fit Vault's own description: `../vault.services.ts`. Not a real Vault.
 */
export interface Fault {
  /** Only requests whose path fits; all by default. */
  readonly on?: RegExp
  /** For so many requests; until `faults()` by default. */
  readonly times?: number
  readonly status?: number
  readonly errors?: readonly string[]
  readonly headers?: Record<string, string>
  readonly delayMs?: number
  /** The connection is cut instead of an answer, before or after the request had its effect. */
  readonly cut?: 'before' | 'after'
  readonly body?: string
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly token: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
  readonly status: number
  readonly reply: unknown
}

export interface FakeVault extends AsyncDisposable {
  readonly url: string
  readonly rootToken: string
  readonly roleId: string
  readonly secretId: string
  readonly requests: readonly SeenRequest[]
  /** Every secret's latest value, by path: what an operator with root would see. */
  stored(): Record<string, unknown>
  /** Leases of the next logins. */
  lease(lease: Lease): void
  /** A token that an operator hands to the hub; of the value given, or a new one. */
  mint(lease: Lease, id?: string): string
  living(): readonly VaultToken[]
  revokeAll(): void
  seal(): void
  unseal(): void
  /** Replaces the faults; none given, all is well. */
  faults(...faults: Fault[]): void
  /** Paths below `secret/` that the policy of everybody but root denies. */
  deny(path: RegExp | undefined): void
}

interface AskedRequest {
  readonly method: string
  readonly url: URL
  readonly body: Record<string, unknown>
  readonly token: string | undefined
}

interface Answer {
  readonly status: number
  readonly body?: unknown
}

const mount = 'secret'
const denied: Answer = { status: 403, body: { errors: ['permission denied'] } }
const sealedAnswer: Answer = { status: 503, body: { errors: ['Vault is sealed'] } }

export async function startVault(options: { port?: number } = {}): Promise<FakeVault> {
  const kv = createKv()
  const tokens = createTokens()
  const [roleId, secretId] = [randomUUID(), randomUUID()]
  const requests: SeenRequest[] = []
  let lease: Lease = { ttlSeconds: 3600 }
  let sealed = false
  let denies: RegExp | undefined
  let faults: { fault: Fault; left: number }[] = []

  const envelope = (data: unknown, auth: unknown = null) => ({
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth,
  })

  const system = ({ method, body }: AskedRequest, path: string, token: VaultToken | undefined): Answer | undefined => {
    const status = {
      type: 'shamir',
      initialized: true,
      sealed,
      t: 1,
      n: 1,
      progress: 0,
      nonce: '',
      version: '1.15.0',
      build_date: '2023-09-22T16:53:10Z',
      migration: false,
      recovery_seal: false,
      storage_type: 'inmem',
    }
    if (path === 'sys/seal-status') return { status: 200, body: status }
    if (path === 'sys/health') {
      const { initialized, version } = status
      return {
        status: sealed ? 503 : 200,
        body: { initialized, sealed, standby: false, version, server_time_utc: Math.floor(Date.now() / 1000) },
      }
    }
    if (path === 'sys/unseal' && method !== 'GET') {
      sealed = typeof body['key'] !== 'string'
      return { status: 200, body: { ...status, sealed } }
    }
    if (path === 'sys/seal' && method !== 'GET' && token?.policies.includes('root')) {
      sealed = true
      return { status: 204 }
    }
    return undefined
  }

  const handle = (asked: AskedRequest): Answer => {
    const { method, url, body } = asked
    const listing = method === 'LIST' || url.searchParams.get('list') === 'true'
    const path = decodeURIComponent(url.pathname.replace(/^\/v1\//, '')).replace(/\/?$/, (end) => (listing ? '/' : end))
    const token = tokens.find(asked.token)
    const answered = system(asked, path, token)
    if (answered) return answered
    if (sealed) return sealedAnswer
    if (path === 'auth/approle/login' && method !== 'GET') {
      if (body['role_id'] !== roleId || body['secret_id'] !== secretId)
        return { status: 400, body: { errors: ['invalid role or secret ID'] } }
      return {
        status: 200,
        body: envelope(null, authOf(tokens.mint(lease, { path: 'auth/approle/login', metadata: { role_name: 'hub' } }))),
      }
    }
    if (!token) return denied
    if (path === 'auth/token/lookup-self') return { status: 200, body: envelope(lookUp(token)) }
    if (path === 'auth/token/renew-self' && method !== 'GET') {
      if (!tokens.renew(token)) return { status: 400, body: { errors: ['lease is not renewable'] } }
      return { status: 200, body: envelope(null, authOf(token)) }
    }
    if (path === 'auth/token/revoke-self' && method !== 'GET') {
      tokens.revoke(token.id)
      return { status: 204 }
    }
    const [, area = '', rest = ''] = new RegExp(`^${mount}/(\\w+)/(.*)$`).exec(path) ?? []
    if (area === '') return { status: 404, body: { errors: [`no handler for route "${path}". route entry not found.`] } }
    if (denies?.test(path) && !token.policies.includes('root')) return denied
    const { status, data, errors } = kv.handle({ method, area, path: rest, query: url.searchParams, body })
    if (data !== undefined) return { status, body: envelope(data) }
    return errors === undefined ? { status } : { status, body: { errors } }
  }

  const takeFault = (path: string): Fault | undefined => {
    const found = faults.find(({ fault, left }) => left > 0 && (fault.on?.test(path) ?? true))
    if (found) found.left -= 1
    return found?.fault
  }

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = 'GET', headers } = incoming
    const url = new URL(incoming.url ?? '/', 'http://vault')
    const token = (headers['x-vault-token'] as string | undefined) ?? headers.authorization?.replace(/^Bearer /, '')
    const fault = takeFault(url.pathname)
    const body = (await json(incoming).catch(() => null)) as Record<string, unknown> | null
    if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs).unref())
    if (fault?.cut === 'before') return void incoming.socket.destroy()
    const answer =
      fault?.status === undefined
        ? handle({ method, url, body: body ?? {}, token })
        : { status: fault.status, body: { errors: fault.errors ?? [] } }
    requests.push({ method, path: url.pathname + url.search, token, headers, body, status: answer.status, reply: answer.body })
    if (fault?.cut === 'after') return void incoming.socket.destroy()
    const text = fault?.body ?? (answer.body === undefined ? '' : `${JSON.stringify(answer.body)}\n`)
    outgoing.writeHead(answer.status, {
      'cache-control': 'no-store',
      ...(text === '' ? {} : { 'content-type': 'application/json' }),
      ...fault?.headers,
    })
    outgoing.end(text)
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
    answerList(error.rawPacket, socket as Socket, (url, token) => {
      const answer = handle({ method: 'LIST', url, body: {}, token })
      requests.push({ method: 'LIST', path: url.pathname, token, headers: {}, body: null, status: answer.status, reply: answer.body })
      return answer
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    rootToken: tokens.root,
    roleId,
    secretId,
    requests,
    stored: () =>
      Object.fromEntries(
        [...kv.secrets].map(([path, { versions, current_version: current }]) => [path, versions.get(current)?.data ?? null]),
      ),
    lease: (next) => void (lease = next),
    mint: (next, id) => tokens.mint(next, { path: 'auth/token/create', metadata: null, id }).id,
    living: tokens.alive,
    revokeAll: tokens.revokeAll,
    seal: () => void (sealed = true),
    unseal: () => void (sealed = false),
    faults: (...next) => void (faults = next.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }))),
    deny: (path) => void (denies = path),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Vault's clients send the method LIST, which Node's parser does not know: what it could not read comes here as it was. */
function answerList(packet: Buffer | undefined, socket: Socket, handle: (url: URL, token: string | undefined) => Answer): void {
  const [first = '', ...lines] = (packet?.toString('latin1') ?? '').split('\r\n')
  const [, path] = /^LIST (\S+) HTTP\/1\.1$/.exec(first) ?? []
  if (path === undefined || !socket.writable) return void socket.destroy()
  const token = lines.find((line) => /^x-vault-token:/i.test(line))?.replace(/^[^:]+:\s*/, '')
  const { status, body } = handle(new URL(path, 'http://vault'), token)
  const text = body === undefined ? '' : JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}
