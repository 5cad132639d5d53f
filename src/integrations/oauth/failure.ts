import { hubError, HubError } from '#errors'
import type { OAuthTokens } from '#kit'
import type { Attempt } from '#oauth'

/** How an attempt ends that an error ended. */
export function failureOf(error: unknown): { status: Attempt['status']; problem: NonNullable<Attempt['problem']> } {
  const known = error instanceof HubError ? error : hubError('internal', { cause: error })
  // A code that is not accepted is no permission that has ended.
  const code = known.code === 'reconnect_needed' ? 'oauth_failed' : known.code
  const { hint = hints[code] } = known.details
  return {
    status: code === 'oauth_denied' ? 'denied' : 'failed',
    problem: { code, detail: known.entry.status === 500 ? known.entry.title : known.message, ...(hint === undefined ? {} : { hint }) },
  }
}

const hints: Readonly<Record<string, string>> = {
  oauth_failed: 'start again; if it fails again, check the client id, the client secret and the redirect URL of the application',
  oauth_unavailable: 'start again in a while',
}

/** Providers that give these leave them out of the list of what they gave. */
const unlisted: ReadonlySet<string> = new Set(['offline_access', 'openid'])

/** What makes a permission useless: it lacks scopes that were asked for, or it ends soon and cannot be renewed. Nothing is stored then. */
export function lacking(
  asked: readonly string[],
  { scopes, refresh_token: refresh, expires_at: expires }: OAuthTokens,
): HubError | undefined {
  const missing = asked.filter((scope) => !scopes.includes(scope) && !unlisted.has(scope))
  if (missing.length > 0)
    return hubError('oauth_failed', {
      detail: `the provider gave fewer rights than were asked for; missing: ${missing.join(', ')}`,
      hint: 'connect again and allow all of them, or ask for fewer by naming features',
    })
  if (refresh === undefined && expires !== undefined)
    return hubError('oauth_failed', {
      detail: 'the provider gave an access token that expires, and no refresh token',
      hint: 'let the application ask for offline access, remove it from the list of allowed applications at the provider, and connect again',
    })
  return undefined
}

/** What the provider says in the browser instead of a code. */
export function refusalOf(word: string, description: string | null): HubError {
  const said = `${word.slice(0, 100)}${description ? `: ${description.slice(0, 300)}` : ''}`
  if (word === 'access_denied' || word === 'user_cancelled_authorize' || word === 'consent_required')
    return hubError('oauth_denied', {
      detail: `the provider answered ${said}`,
      hint: 'connect again, and allow it on the page of the provider',
    })
  return hubError('oauth_failed', { detail: `the provider answered ${said}` })
}

export function unknownAttempt(): HubError {
  return hubError('attempt_unknown', { hint: 'start again from where you began to connect' })
}
