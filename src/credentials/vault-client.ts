import { request } from 'undici'
import { fail } from '#kit'
import type { Logger } from '#telemetry'

export type VaultLogin =
  | { readonly method: 'token'; readonly token: string }
  | { readonly method: 'approle'; readonly roleId: string; readonly secretId: string }

export interface VaultOptions {
  readonly address: string
  readonly login: VaultLogin
  readonly namespace?: string | undefined
  readonly logger: Logger
}

interface Auth {
  client_token: string
  lease_duration: number
  renewable: boolean
}

export interface VaultReply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface VaultClient extends AsyncDisposable {
  /** Answers for 2xx, 400 and 404; anything else is the error it means. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<VaultReply>
}

const timeoutMs = 5000
const handedOn = new Set([200, 204, 400, 404])

/** Speaks to Vault or OpenBao, logs in when needed and keeps its lease alive. */
export function createVaultClient({ address, login, namespace, logger }: VaultOptions): VaultClient {
  let session: Promise<Auth> | undefined
  let renewal: NodeJS.Timeout | undefined
  let closed = false

  const send = async (method: string, path: string, body: unknown, token?: string): Promise<VaultReply> => {
    const headers: Record<string, string> = { 'x-vault-request': 'true' }
    if (token) headers['x-vault-token'] = token
    if (namespace) headers['x-vault-namespace'] = namespace
    if (body !== undefined) headers['content-type'] = 'application/json'
    try {
      const response = await request(new URL(`/v1/${path}`, address), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.body.text()
      return { status: response.statusCode, body: parse(text) }
    } catch (cause) {
      throw fail('vault_unreachable', {
        detail: `Vault at ${new URL(address).host} does not answer`,
        hint: 'check VAULT_ADDR and the network',
        cause,
      })
    }
  }

  const authenticate = async (): Promise<Auth> => {
    if (login.method === 'token') {
      const reply = await send('GET', 'auth/token/lookup-self', undefined, login.token)
      assertHandedOn(reply)
      const data = reply.body['data'] as { ttl?: number; renewable?: boolean } | undefined
      return scheduled({ client_token: login.token, lease_duration: data?.ttl ?? 0, renewable: data?.renewable ?? false })
    }
    const reply = await send('POST', 'auth/approle/login', { role_id: login.roleId, secret_id: login.secretId })
    if (reply.status === 400) throw denied('the AppRole was refused: check VAULT_ROLE_ID and VAULT_SECRET_ID')
    assertHandedOn(reply)
    return scheduled(reply.body['auth'] as Auth)
  }

  /** Renews at two thirds of the lease; what can't be renewed is logged in anew at the next call. */
  const scheduled = (auth: Auth): Auth => {
    clearTimeout(renewal)
    if (closed || auth.lease_duration <= 0) return auth
    const delay = Math.min(auth.lease_duration * 667, 2 ** 31 - 1)
    renewal = setTimeout(() => void renew(auth), delay).unref()
    return auth
  }

  const renew = async (auth: Auth): Promise<void> => {
    try {
      if (!auth.renewable) throw new Error('the lease is not renewable')
      const reply = await send('POST', 'auth/token/renew-self', {}, auth.client_token)
      assertHandedOn(reply)
      session = Promise.resolve(scheduled({ ...(reply.body['auth'] as Auth), client_token: auth.client_token }))
    } catch (error) {
      if (closed) return
      logger.warn({ err: error }, 'the Vault lease could not be renewed; logging in again at the next call')
      session = undefined
    }
  }

  const signedIn = (): Promise<Auth> => {
    session ??= authenticate().catch((error: unknown) => {
      session = undefined
      throw error
    })
    return session
  }

  return {
    async call(method, path, body) {
      const auth = await signedIn()
      let reply = await send(method, path, body, auth.client_token)
      if (reply.status === 403 && login.method === 'approle') {
        // The token may have expired or been revoked under us: one fresh login, then the answer stands.
        session = undefined
        reply = await send(method, path, body, (await signedIn()).client_token)
      }
      assertHandedOn(reply)
      return reply
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(renewal)
    },
  }
}

function assertHandedOn({ status, body }: VaultReply): void {
  if (handedOn.has(status)) return
  const said = Array.isArray(body['errors']) ? body['errors'].join('; ') : ''
  if (status === 403) throw denied('its token is wrong, expired, or its policy does not allow this path')
  if (status === 503 && /sealed/i.test(said)) throw fail('vault_sealed', { hint: 'unseal Vault; the hub goes on by itself' })
  throw fail('vault_failed', { detail: `Vault answered ${status}`, cause: new Error(said || `status ${status}`) })
}

function denied(reason: string): Error {
  return fail('vault_denied', { detail: `Vault refused the hub: ${reason}`, hint: 'check the login and the policy of the hub in Vault' })
}

function parse(text: string): Record<string, unknown> {
  if (text === '') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
