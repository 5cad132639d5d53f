import { backoffDelay } from '#lib/backoff'
import { deadline, sleep } from '#lib/clock'
import { redacted, redactText } from '#lib/redact'
import { hubError, HubError } from '#errors'
import type { Egress } from './egress.ts'
import type { EtagCache } from './etag.ts'
import type { Authorization, Http, HttpReply, HttpRequest, HttpTarget, Log, QueryValue, RateLimiter, RequestOptions } from './types.ts'
import { errorOf, parseReply, type RawReply } from './reply.ts'

/** The dependencies and limits that all calls share. */
export interface HttpRuntime {
  readonly egress: Egress
  readonly etags: EtagCache
  /** The time limit of one attempt. */
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly log: Log
  measure(measure: HttpMeasure): void
}

export interface HttpMeasure {
  readonly connector: string
  readonly method: string
  readonly status: number | string
  readonly seconds: number
}

/** One call of one action. */
export interface CallScope {
  readonly connector: HttpTarget
  /** Part of each cache key, so that integrations do not share cached replies. */
  readonly integrationId: string
  readonly baseUrl: string
  readonly authorization: () => Promise<Authorization>
  /** The secret values of the credential. They are removed from previews and errors. */
  readonly secrets: readonly string[]
  readonly rateLimiter: RateLimiter
  readonly signal: AbortSignal
  readonly dryRun: boolean
  /** The action has the effect `read`. Its dry run also stops before the first request, because the caller wants to see that request. */
  readonly readOnly: boolean
}

/** Thrown to end a dry run. Holds the request that would have been sent. */
export class DryRun extends Error {
  readonly request: Record<string, unknown>
  constructor(request: Record<string, unknown>) {
    super('dry run')
    this.request = request
  }
}

/** A request with everything that is needed to send it, except its body. */
interface Prepared {
  readonly req: HttpRequest
  readonly isRead: boolean
  readonly url: URL
  readonly authorization: Authorization
}

/** One request to one address. A redirect leads to another attempt. */
interface Attempt {
  readonly url: URL
  readonly headers: Record<string, string>
  readonly bytes: Body['bytes']
}

const defaultMaxBytes = 10_000_000
const maxRedirects = 5
const backoff = { baseMs: 250, maxMs: 10_000 }

