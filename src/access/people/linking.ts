import { isRecord } from '#lib/is-record'
import type { Auth } from './better-auth.ts'

/** What changes which identity of single sign-on an account belongs to. Whoever only has the cookie of somebody cannot do it. */
export const linking = new Set(['POST /link-social', 'POST /unlink-account'])

/**
 * The request as better-auth gets it, once the password in it is that of the person; what to answer instead otherwise. Nothing but the password
 * is taken from what was sent: the library also accepts identities that a caller brings along.
 */
export async function linkingRequest(auth: Auth, request: Request): Promise<Request | Response> {
  const given: unknown = await request
    .clone()
    .json()
    .catch(() => undefined)
  const password = isRecord(given) && typeof given['password'] === 'string' ? given['password'] : ''
  const checked = await auth.checkPassword(request.headers, password)
  if (!checked.ok) return checked
  const account = request.url.endsWith('/unlink-account') ? await auth.ssoAccountOf(request.headers) : undefined
  const body = request.url.endsWith('/unlink-account') ? { accountId: account ?? '' } : linkBody
  const headers = new Headers(request.headers)
  headers.set('content-type', 'application/json')
  return new Request(request.url, { method: 'POST', headers, body: JSON.stringify(body) })
}

const linkBody = { provider: 'sso', callbackURL: '/account', errorCallbackURL: '/account', disableRedirect: true }
