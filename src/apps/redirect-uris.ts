const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])
/** Schemes that a browser follows to something else than a program of the person. */
const dangerous = /^(javascript|data|vbscript|file|about|blob|filesystem|view-source|ws|wss|ftp|mailto|tel|intent|chrome|resource):$/
const longest = 2000
export const mostRedirectUris = 20

export function isLoopback(uri: string): boolean {
  const { protocol, hostname } = new URL(uri)
  return protocol === 'http:' && loopback.has(hostname)
}

/** What is wrong with a redirect URI; undefined if it can be registered. */
export function problemOfRedirectUri(uri: string): string | undefined {
  if (uri.length > longest) return `has more than ${longest} characters`
  if (!/^[\x21-\x7e]+$/.test(uri) || !URL.canParse(uri)) return 'is not a URL'
  const { protocol, hash, username, password } = new URL(uri)
  if (hash !== '' || uri.includes('#')) return 'has a fragment'
  if (username !== '' || password !== '') return 'contains a user name or a password'
  if (protocol === 'http:') return isLoopback(uri) ? undefined : 'must begin with https: unless it leads to this machine'
  return dangerous.test(protocol) ? `cannot begin with ${protocol}` : undefined
}

/** Exactly one of those that are registered; the port of a program on the person's machine is free (RFC 8252, 7.3). */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true
  if (problemOfRedirectUri(uri) !== undefined || !isLoopback(uri)) return false
  return registered.some((known) => isLoopback(known) && withoutPort(known) === withoutPort(uri))
}

function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:\[::1\]|[^/:?]+)):\d{1,5}(?=[/?]|$)/, '$1')
}
