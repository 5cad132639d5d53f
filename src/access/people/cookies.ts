import { createHmac, timingSafeEqual } from 'node:crypto'
import { cookieIn } from '#lib/cookie'

/** Also a part of the name over https, which has a prefix. */
export const sessionCookieName = 'hub.session_token'

/** The value of the cookie of a sign-in session, as better-auth sets it: the token and its signature. */
export function sessionCookie(header: string | undefined, secureOnly = false): string | undefined {
  return signedCookie(header, sessionCookieName, secureOnly)
}

/**
 * The value of a cookie that better-auth signed. Over https only the name with the prefix counts (`secureOnly`): another host of the same domain,
 * or one without https, could set the other name, and so sign somebody in to an account that is not theirs.
 */
export function signedCookie(header: string | undefined, cookie: string, secureOnly = false): string | undefined {
  return cookieIn(header, `__Secure-${cookie}`) ?? (secureOnly ? undefined : cookieIn(header, cookie))
}

/**
 * What a cookie says; undefined unless this hub signed it. The signature matters because the tokens are in the database as they are:
 * whoever can only read the database cannot make a cookie.
 */
export function tokenIn(cookie: string, secret: string): string | undefined {
  const [, token, signature] = /^([\w-]{20,100})\.([A-Za-z0-9+/]{43}=)$/.exec(decoded(cookie)) ?? []
  if (token === undefined || signature === undefined) return undefined
  const expected = createHmac('sha256', secret).update(token).digest()
  return timingSafeEqual(expected, Buffer.from(signature, 'base64')) ? token : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
