import { backoffDelay } from '#lib/backoff'
import { deadline, sleep } from '#lib/clock'
import { hubError, HubError } from '#errors'
import type { Http, HttpReply, HttpRequest, RequestOptions } from './types.ts'
import { readBounded } from './bounded-body.ts'
import { errorOf, parseReply, type RawReply } from './reply.ts'
import { redirectOf } from './redirect.ts'
import { vendorIdIn, type RequestNote } from './request-log.ts'
import { bareHeaders, bodyOf, hideSecrets, isRead, prepare, previewOf, type Body, type Prepared } from './request.ts'
import type { CallScope, HttpRuntime } from './scope.ts'

/** Thrown to end a dry run. Holds the request that would have been sent. */
export class DryRun extends Error {
  readonly request: Record<string, unknown>
  constructor(request: Record<string, unknown>) {
    super('dry run')
    this.request = request
  }
}

/** One request to one address. A redirect leads to another attempt. */
interface Attempt {
  readonly url: URL
  readonly headers: Record<string, string>
  readonly bytes: Body['bytes']
  /** How often the request was sent before, and this time. */
  readonly number: number
}

const defaultMaxBytes = 10_000_000
const backoff = { baseMs: 250, maxMs: 10_000 }

export function createHttp(runtime: HttpRuntime, scope: CallScope): Http {
  const started = Date.now()
  // The waits of a call (rate limit, retry pauses) together may not take longer than one attempt.
  const remainingWaitMs = (): number => Math.max(0, started + runtime.timeoutMs - Date.now())

  let writes = 0
  /** The key of the next write. Outside systems refuse a key that they know from another request. */
  const nextKey = (): string | undefined => {
    if (!scope.idempotency) return undefined
    writes += 1
    return writes === 1 ? scope.idempotency.key : `${scope.idempotency.key}-${writes}`
  }

  const request = async <T>(req: HttpRequest): Promise<HttpReply<T>> => {
    const key = isRead(req) ? undefined : nextKey()
    let prepared = await prepare(scope, req, key)
    if (scope.dryRun && (!prepared.isRead || req.isCallers || scope.readOnly)) throw new DryRun(previewOf(scope.secrets, prepared))
    const body = await bodyOf(req)
    let sent = 0
    const send = (): Promise<RawReply> => withRetries(prepared, () => exchange(prepared, body, (sent += 1)))
    const reply = await send().catch(async (error: unknown) => {
      // Whoever is not let in has changed nothing, so a write may be sent again too.
      if (!isRefusal(error) || isBare(prepared) || !(await scope.renewAuthorization?.())) throw error
      prepared = await prepare(scope, req, key)
      return send()
    })
    if (!prepared.isRead) scope.effects.accept(prepared.mayRepeat ? 'repeatable' : 'once')
    return { status: reply.status, headers: reply.headers, url: prepared.url.href, data: dataOf(prepared, reply) as T }
  }

  const dataOf = ({ req, isRead: read }: Prepared, reply: RawReply): unknown => {
    try {
      const data = parseReply(reply, req.accept ?? 'json', scope.connector.title)
      scope.effects.answer()
      return data
    } catch (error) {
      throw read ? error : unknownOutcome(error as HubError)
    }
  }

  /** Repeats reads and repeatable writes. Repeats other writes only if it is certain that the vendor did not process them. */
  const withRetries = async ({ isRead: read, mayRepeat }: Prepared, attempt: () => Promise<RawReply>): Promise<RawReply> => {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt()
      } catch (error) {
        const pause = retryPause(error, mayRepeat, tries)
        if (pause === undefined || pause > remainingWaitMs() || scope.signal.aborted) throw finalError(error, read)
        runtime.log.debug({ connector: scope.connector.name, tries, pause, code: (error as HubError).code }, 'retry')
        await sleep(pause, scope.signal).catch(() => {
          throw finalError(error, read)
        })
      }
    }
  }

  const retryPause = (error: unknown, mayRepeat: boolean, tries: number): number | undefined => {
    if (tries >= runtime.maxRetries || !(error instanceof HubError)) return undefined
    // A request that exceeded a rate limit was not processed, so writes may be repeated too.
    if (error.code === 'vendor_rate_limited') {
      const { retryAfter } = error.details
      return retryAfter === undefined ? backoffDelay(tries, backoff) : retryAfter * 1000 + backoffDelay(0, backoff)
    }
    if (error.entry.retryable && (mayRepeat || !uncertain.has(error)) && error.code !== 'rate_limited') {
      return error.details.retryAfter === undefined ? backoffDelay(tries, backoff) : error.details.retryAfter * 1000
    }
    return undefined
  }

  /** Sends a request and follows its redirects. */
  const exchange = async (prepared: Prepared, body: Body, number: number): Promise<RawReply> => {
    const { req, isRead: read, url: first } = prepared
    const cacheKey =
      req.method === 'GET' && req.accept !== 'bytes'
        ? `${scope.integrationId} ${req.accept ?? 'json'} ${first.href} ${req.headers?.['accept'] ?? ''}`
        : undefined
    const cached = cacheKey === undefined ? undefined : runtime.etags.get(cacheKey)
    let url = first
    for (let hops = 0; ; hops++) {
      const isForeign = url.origin !== first.origin
      // Another origin gets nothing that comes from the integration or the caller.
      const headers: Record<string, string> = isForeign ? bareHeaders(req) : { ...prepared.headers }
      // The content type of a multipart body contains the boundary, so a type set by the caller would be wrong.
      if (!isForeign && body.type !== undefined && (req.multipart || headers['content-type'] === undefined))
        headers['content-type'] = body.type
      if (cached && !isForeign) headers['if-none-match'] = cached.etag
      const { reply, note } = await attemptOnce(prepared, { url, headers, bytes: body.bytes, number })
      const next = redirectOf({ reply, from: url, first, hops, req, isRead: read, vendor: scope.connector.title })
      // After 302 and 303 the outside system may have made the change and shows another page.
      if (next instanceof HubError) throw !read && (reply.status === 302 || reply.status === 303) ? uncertainly(next) : next
      if (next !== undefined) {
        url = next
        runtime.egress.assertUrl(url)
        continue
      }
      const notice = scope.connector.responseRules?.limit?.(reply.headers)
      if (notice && notice.isPartial !== true && Number.isFinite(notice.remaining) && Number.isFinite(notice.resetAt.getTime()))
        scope.rateLimiter.learn(notice)
      if (reply.status === 304 && cached)
        return { status: cached.status, headers: { ...cached.headers, ...reply.headers }, bytes: cached.bytes }
      const error = errorOf(reply, scope.connector, req.allow ?? [])
      if (error) {
        if (note) note.error = error.code
        const isPartial = notice?.isPartial === true || scope.connector.responseRules?.isPartialLimit?.(reply.headers) === true
        if (error.code === 'vendor_rate_limited' && !isPartial) scope.rateLimiter.pause((error.details.retryAfter ?? 1) * 1000)
        // An outside system that failed may have failed after it had made the change.
        throw error.code === 'vendor_failed' && !read ? uncertainly(error) : error
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

  const noteOf = ({ req, url: first }: Prepared, { url, bytes, number }: Attempt): RequestNote | undefined => {
    const isForeign = url.origin !== first.origin || (scope.baseUrl !== '' && url.origin !== new URL(scope.baseUrl).origin)
    return scope.requests?.begin({
      method: req.method,
      purpose: scope.purpose ?? 'call',
      attempt: number,
      bytes_sent: bytes === null ? 0 : Buffer.byteLength(bytes),
      url,
      onlyHost: isForeign || req.authorize === false,
    })
  }

  const attemptOnce = async (prepared: Prepared, attempt: Attempt): Promise<{ reply: RawReply; note: RequestNote | undefined }> => {
    const { req, isRead: read } = prepared
    const { url, headers, bytes: body } = attempt
    runtime.egress.assertUrl(url)
    await scope.rateLimiter.take(remainingWaitMs(), scope.signal)
    const note = noteOf(prepared, attempt)
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
      if (note) Object.assign(note, { status, vendor_id: vendorIdIn(response.headers) })
      const maxBytes = req.maxBytes ?? defaultMaxBytes
      const bytes = await readBounded(response.body, maxBytes, () =>
        hubError('vendor_too_large', { detail: `the answer of ${scope.connector.title} is larger than ${maxBytes} bytes` }),
      )
      if (note) note.bytes_received = bytes.length
      return { reply: { status: response.statusCode, headers: flat(response.headers), bytes }, note }
    } catch (error) {
      const known = classify(error, scope.connector.title, { timedOut: limit.expired, aborted: scope.signal.aborted })
      if (status === 'error') status = known.code
      if (note) note.error = known.code
      throw read || unsent.has(known) || unsentErrors.has(known.code) ? known : uncertainly(known)
    } finally {
      const ms = performance.now() - began
      if (note) note.ms = Math.round(ms)
      runtime.measure({ connector: scope.connector.name, method: req.method, status, seconds: ms / 1000 })
    }
  }

  const finalError = (error: unknown, read: boolean): unknown => {
    if (!(error instanceof HubError)) return error
    return publicError(!read && uncertain.has(error) ? unknownOutcome(error) : error)
  }

  const publicError = (error: HubError): HubError =>
    error.details.detail === undefined ? error : error.with({ detail: hideSecrets(error.details.detail, scope.secrets) })

  const unknownOutcome = (cause: HubError): HubError =>
    hubError('outcome_unknown', {
      detail: `the request was sent to ${scope.connector.title}, but no clear answer came back: ${cause.message}`,
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

function isRefusal(error: unknown): boolean {
  return error instanceof HubError && error.code === 'vendor_unauthorized'
}

/** Whether the request was sent without the credential. */
function isBare({ authorization: { headers, query } }: Prepared): boolean {
  return headers === undefined && query === undefined
}

/** Errors after which it is certain that the vendor received no byte of the request. */
const unsent = new WeakSet<HubError>()
const unsentErrors: ReadonlySet<string> = new Set(['address_refused', 'invalid_input'])

/** Errors after which a write may have been made or not. */
const uncertain = new WeakSet<HubError>()

function uncertainly(error: HubError): HubError {
  uncertain.add(error)
  return error
}

const unsentCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|ERR_SSL_.*|EPROTO)$/

function classify(error: unknown, vendor: string, { timedOut, aborted }: { timedOut: boolean; aborted: boolean }): HubError {
  if (error instanceof HubError) return error
  const cause = (error as Error).cause
  if (cause instanceof HubError) return cause
  const code = (error as NodeJS.ErrnoException).code ?? (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (aborted) return hubError('cancelled', { cause: error })
  if (/^UND_ERR_(INVALID_ARG|NOT_SUPPORTED)$/.test(code))
    return hubError('invalid_input', { detail: `the request cannot be sent: ${(error as Error).message}`, cause: error })
  if (timedOut || /TIMEOUT/.test(code)) {
    const known = hubError('vendor_timeout', { detail: `${vendor} did not answer in time`, cause: error })
    if (code === 'UND_ERR_CONNECT_TIMEOUT') unsent.add(known)
    return known
  }
  const known = hubError('vendor_unreachable', { detail: `${vendor} cannot be reached (${code || 'connection failed'})`, cause: error })
  if (unsentCodes.test(code)) unsent.add(known)
  return known
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}
