import { headerName } from '#lib/header-name'
import type { HmacScheme, WebhookScheme } from './scheme.ts'

/** The headers that a scheme reads. Each may occur only once, and none of them is stored. */
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

/** Describes what is wrong with a user-defined scheme; returns undefined if the scheme is valid. */
export function validateScheme(scheme: WebhookScheme): string | undefined {
  for (const name of headersOf(scheme)) if (!headerName.test(name)) return `"${name}" is not a valid header name`
  switch (scheme.kind) {
    case 'hmac':
      return validateHmac(scheme)
    case 'standard':
      return isTolerance(scheme.tolerance) ? undefined : 'the tolerance must be a number of seconds greater than 0'
    case 'token':
      if ((scheme.header === undefined) === (scheme.bodyPath === undefined))
        return 'a token scheme needs either a header or a body path, and not both'
      return scheme.bodyPath?.length === 0 ? 'the path of the token in the body is empty' : undefined
    case 'basic':
    case 'channel':
      return undefined
  }
}

function validateHmac({ payload = '{body}', timestamp, idHeader, listed }: HmacScheme): string | undefined {
  if (!payload.includes('{body}')) return 'the signed payload does not contain {body}, so every body would be accepted'
  if (payload.includes('{timestamp}') && !timestamp)
    return 'the signed payload contains {timestamp}, but the scheme does not say where the timestamp is'
  if (payload.includes('{id}') && idHeader === undefined)
    return 'the signed payload contains {id}, but the scheme does not name the header of the id'
  if (listed && (listed.separator === '' || listed.name === '')) return 'a list needs a separator and the name of its signatures'
  if (!timestamp) return undefined
  if ((timestamp.header === undefined) === (timestamp.listed === undefined))
    return 'a timestamp needs either a header or a name in the list, and not both'
  if (timestamp.listed !== undefined && !listed) return 'the timestamp is in a list, but the signature is not'
  return isTolerance(timestamp.tolerance) ? undefined : 'the tolerance must be a number of seconds greater than 0'
}

function isTolerance(seconds: number): boolean {
  return Number.isFinite(seconds) && seconds > 0
}
