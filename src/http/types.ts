/** The part of a logger that connectors and the HTTP client use. */
export interface Log {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export type QueryValue = string | number | boolean | readonly (string | number)[] | null | undefined

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly multipart?: FormData
  readonly body?: string | Uint8Array
  /** Set `read` for a POST that changes nothing (a search, a GraphQL query). It may then be repeated, and a dry run may send it. */
  readonly effect?: 'read' | 'write'
  /** A dry run shows the request instead of sending it, even if it reads: its caller wrote all of it, and it may carry anything to anywhere. */
  readonly isCallers?: boolean
  /**
   * `state`: the request asks for a state (a PUT of a complete resource), so it is repeated like a read. A request that the outside system
   * recognises by a key does not say so here: its action declares `idempotencyHeader`, and the client sends the key.
   */
  readonly repeatable?: 'state' | undefined
  readonly accept?: 'json' | 'text' | 'bytes'
  readonly maxBytes?: number
  /** Multiplies the timeout of an attempt, for answers that are slow, such as those of a language model. */
  readonly timeoutFactor?: number
  /** Error statuses that are returned instead of thrown. */
  readonly allow?: readonly number[]
  /** Set false to send the request without the integration's credential (a pre-signed upload URL). */
  readonly authorize?: boolean
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpRequest extends RequestOptions {
  readonly method: Method
  /** A path relative to the connector's base URL, or an absolute URL. */
  readonly path: string
}

export interface HttpReply<T> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly data: T
  readonly url: string
}

/** The HTTP client of connectors. It parses replies, checks them for errors, and throws a `HubError` on failure. */
export interface Http {
  get<T>(path: string, options?: RequestOptions): Promise<T>
  post<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  put<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  patch<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  delete<T>(path: string, options?: RequestOptions): Promise<T>
  request<T>(request: HttpRequest): Promise<HttpReply<T>>
}

/** Limits the rate of an integration's requests. */
export interface RateLimiter {
  /** Resolves when a request may be sent. Throws `rate_limited` if that would take longer than `maxWaitMs`. */
  take(maxWaitMs: number, signal: AbortSignal): Promise<void>
  /** Records the limit that the outside system reported. */
  learn(notice: LimitNotice): void
  /** Holds back all requests for this time, because the outside system asked for it. */
  pause(ms: number): void
}

export const unlimited: RateLimiter = { take: async () => undefined, learn: () => undefined, pause: () => undefined }

/** The headers and query parameters that an auth method adds to a request. */
export interface Authorization {
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
}

/** The properties of a connector that the HTTP client needs. */
export interface HttpTarget {
  readonly name: string
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  readonly responseRules?: ResponseRules
}

/** How to read the replies of systems that answer 200 with an error in the body, or report limits in headers of their own. */
export interface ResponseRules {
  /** The error that a body reports, also with status 200; undefined if it reports none. */
  readonly errorIn?: (body: unknown, status: number) => { code: VendorErrorCode; message?: string; retryAfter?: number } | undefined
  /** The vendor's error message, if it is safe to show. */
  readonly message?: (body: unknown) => string | undefined
  /** Whether a limit that this reply says is exceeded is only for requests like this one, such as those to one method, so that others go on. */
  readonly isPartialLimit?: (headers: Readonly<Record<string, string>>) => boolean
  /** The rate limit that the headers report. */
  readonly limit?: (headers: Readonly<Record<string, string>>) => LimitNotice | undefined
}

export type VendorErrorCode =
  | 'vendor_unauthorized'
  | 'vendor_forbidden'
  | 'vendor_not_found'
  | 'vendor_conflict'
  | 'vendor_rejected'
  | 'vendor_rate_limited'
  | 'vendor_failed'

export interface LimitNotice {
  readonly limit?: number
  readonly remaining: number
  /** When the vendor starts to count from zero again. */
  readonly resetAt: Date
  /** The limit is only for requests of the same kind, such as searches, so others of the integration go on. */
  readonly isPartial?: boolean
}