export function createHttp(runtime: HttpRuntime, scope: CallScope): Http {
  const started = Date.now()
  // The waits of a call (rate limit, retry pauses) together may not take longer than one attempt.
  const remainingWaitMs = (): number => Math.max(0, started + runtime.timeoutMs - Date.now())

  const request = async <T>(req: HttpRequest): Promise<HttpReply<T>> => {
    const authorization = req.authorize === false ? {} : await scope.authorization()
    const url = buildUrl(scope.baseUrl, req, authorization)
    const isRead = req.effect === undefined ? req.method === 'GET' || req.method === 'HEAD' : req.effect === 'read'
    const prepared: Prepared = { req, isRead, url, authorization }
    if (scope.dryRun && (!isRead || scope.readOnly)) throw new DryRun(previewOf(scope, prepared))
    const body = await bodyOf(req)
    const reply = await withRetries(req, isRead, () => exchange(prepared, body))
    return {
      status: reply.status,
      headers: reply.headers,
      url: url.href,
      data: parseReply(reply, req.accept ?? 'json', scope.connector.title) as T,
    }
  }

  /** Repeats reads and repeatable writes. Repeats other writes only if it is certain that the vendor did not process them. */
  const withRetries = async (req: HttpRequest, isRead: boolean, attempt: () => Promise<RawReply>): Promise<RawReply> => {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt()
      } catch (error) {
        const pause = retryPause(error, isRead || req.repeatable === true, tries)
        if (pause === undefined || pause > remainingWaitMs() || scope.signal.aborted) throw publicError(error)
        runtime.log.debug({ connector: scope.connector.name, tries, pause, code: (error as HubError).code }, 'retry')
        await sleep(pause, scope.signal).catch(() => {
          throw publicError(error)
        })
      }
    }
  }

  const retryPause = (error: unknown, repeatable: boolean, tries: number): number | undefined => {
    if (tries >= runtime.maxRetries || !(error instanceof HubError)) return undefined
    // A request that exceeded a rate limit was not processed, so writes may be repeated too.
    if (error.code === 'vendor_rate_limited') {
      const { retryAfter } = error.details
      return retryAfter === undefined ? backoffDelay(tries, backoff) : retryAfter * 1000 + backoffDelay(0, backoff)
    }
    if (error.entry.retryable && (repeatable || unsent.has(error)) && error.code !== 'rate_limited') {
      return error.details.retryAfter === undefined ? backoffDelay(tries, backoff) : error.details.retryAfter * 1000
    }
    return undefined
  }

  /** Sends a request and follows its redirects. */
  const exchange = async (prepared: Prepared, body: Body): Promise<RawReply> => {
    const { req, isRead, url: first, authorization } = prepared
    const cacheKey =
      req.method === 'GET' && req.accept !== 'bytes'
        ? `${scope.integrationId} ${req.accept ?? 'json'} ${first.href} ${req.headers?.['accept'] ?? ''}`
        : undefined
    const cached = cacheKey === undefined ? undefined : runtime.etags.get(cacheKey)
    let url = first
    for (let hops = 0; ; hops++) {
      const otherOrigin = url.origin !== first.origin
      const headers = headersFor(scope, req, otherOrigin ? {} : authorization)
      // The content type of a multipart body contains the boundary, so a type set by the caller would be wrong.
      if (body.type !== undefined && (req.multipart || headers['content-type'] === undefined)) headers['content-type'] = body.type
      if (cached && !otherOrigin) headers['if-none-match'] = cached.etag
      const reply = await attemptOnce(prepared, { url, headers, bytes: body.bytes })
      const next = redirectOf(reply, req.method, isRead)
      if (next !== undefined && hops < maxRedirects) {
        url = new URL(next, url)
        runtime.egress.assertUrl(url)
        continue
      }
      const notice = scope.connector.responseRules?.limit?.(reply.headers)
      if (notice) scope.rateLimiter.learn(notice)
      if (reply.status === 304 && cached)
        return { status: cached.status, headers: { ...cached.headers, ...reply.headers }, bytes: cached.bytes }
      const error = errorOf(reply, scope.connector, req.allow ?? [])
      if (error) {
        if (error.code === 'vendor_rate_limited') scope.rateLimiter.pause((error.details.retryAfter ?? 1) * 1000)
        // A gateway sends 502 or 504 when it gets no answer, but the vendor may still have processed the request.
        if (!isRead && !req.repeatable && (reply.status === 502 || reply.status === 504)) throw unknownOutcome(error)
        throw error
      }
      if (reply.status >= 300 && !req.allow?.includes(reply.status))
        throw hubError('vendor_invalid_response', {
          detail: `${scope.connector.title} answered with the unexpected status ${reply.status}`,
        })
      const etag = reply.headers['etag']
      if (cacheKey !== undefined && etag !== undefined && reply.status === 200) runtime.etags.set(cacheKey, { etag, ...reply })
      return reply
    }
  }

  const attemptOnce = async ({ req, isRead }: Prepared, { url, headers, bytes: body }: Attempt): Promise<RawReply> => {
    runtime.egress.assertUrl(url)
    await scope.rateLimiter.take(remainingWaitMs(), scope.signal)
    using limit = deadline(runtime.timeoutMs * (req.timeoutFactor ?? 1), scope.signal)
    const began = performance.now()
    let status: number | string = 'error'
    try {
      const response = await runtime.egress.dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: req.method,
        headers,
        body,
        signal: limit.signal,
      })
      status = response.statusCode
      const bytes = await readBounded(response.body, req.maxBytes ?? defaultMaxBytes, scope.connector.title)
      return { status: response.statusCode, headers: flat(response.headers), bytes }
    } catch (error) {
      const known = classify(error, scope.connector.title, { timedOut: limit.expired, aborted: scope.signal.aborted })
      if (status === 'error') status = known.code
      if (isRead || req.repeatable || unsent.has(known) || known.code === 'address_refused') throw known
      throw unknownOutcome(known)
    } finally {
      runtime.measure({ connector: scope.connector.name, method: req.method, status, seconds: (performance.now() - began) / 1000 })
    }
  }

  const publicError = (error: unknown): unknown => {
    if (!(error instanceof HubError) || error.details.detail === undefined) return error
    return hubError(error.code, { ...error.details, detail: hideSecrets(error.details.detail, scope.secrets) })
  }

  const unknownOutcome = (cause: HubError): HubError =>
    hubError('outcome_unknown', {
      detail: `the request was sent to ${scope.connector.title}, but no clear answer came back (${cause.code})`,
      hint: 'check in the outside system whether the change was made before you repeat the call',
      cause,
    })

  const json =
    <T>(method: HttpRequest['method']) =>
    async (path: string, body?: unknown, options: RequestOptions = {}): Promise<T> =>
      (await request<T>({ ...options, ...(body === undefined ? {} : { json: body }), method, path })).data
  return {
    request,
    get: async <T>(path: string, options: RequestOptions = {}) => (await request<T>({ ...options, method: 'GET', path })).data,
    delete: async <T>(path: string, options: RequestOptions = {}) => (await request<T>({ ...options, method: 'DELETE', path })).data,
    post: (path, body, options) => json<never>('POST')(path, body, options),
    put: (path, body, options) => json<never>('PUT')(path, body, options),
    patch: (path, body, options) => json<never>('PATCH')(path, body, options),
  }
}

