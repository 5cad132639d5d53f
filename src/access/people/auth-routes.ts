import { isRecord } from '#lib/is-record'
import { once } from '#lib/once'
import { hubError } from '#errors'
import { createThrottle } from '../throttle.ts'
import { createAccountBrake } from './account-brake.ts'
import { sessionCookie } from './cookies.ts'
import { linking, linkingRequest } from './linking.ts'
import type { Auth, AuthDeps, AuthSettings } from './better-auth.ts'

/** A request to `/auth/*`, as our server read it. */
export interface AuthRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: Buffer | undefined
  /** Under which of its names the hub was reached: `https://hub.example.com`. */
  readonly origin: string
  readonly address: string
}

export interface AuthAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Failed attempts per address and minute. */
const guesses = 10
const maxOrigins = 20

/** What of better-auth answers requests. Everything else of it is not here, so that a new version opens nothing. */
const open = new Set([
  'POST /sign-in/email',
  'POST /sign-in/social',
  'GET /callback/sso',
  ...linking,
  'POST /sign-out',
  'POST /change-password',
  'POST /update-user',
  'POST /two-factor/enable',
  'POST /two-factor/disable',
  'POST /two-factor/verify-totp',
  'POST /two-factor/verify-backup-code',
  'POST /two-factor/generate-backup-codes',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/delete-passkey',
  'POST /passkey/update-passkey',
])

const ofSso = new Set(['POST /sign-in/social', 'GET /callback/sso', ...linking])

/** Where somebody can guess. */
const guessed = /^POST \/(sign-in\/email|two-factor\/|change-password|link-social|unlink-account|passkey\/verify-authentication)/

/** What asks somebody who is signed in for their password. */
const withPassword = /^POST \/(two-factor\/(enable|disable|generate-backup-codes)|change-password|link-social|unlink-account)/

/** Values that better-auth puts into answers and that only the cookie should carry. */
const hidden = new Set(['token', 'session'])

export interface AuthRoutes {
  handle(request: AuthRequest): Promise<AuthAnswer>
  hashPassword(password: string): Promise<string>
  /** Counts attempts of an address for what is guessed elsewhere. */
  readonly throttle: ReturnType<typeof createThrottle>
}

export interface AuthRoutesOptions extends Pick<AuthSettings, 'sso'> {
  readonly secret: () => Promise<string>
  /** The e-mail address of the account that is signed in. */
  readonly emailOf: (cookies: string | undefined) => Promise<string | undefined>
}

export function createAuthRoutes(deps: AuthDeps, { secret, sso, emailOf }: AuthRoutesOptions): AuthRoutes {
  const throttle = createThrottle(guesses)
  const brake = createAccountBrake(deps.db)
  // Loaded when somebody signs in: a hub that only programs use does without it.
  const library = once(() => import('./better-auth.ts'))
  const byOrigin = new Map<string, Promise<Auth>>()

  /** Where somebody has signed in. Without HUB_PUBLIC_URL anybody can send other names, which do not push these out. */
  const proven = new Set<string>()

  const forgetOne = (): void => {
    const [first] = byOrigin.keys()
    const origin = [...byOrigin.keys()].find((name) => !proven.has(name)) ?? first!
    byOrigin.delete(origin)
    proven.delete(origin)
  }

  const authAt = (origin: string): Promise<Auth> => {
    const known = byOrigin.get(origin)
    if (known) return known
    if (byOrigin.size >= maxOrigins) forgetOne()
    const made = (async () => (await library()).createAuth(deps, { origin, secret: await secret(), sso }))()
    byOrigin.set(origin, made)
    // What failed once may work the next time.
    void made.catch(() => byOrigin.delete(origin))
    return made
  }

  /** What was created while the provider of single sign-on did not answer is created again. */
  const withProvider = async (origin: string): Promise<Auth> => {
    const auth = await authAt(origin)
    if (await auth.isComplete()) return auth
    byOrigin.delete(origin)
    return authAt(origin)
  }

  return {
    throttle,
    async handle(request) {
      const { addressHeader, authPath } = await library()
      const path = request.url.split('?', 1)[0]!.slice(authPath.length)
      const name = `${request.method} ${path}`
      if (!open.has(name)) throw hubError('not_found', { detail: 'nothing answers here' })
      if (name === 'POST /update-user') requireName(request.body)
      const isGuess = guessed.test(name)
      if (isGuess) await throttle.check(request.address)
      const isSignIn = name === 'POST /sign-in/email'
      const email = isSignIn ? emailIn(request.body) : withPassword.test(name) ? await emailOf(cookiesOf(request)) : undefined
      if (email !== undefined) await brake.check(email, request.address)
      const auth = await (sso && ofSso.has(name) ? withProvider(request.origin) : authAt(request.origin))
      const sent = asRequest(request, addressHeader)
      const passed = linking.has(name) ? await linkingRequest(auth, sent) : sent
      const response = passed instanceof Response ? passed : await auth.handle(passed)
      const isWrong = response.status >= 400 && response.status < 500
      if (isGuess && isWrong) await throttle.failed(request.address)
      if (email !== undefined && (isSignIn ? response.status === 401 : isWrong)) await brake.failed(email, request.address)
      if (response.headers.getSetCookie().some((text) => sessionCookie(text)) && byOrigin.has(request.origin)) proven.add(request.origin)
      if (email !== undefined && response.ok) brake.succeeded(email, request.address)
      return { status: response.status, headers: response.headers, body: withoutHidden(await response.text(), response.headers) }
    },
    hashPassword: async (password) => (await authAt('http://localhost')).hashPassword(password),
  }
}

/** The library takes any text as a name, and other fields that nothing here uses. */
function requireName(body: Buffer | undefined): void {
  const given = parsed(body)
  const { name } = given
  const isLine = typeof name === 'string' && name.trim() !== '' && name.length <= 100 && name.isWellFormed() && !/\p{Cc}/u.test(name)
  if (isLine && Object.keys(given).length === 1) return
  throw hubError('invalid_input', {
    errors: [{ path: 'name', message: 'must be one line of text, of at most 100 characters, and nothing else' }],
  })
}

export function cookiesOf({ headers }: Pick<AuthRequest, 'headers'>): string | undefined {
  return [headers['cookie'] ?? []].flat()[0]
}

function emailIn(body: Buffer | undefined): string | undefined {
  const { email } = parsed(body)
  return typeof email === 'string' ? email.toLowerCase() : undefined
}

function parsed(body: Buffer | undefined): Record<string, unknown> {
  try {
    const json = JSON.parse(body?.toString() ?? '') as unknown
    return isRecord(json) ? json : {}
  } catch {
    return {}
  }
}

function asRequest({ method, url, headers, body, origin, address }: AuthRequest, addressHeader: string): Request {
  const sent = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !/^(x-forwarded-.*|forwarded|host|connection|content-length|transfer-encoding)$/.test(name))
      sent.set(name, [value].flat().join(', '))
  }
  sent.set(addressHeader, address)
  return new Request(new URL(url, origin), { method, headers: sent, ...(body && body.length > 0 ? { body: new Uint8Array(body) } : {}) })
}

function withoutHidden(text: string, headers: Headers): string {
  if (text === '' || !(headers.get('content-type') ?? '').includes('application/json')) return text
  const json = JSON.parse(text) as unknown
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return text
  return JSON.stringify(Object.fromEntries(Object.entries(json).filter(([name]) => !hidden.has(name))))
}
