import { request } from 'undici'
import { hubError, HubError } from '#errors'
import { deadline } from '#lib/clock'
import { redacted } from '#lib/redact'
import type { Logger } from '#telemetry'

export type VaultLogin =
  | { readonly method: 'token'; readonly token: string }
  | { readonly method: 'approle'; readonly roleId: string; readonly secretId: string }

export interface VaultOptions {
  readonly address: string
  readonly login: VaultLogin
  readonly namespace?: string | undefined
  readonly logger: Logger
  /** The timeout of one request. */
  readonly timeoutMs?: number
}

interface Auth {
  readonly client_token: string
  readonly lease_duration: number
  readonly renewable: boolean
}

export interface VaultReply {
  readonly status: number
  readonly body: Record<string, unknown>
}

interface VaultRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

export interface VaultClient extends AsyncDisposable {
  /** Returns responses with status 2xx, 400 and 404. Every other status becomes an error. */
  call(method: VaultRequest['method'], path: string, body?: unknown): Promise<VaultReply>
}

const handedOn = new Set([200, 204, 400, 404])
const longestDelay = 2 ** 31 - 1

/** An HTTP client for Vault or OpenBao that logs in when needed and renews its lease. */
export function createVaultClient({ address, login, namespace, logger, timeoutMs = 5000 }: VaultOptions): VaultClient {
  const base = `${address.replace(/\/+$/, '')}/v1/`
  const { host } = new URL(address)
  let session: Promise<Auth> | undefined
  let renewal: NodeJS.Timeout | undefined
  let closed = false

  const send = async ({ method, path, body }: VaultRequest, token?: string): Promise<VaultReply> => {
    const headers: Record<string, string> = { 'x-vault-request': 'true' }
    if (token) headers['x-vault-token'] = token
    if (namespace) headers['x-vault-namespace'] = namespace
    if (body !== undefined) headers['content-type'] = 'application/json'
    using limit = deadline(timeoutMs)
    try {
      const payload = body === undefined ? null : JSON.stringify(body)
      const response = await request(`${base}${path}`, { method, headers, body: payload, signal: limit.signal })
      const reply = { status: response.statusCode, body: parse(await response.body.text()) }
      assertUsable(reply, response.headers['retry-after'], [token, login.method === 'token' ? login.token : login.secretId])
      return reply
    } catch (cause) {
      if (cause instanceof HubError) throw cause
      throw limit.expired ? late(cause) : unreachable(cause)
    }
  }

  const late = (cause: unknown): HubError =>
    hubError('vault_timeout', {
      detail: `Vault at ${host} did not answer within ${timeoutMs / 1000} s`,
      hint: 'try again; if it happens again, check Vault',
      cause,
    })
  const unreachable = (cause: unknown): HubError =>
    hubError('vault_unreachable', { detail: `Vault at ${host} cannot be reached`, hint: 'check VAULT_ADDR and the network', cause })

  const authenticate = async (): Promise<Auth> => {
    if (login.method === 'token') {
      const { status, body } = await send({ method: 'GET', path: 'auth/token/lookup-self' }, login.token)
      if (status !== 200) throw denied('its token could not be looked up: check VAULT_ADDR and VAULT_TOKEN')
      const data = body['data'] as { ttl?: number; renewable?: boolean } | undefined
      return { client_token: login.token, lease_duration: data?.ttl ?? 0, renewable: data?.renewable ?? false }
    }
    const { status, body } = await send({
      method: 'POST',
      path: 'auth/approle/login',
      body: { role_id: login.roleId, secret_id: login.secretId },
    })
    const auth = body['auth'] as Partial<Auth> | null | undefined
    if (status !== 200 || !auth?.client_token) throw denied('the AppRole was refused: check VAULT_ROLE_ID and VAULT_SECRET_ID')
    return { client_token: auth.client_token, lease_duration: auth.lease_duration ?? 0, renewable: auth.renewable ?? false }
  }

  const signedIn = (): Promise<Auth> => {
    if (session) return session
    const begun: Promise<Auth> = authenticate().then(
      (auth) => {
        scheduleRenewal(auth, begun)
        return auth
      },
      (error: unknown) => {
        leave(begun)
        throw error
      },
    )
    session = begun
    return begun
  }

  /** Makes the next call log in again, unless another call has already done so. */
  const leave = (left: Promise<Auth>): void => {
    if (session === left) session = undefined
  }

  /** Renews after two thirds of the lease. If that fails, the next call logs in again. */
  const scheduleRenewal = (auth: Auth, owner: Promise<Auth>): void => {
    if (closed || session !== owner || auth.lease_duration <= 0) return
    clearTimeout(renewal)
    renewal = setTimeout(() => void renew(auth, owner), Math.min(auth.lease_duration * 667, longestDelay)).unref()
  }

  const renew = async (auth: Auth, owner: Promise<Auth>): Promise<void> => {
    if (session !== owner) return
    try {
      if (!auth.renewable) throw new Error('the lease is not renewable')
      const { body } = await send({ method: 'POST', path: 'auth/token/renew-self', body: {} }, auth.client_token)
      const renewed = body['auth'] as Partial<Auth> | null | undefined
      const { lease_duration = 0, renewable = false } = renewed ?? {}
      scheduleRenewal({ client_token: auth.client_token, lease_duration, renewable }, owner)
    } catch (error) {
      if (closed) return
      logger.warn({ err: error }, 'the Vault lease could not be renewed; logging in again at the next call')
      leave(owner)
    }
  }

  return {
    async call(method, path, body) {
      const used = signedIn()
      const { client_token } = await used
      try {
        return await send({ method, path, body }, client_token)
      } catch (error) {
        if (login.method !== 'approle' || !isDenied(error)) throw error
        // The token may have expired or been revoked. After one new login the response is final.
        leave(used)
        return send({ method, path, body }, (await signedIn()).client_token)
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(renewal)
    },
  }
}

function assertUsable(
  { status, body }: VaultReply,
  retryAfter: string | string[] | undefined,
  secrets: readonly (string | undefined)[],
): void {
  if (handedOn.has(status)) return
  let said = Array.isArray(body['errors']) ? body['errors'].join('; ') : ''
  // The text goes to the log, and an unknown server may have sent it.
  for (const secret of secrets) if (secret) said = said.replaceAll(secret, redacted)
  if (status === 403) throw denied('its token is wrong, expired, or its policy does not allow this path')
  if (status === 503 && /sealed/i.test(said))
    throw hubError('vault_sealed', { hint: 'unseal Vault; the hub then continues without a restart' })
  const seconds = Number(retryAfter)
  throw hubError('vault_failed', {
    detail: `Vault answered ${status}`,
    ...(seconds > 0 ? { retryAfter: seconds } : {}),
    cause: new Error(said || `status ${status}`),
  })
}

function denied(reason: string): HubError {
  return hubError('vault_denied', {
    detail: `Vault refused the hub: ${reason}`,
    hint: 'check the login and the policy of the hub in Vault',
  })
}

function isDenied(error: unknown): boolean {
  return error instanceof HubError && error.code === 'vault_denied'
}

/** Another server at this address must not look like an empty Vault. */
function parse(text: string): Record<string, unknown> {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object') return value as Record<string, unknown>
  } catch {
    // The error below reports it, without the text.
  }
  throw hubError('vault_failed', {
    detail: 'the server at VAULT_ADDR is not Vault',
    hint: 'check VAULT_ADDR and any proxy in between',
  })
}
