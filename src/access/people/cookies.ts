import { createHmac, timingSafeEqual } from 'node:crypto'

/** Also a part of the name over https, which has a prefix. */
export const sessionCookieName = 'hub.session_token'

/** The value of the cookie of a sign-in session, as better-auth sets it: the token and its signature. */
export function sessionCookie(header: string | undefined): string | undefined {
  return signedCookie(header, sessionCookieName)
}

/** The value of a cookie that better-auth signed. */
export function signedCookie(header: string | undefined, cookie: string): string | undefined {
  if (header === undefined) return undefined
  const pairs = header.split(';').map((part) => part.trim())
  for (const name of [`__Secure-${cookie}`, cookie]) {
    const found = pairs.find((pair) => pair.startsWith(`${name}=`))
    if (found !== undefined) return found.slice(name.length + 1)
  }
  return undefined
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
