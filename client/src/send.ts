import { errorOf, HubError } from './errors.ts'
import { prepare, type Prepared } from './request.ts'
import type { HubSettings, Options, Route } from './types.ts'

const defaultRetries = 3
const defaultTimeoutMs = 130_000
const firstDelayMs = 250
/** Who is told to wait longer gets the error instead. */
const longestDelayMs = 30_000

export type Send = <Output>(route: Route, input?: object, options?: Options) => Promise<Output>

export function createSend(settings: HubSettings): Send {
  return async <Output>(route: Route, input: object = {}, options: Options = {}) => {
    // Once for all attempts, which share the key.
    const request = prepare(route, input, settings)
    const { retries = settings.retries ?? defaultRetries, timeoutMs = settings.timeoutMs ?? defaultTimeoutMs, signal } = options
    for (let attempt = 0; ; attempt += 1) {
      // Its own failure is no failure of the request.
      const authorized = await authorize(settings, request)
      try {
        const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
        return await answerOf<Output>(await attemptOf(settings, authorized, limit))
      } catch (failure) {
        const error = reasonOf(failure, request.url, signal)
        const waitMs = attempt < retries ? delayOf(error, request, attempt) : undefined
        if (waitMs === undefined) throw error
        await pause(waitMs, signal)
      }
    }
  }
}

export async function authorize({ token }: HubSettings, request: Prepared): Promise<Prepared> {
  const value = typeof token === 'string' ? token : await token()
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${value}` } }
}

/** Sends a request once. Returns an answer of success. */
export async function attemptOf(settings: HubSettings, { url, method, headers, body }: Prepared, signal: AbortSignal): Promise<Response> {
  signal.throwIfAborted()
  const request: RequestInit = {
    method,
    headers,
    // The token is for this address only.
    redirect: 'error',
    signal,
    ...(body === undefined ? {} : { body }),
  }
  const response = await (settings.fetch ?? fetch)(url, request)
  if (response.ok) return response
  throw await errorOf(response)
}

async function answerOf<Output>(response: Response): Promise<Output> {
  const { status } = response
  if (status === 204) return null as Output
  const text = await response.text()
  try {
    return JSON.parse(text) as Output
  } catch (cause) {
    throw new HubError('the answer is not JSON', { code: 'unexpected_answer', kind: 'upstream', retryable: false, status }, cause)
  }
}

/** The caller’s own abort stays what it is. */
export function reasonOf(error: unknown, url: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof HubError) return error
  const { host } = new URL(url)
  const inTime = !(error instanceof Error && error.name === 'TimeoutError')
  return inTime
    ? new HubError(`${host} cannot be reached`, { code: 'connection_failed', kind: 'network', retryable: true, status: 0 }, error)
    : new HubError(`${host} did not answer in time`, { code: 'no_answer_in_time', kind: 'timeout', retryable: true, status: 0 }, error)
}

/** How long to wait before the next attempt; undefined if there must be none. */
function delayOf(error: unknown, { isRepeatable }: Prepared, attempt: number): number | undefined {
  if (!(error instanceof HubError) || !error.retryable) return undefined
  const { kind, code, retryAfter } = error
  // The hub refused these before it did anything.
  const isUnsent = kind === 'rate_limit' || code === 'shutting_down'
  if (!isRepeatable && !isUnsent) return undefined
  return backoffMs(attempt, retryAfter)
}

/** Undefined if the hub asks for a longer wait than a caller expects. */
export function backoffMs(attempt: number, retryAfter: number | undefined): number | undefined {
  if (retryAfter !== undefined) return retryAfter * 1000 <= longestDelayMs ? retryAfter * 1000 : undefined
  const most = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt)
  return most * (0.5 + Math.random() / 2)
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = (): void => {
      clearTimeout(timer)
      // oxlint-disable-next-line prefer-promise-reject-errors -- The caller chose the reason.
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
