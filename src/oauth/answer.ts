import { hubError, type HubError } from '#errors'
import { hideSecrets } from '#http'
import type { OAuthProvider, OAuthTokens } from '#kit'
import { isRecord } from '#lib/is-record'

interface Reading {
  /** What the provider was sent: its words are shown without these. */
  readonly secrets: readonly string[]
  /** Words by which this provider alone says that a token has ended. */
  readonly alsoGone?: readonly string[] | undefined
}

/** What a provider says when it gives nothing: in `error` as the standard has it, with any status, or as `ok: false`. */
export function problemIn(answer: unknown, { secrets, alsoGone = [] }: Reading): HubError | undefined {
  if (!isRecord(answer)) return undefined
  const code = answer['error']
  if (typeof code !== 'string' && answer['ok'] !== false) return undefined
  const word = typeof code === 'string' ? code : 'an error without a name'
  const { error_description: description } = answer
  // Cut after the secrets are gone: half of one is a secret too.
  const said = hideSecrets(typeof description === 'string' ? `${word}: ${description}` : word, secrets).slice(0, 400)
  const detail = `the provider answered ${said}`
  if (gone.has(word) || alsoGone.includes(word)) return hubError('reconnect_needed', { detail })
  if (passing.has(word)) return hubError('oauth_unavailable', { detail })
  return hubError('oauth_failed', { detail })
}

/** What providers say of a refresh token, or a code, that they do not accept any more. */
const gone: ReadonlySet<string> = new Set([
  'invalid_grant',
  'bad_refresh_token',
  'invalid_refresh_token',
  'token_revoked',
  'token_expired',
  'account_inactive',
])
const passing: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'ratelimited',
  'internal_error',
  'service_unavailable',
])

/** `asked` are the scopes that were asked for: a provider that names none gave all of them. */
export function tokensIn(answer: unknown, { tokensAt = [] }: OAuthProvider, asked: readonly string[]): OAuthTokens {
  const found = valueAt(answer, tokensAt)
  const { access_token: access, refresh_token: refresh, expires_in: seconds, scope } = isRecord(found) ? found : {}
  if (typeof access !== 'string' || access === '')
    throw hubError('oauth_failed', { detail: 'the answer of the provider has no access token' })
  const lifetime = Number(seconds)
  return {
    access_token: access,
    ...(typeof refresh === 'string' && refresh !== '' ? { refresh_token: refresh } : {}),
    ...(Number.isFinite(lifetime) && lifetime > 0 ? { expires_at: new Date(Date.now() + lifetime * 1000).toISOString() } : {}),
    scopes: typeof scope === 'string' ? scope.split(/[\s,]+/).filter(Boolean) : asked,
  }
}

export function valueAt(answer: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (isRecord(value) ? value[name] : undefined), answer)
}
