import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { HubError, hubError, type Http } from '#kit'

/** What an address answered, after redirects inside the site. */
export type Answer =
  | { readonly kind: 'content'; readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>>; readonly url: URL }
  | { readonly kind: 'same' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'elsewhere'; readonly url: URL }

export interface AskOptions {
  readonly maxBytes?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutFactor?: number
  /** Also a refusal means that there is nothing: some servers answer 403 for files that do not exist. */
  readonly isProbe?: boolean
}

/** A site below its base URL. */
export interface Site {
  readonly base: URL
  /** Where a page stands in the site, the same for all its spellings; undefined of what is no page of the site. */
  idOf(address: string): string | undefined
  /** An address that belongs to the site's host. */
  addressOf(address: string): URL | undefined
  ask(address: string, options?: AskOptions): Promise<Answer>
}

const mostPage = 2_000_000
const mostRedirects = 5
const redirects = [301, 302, 303, 307, 308]
const refusals = [400, 401, 403, 405, 406]
const longestId = 1000
const files =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|m?js|map|json|xml|txt|pdf|zip|t?gz|tar|woff2?|ttf|otf|mp[34]|webm|wasm|ya?ml|csv|exe|dmg|deb|rpm)$/i

export function siteOf(http: Http, baseUrl: string): Site {
  const base = new URL(baseUrl)
  const root = base.pathname.replace(/\/+$/, '')

  const addressOf = (address: string): URL | undefined => {
    if (!URL.canParse(address, `${base.origin}${root}/`)) return undefined
    const url = new URL(address, `${base.origin}${root}/`)
    return url.origin === base.origin ? url : undefined
  }

  const ask = async (address: string, options: AskOptions = {}): Promise<Answer> => {
    let url = addressOf(address)
    if (!url) return { kind: 'missing' }
    for (let hops = 0; ; hops++) {
      const { status, headers, data } = await http.request<Buffer>({
        method: 'GET',
        path: url.href,
        accept: 'bytes',
        maxBytes: options.maxBytes ?? mostPage,
        headers: options.headers ?? {},
        timeoutFactor: options.timeoutFactor ?? 1,
        allow: [...redirects, 304, 404, 410, ...(options.isProbe === true ? refusals : [])],
      })
      if (status === 304) return { kind: 'same' }
      if (status >= 400) return { kind: 'missing' }
      if (status < 300) return { kind: 'content', bytes: data, headers, url }
      const { location = '' } = headers
      if (!URL.canParse(location, url.href))
        throw hubError('vendor_invalid_response', { detail: `${url.href} redirects to something that is no address` })
      const next: URL = new URL(location, url)
      if (next.origin !== base.origin) return { kind: 'elsewhere', url: next }
      if (hops >= mostRedirects)
        throw hubError('vendor_invalid_response', { detail: `${address} redirects more than ${mostRedirects} times` })
      url = next
    }
  }

  return {
    base: new URL(`${base.origin}${root}/`),
    addressOf,
    idOf(address) {
      const url = addressOf(address)
      if (!url || url.search !== '' || !`${url.pathname}/`.startsWith(`${root}/`) || files.test(url.pathname)) return undefined
      const place = url.pathname
        .slice(root.length)
        .replaceAll(/\/{2,}/g, '/')
        .replace(/\.(?:html?|md)$/i, '')
        .replace(/\/index$/, '/')
        .replace(/\/$/, '')
      return place.length > longestId ? undefined : place === '' ? '/' : place
    },
    ask,
  }
}

const unzip = promisify(gunzip)

/** The bytes of a file that may be compressed, which may make it much larger. */
export async function unpacked(bytes: Buffer, most: number): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return await unzip(bytes, { maxOutputLength: most })
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge
      ? hubError('vendor_too_large', { detail: `a compressed file holds more than ${most} bytes` })
      : hubError('vendor_invalid_response', { detail: 'a compressed file cannot be read', cause: error })
  }
}

/** In the encoding that the server names, if there is such a one. What does not fit it is replaced. */
export function textOf(bytes: Buffer, contentType = ''): string {
  const charset = /charset="?([\w-]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

/** An error that lies in one address, so that others may still be read. */
export function isOfOne(error: unknown): error is HubError {
  return error instanceof HubError && !error.entry.retryable && error.code !== 'cancelled' && error.code !== 'vendor_unauthorized'
}