/** Errors after which it is certain that the vendor received no byte of the request. */
const unsent = new WeakSet<HubError>()

const unsentCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|ERR_SSL_.*|EPROTO)$/

function classify(error: unknown, vendor: string, { timedOut, aborted }: { timedOut: boolean; aborted: boolean }): HubError {
  if (error instanceof HubError) return error
  const cause = (error as Error).cause
  if (cause instanceof HubError) return cause
  const code = (error as NodeJS.ErrnoException).code ?? (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (aborted) return hubError('cancelled', { cause: error })
  if (timedOut || /TIMEOUT/.test(code)) {
    const known = hubError('vendor_timeout', { detail: `${vendor} did not answer in time`, cause: error })
    if (code === 'UND_ERR_CONNECT_TIMEOUT') unsent.add(known)
    return known
  }
  const known = hubError('vendor_unreachable', { detail: `${vendor} cannot be reached (${code || 'connection failed'})`, cause: error })
  if (unsentCodes.test(code)) unsent.add(known)
  return known
}

async function readBounded(body: AsyncIterable<Uint8Array> & { destroy(): unknown }, maxBytes: number, vendor: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > maxBytes) {
      body.destroy()
      throw hubError('vendor_too_large', { detail: `the answer of ${vendor} is larger than ${maxBytes} bytes` })
    }
    parts.push(part)
  }
  return parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts)
}

function redirectOf({ status, headers }: RawReply, method: string, isRead: boolean): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  // Only 307 and 308 require that the same method and body are sent again.
  return isRead && method !== 'POST' ? headers['location'] : status >= 307 ? headers['location'] : undefined
}

function buildUrl(baseUrl: string, { path, query = {} }: HttpRequest, authorization: Authorization): URL {
  const address = /^https?:\/\//i.test(path) ? path : `${baseUrl.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
  if (!URL.canParse(address)) throw hubError('invalid_input', { detail: 'the base URL and the path do not form a valid URL' })
  const url = new URL(address)
  for (const [name, value] of Object.entries<QueryValue>({ ...query, ...authorization.query })) {
    if (value === undefined || value === null) continue
    for (const item of Array.isArray(value) ? (value as string[]) : [value]) url.searchParams.append(name, String(item))
  }
  return url
}

function headersFor(scope: CallScope, req: HttpRequest, authorization: Authorization): Record<string, string> {
  const given = {
    accept: req.accept === undefined || req.accept === 'json' ? 'application/json' : '*/*',
    ...scope.connector.headers,
    ...req.headers,
  }
  const headers: Record<string, string> = { 'user-agent': 'integration-hub' }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers[name.toLowerCase()] = value
  for (const [name, value] of Object.entries(authorization.headers ?? {})) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw hubError('vendor_unauthorized', {
        detail: 'the credential contains characters that are not allowed in an HTTP header',
        hint: 'save the credential again; the usual cause is a line break at its end',
      })
    headers[name.toLowerCase()] = value
  }
  return headers
}

interface Body {
  readonly bytes: string | Uint8Array | null
  readonly type?: string
}

async function bodyOf({ json, form, multipart, body }: HttpRequest): Promise<Body> {
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

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}

function previewOf(scope: CallScope, { req, url, authorization }: Prepared): Record<string, unknown> {
  const shown = new URL(url)
  for (const name of Object.keys(authorization.query ?? {})) shown.searchParams.set(name, redacted)
  const hidden = Object.fromEntries(Object.keys(authorization.headers ?? {}).map((name) => [name.toLowerCase(), redacted]))
  const body =
    req.json ??
    req.form ??
    (req.multipart ? '(multipart)' : typeof req.body === 'string' ? req.body : req.body && `(${req.body.length} bytes)`)
  const preview = {
    method: req.method,
    url: shown.href,
    headers: { ...headersFor(scope, req, {}), ...hidden },
    ...(body === undefined ? {} : { body }),
  }
  return JSON.parse(hideSecrets(JSON.stringify(preview), scope.secrets)) as Record<string, unknown>
}

/** Removes known secrets, and texts that have the form of a secret, from a text. */
function hideSecrets(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const value of secrets)
    if (value.length >= 4) clean = clean.replaceAll(value, redacted).replaceAll(encodeURIComponent(value), redacted)
  return redactText(clean)
}
