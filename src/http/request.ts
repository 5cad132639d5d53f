import { hubError } from '#errors'
import { redacted, redactText } from '#lib/redact'
import type { CallScope } from './scope.ts'
import type { Authorization, HttpRequest, QueryValue } from './types.ts'
import { placeUnder } from './place.ts'

/** A request with everything that is needed to send it, except its body. */
export interface Prepared {
  readonly req: HttpRequest
  readonly isRead: boolean
  /** Sending it twice changes no more than sending it once. */
  readonly mayRepeat: boolean
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly authorization: Authorization
}

export function isRead({ effect, method }: HttpRequest): boolean {
  return effect === undefined ? method === 'GET' || method === 'HEAD' : effect === 'read'
}

/** `key`: what the outside system recognises a repetition of this request by, if it has such a header. */
export async function prepare(scope: CallScope, req: HttpRequest, key: string | undefined): Promise<Prepared> {
  if (req.repeatable !== undefined && req.repeatable !== 'state')
    throw new TypeError(
      `${scope.connector.name}: repeatable must be 'state'; for a header with a key declare idempotencyHeader on the action`,
    )
  const base = scope.baseUrl === '' ? undefined : new URL(scope.baseUrl)
  const url = locate(base, req.path)
  // An absolute URL comes out of an answer. A credential never leaves the origin that it was stored for.
  const isForeign = base !== undefined && url.origin !== base.origin
  const authorization = req.authorize === false || isForeign ? {} : await scope.authorization()
  addQuery(url, { ...req.query, ...authorization.query })
  const read = isRead(req)
  const header = read ? undefined : scope.idempotency?.header
  const headers = {
    ...plainHeaders(scope, req),
    ...(header !== undefined && key !== undefined ? { [header.toLowerCase()]: key } : {}),
    ...authorizationHeaders(authorization),
  }
  return { req, isRead: read, mayRepeat: read || req.repeatable === 'state' || header !== undefined, url, headers, authorization }
}

function locate(base: URL | undefined, path: string): URL {
  if (!/^https?:\/\//i.test(path)) {
    if (base === undefined) throw hubError('invalid_input', { detail: 'the path has no base URL' })
    return placeUnder(base, path)
  }
  if (!URL.canParse(path)) throw hubError('vendor_invalid_response', { detail: 'the address that the outside system named is not a URL' })
  return new URL(path)
}

function addQuery(url: URL, query: Readonly<Record<string, QueryValue>>): void {
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    for (const item of Array.isArray(value) ? (value as string[]) : [value]) url.searchParams.append(name, String(item))
  }
}

const headerText = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

function plainHeaders({ connector }: CallScope, req: HttpRequest): Record<string, string> {
  const given = { ...bareHeaders(req), ...lowerCase(connector.headers), ...lowerCase(req.headers ?? {}) }
  for (const [name, value] of Object.entries(given))
    if (!headerText.test(value))
      throw hubError('invalid_input', {
        errors: [{ path: `headers.${name}`, message: 'must be one line of characters that an HTTP header can contain' }],
      })
  return given
}

/** The headers of a request that tells another origin nothing. */
export function bareHeaders({ accept }: HttpRequest): Record<string, string> {
  return { 'user-agent': 'integration-hub', accept: accept === undefined || accept === 'json' ? 'application/json' : '*/*' }
}

function lowerCase(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value] as const])),
  )
}

function authorizationHeaders({ headers = {} }: Authorization): Record<string, string> {
  for (const value of Object.values(headers))
    if (!headerText.test(value))
      throw hubError('vendor_unauthorized', {
        detail: 'the credential contains characters that are not allowed in an HTTP header',
        hint: 'save the credential again; the usual cause is a line break at its end',
      })
  return lowerCase(headers)
}

export interface Body {
  readonly bytes: string | Uint8Array | null
  readonly type?: string
}

export async function bodyOf({ json, form, multipart, body }: HttpRequest): Promise<Body> {
  if (json !== undefined) return { bytes: JSON.stringify(json), type: 'application/json' }
  if (form !== undefined) {
    const fields = Object.entries(form).filter(([, value]) => value !== undefined)
    const text = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)])).toString()
    return { bytes: text, type: 'application/x-www-form-urlencoded' }
  }
  if (multipart !== undefined) {
    // The body is encoded in memory and not streamed, so that an attempt can be repeated.
    const encoded = new Response(multipart)
    return { bytes: new Uint8Array(await encoded.arrayBuffer()), type: encoded.headers.get('content-type') ?? 'multipart/form-data' }
  }
  return { bytes: body ?? null }
}

/** What a dry run shows. */
export function previewOf(secrets: readonly string[], { req, url, headers, authorization }: Prepared): Record<string, unknown> {
  const shown = new URL(url)
  for (const name of Object.keys(authorization.query ?? {})) shown.searchParams.set(name, redacted)
  const hidden = Object.fromEntries(Object.keys(authorization.headers ?? {}).map((name) => [name.toLowerCase(), redacted]))
  const body =
    req.json ??
    req.form ??
    (req.multipart ? '(multipart)' : typeof req.body === 'string' ? req.body : req.body && `(${req.body.length} bytes)`)
  const preview = { method: req.method, url: shown.href, headers: { ...headers, ...hidden }, ...(body === undefined ? {} : { body }) }
  return JSON.parse(hideSecrets(JSON.stringify(preview), secrets)) as Record<string, unknown>
}

/** Removes known secrets, and texts that have the form of a secret, from a text. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const value of secrets)
    if (value.length >= 4) clean = clean.replaceAll(value, redacted).replaceAll(encodeURIComponent(value), redacted)
  return redactText(clean)
}
