import { hubError, type HubError } from '#errors'
import type { RawReply } from './reply.ts'
import type { HttpRequest } from './types.ts'

interface Redirect {
  readonly reply: RawReply
  readonly from: URL
  /** The URL of the request before any redirect. */
  readonly first: URL
  readonly hops: number
  readonly req: HttpRequest
  readonly isRead: boolean
  readonly vendor: string
}

const maxRedirects = 5
const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Where a reply leads to; an error if that must not be followed, and undefined if the reply is no redirect. */
export function redirectOf({ reply: { status, headers }, from, first, hops, req, isRead, vendor }: Redirect): URL | HubError | undefined {
  const { location } = headers
  if (!statuses.has(status) || location === undefined || req.allow?.includes(status)) return undefined
  if (!URL.canParse(location, from.href))
    return hubError('vendor_invalid_response', { detail: `${vendor} answered ${status} with a location that is not a URL` })
  const next = new URL(location, from)
  const place = `${next.origin}${next.pathname}`
  if (hops >= maxRedirects)
    return hubError('vendor_invalid_response', {
      detail: `${vendor} redirected more than ${maxRedirects} times, the last time to ${place}`,
    })
  const isPlainRead = req.method === 'GET' || req.method === 'HEAD'
  if (isPlainRead) return next
  if (next.origin !== first.origin)
    return hubError('vendor_invalid_response', {
      detail: `${vendor} answered ${status} and named another origin, ${place}; the hub sends no content of a call there`,
      hint: 'if that is the right address now, change the base URL of the integration',
    })
  // Only 307 and 308 require that the same method and body are sent again.
  if (status >= 307) return next
  const detail = `${vendor} answered ${status}: the place is now ${place}`
  if (status === 301 && !isRead)
    return hubError('vendor_rejected', { detail: `${detail}, and nothing was changed`, hint: 'use the new name or address in the call' })
  return hubError('vendor_invalid_response', { detail, hint: 'change the base URL of the integration, or use the new name in the call' })
}
