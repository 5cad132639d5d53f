import type { HmacScheme, WebhookScheme } from './scheme.ts'

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i

/** The headers that a scheme reads: each may come once only, and none belongs into what is stored. */
export function headersOf(scheme: WebhookScheme): readonly string[] {
  switch (scheme.kind) {
    case 'hmac':
      return [scheme.header, scheme.timestamp?.header, scheme.idHeader].filter((name) => name !== undefined)
    case 'standard': {
      const { prefix = 'webhook-' } = scheme
      return [`${prefix}signature`, `${prefix}timestamp`, `${prefix}id`]
    }
    case 'token':
      return scheme.header === undefined ? [] : [scheme.header]
    case 'basic':
      return ['authorization']
    case 'channel':
      return [scheme.tokenHeader, scheme.idHeader, scheme.resourceHeader]
  }
}

/** Why a scheme that somebody put together would prove less than it seems to; undefined when it is sound. */
export function validateScheme(scheme: WebhookScheme): string | undefined {
  for (const name of headersOf(scheme)) if (!headerName.test(name)) return `"${name}" is no name of a header`
  switch (scheme.kind) {
    case 'hmac':
      return unsoundHmac(scheme)
    case 'standard':
      return isTolerance(scheme.tolerance) ? undefined : 'the tolerance has to be a number of seconds above 0'
    case 'token':
      if ((scheme.header === undefined) === (scheme.bodyPath === undefined))
        return 'a token stands in a header or in the body: name one of them'
      return scheme.bodyPath?.length === 0 ? 'the path of the token in the body is empty' : undefined
    case 'basic':
    case 'channel':
      return undefined
  }
}

function unsoundHmac({ payload = '{body}', timestamp, idHeader, listed }: HmacScheme): string | undefined {
  if (!payload.includes('{body}')) return 'what is signed has no {body} in it, so any body would do'
  if (payload.includes('{timestamp}') && !timestamp) return 'a {timestamp} is signed, and nothing says where it stands'
  if (payload.includes('{id}') && idHeader === undefined) return 'an {id} is signed, and nothing says where it stands'
  if (listed && (listed.separator === '' || listed.name === '')) return 'a list needs a separator and the name of its signatures'
  if (!timestamp) return undefined
  if ((timestamp.header === undefined) === (timestamp.listed === undefined))
    return 'a timestamp stands in a header or in the list: name one of them'
  if (timestamp.listed !== undefined && !listed) return 'the timestamp stands in a list, and the signature in none'
  return isTolerance(timestamp.tolerance) ? undefined : 'the tolerance has to be a number of seconds above 0'
}

function isTolerance(seconds: number): boolean {
  return Number.isFinite(seconds) && seconds > 0
}
