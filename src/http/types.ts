/** What the kit says to the log. */
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
  /** A POST that only isRead (a search, a GraphQL query) says so: it may be repeated, and a dry run may send it. */
  readonly effect?: 'read' | 'write'
  /** The outside system recognises a repetition (an idempotency key, a PUT of a whole): repeated like a read. */
  readonly repeatable?: boolean
  readonly accept?: 'json' | 'text' | 'bytes'
  readonly maxBytes?: number
  /** How many times as long as usual one try may take, where an answer takes its time, such as a model's. */
  readonly timeoutFactor?: number
  /** Statuses handed on instead of thrown. */
  readonly allow?: readonly number[]
  /** False for a request that must go without the integration's credential (a pre-signed upload address). */
  readonly authorize?: boolean
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpRequest extends RequestOptions {
  readonly method: Method
  /** A path under the connector's base URL, or a whole URL. */
  readonly path: string
}

export interface HttpReply<T> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly data: T
  readonly url: string
}

/** The one way out. What it answers is parsed and checked for errors; what it throws is a `HubError` of the table. */
export interface Http {
  get<T>(path: string, options?: RequestOptions): Promise<T>
  post<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  put<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  patch<T>(path: string, json?: unknown, options?: RequestOptions): Promise<T>
  delete<T>(path: string, options?: RequestOptions): Promise<T>
  request<T>(request: HttpRequest): Promise<HttpReply<T>>
}

/** The integration's share of the outside system's timeoutFactor. */
export interface Gate {
  /** Resolves when a request may go; `rate_limited` when that would take longer than `maxWaitMs`. */
  take(maxWaitMs: number, signal: AbortSignal): Promise<void>
  /** What the outside system said of its limit. */
  learn(notice: LimitNotice): void
  /** It asked to be left alone for a while. */
  pause(ms: number): void
}

export const openGate: Gate = { take: async () => undefined, learn: () => undefined, pause: () => undefined }

/** What an auth method adds to a request. */
export interface Authorization {
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
}

/** The system that a request goes to, as far as this module needs to know it. */
export interface HttpTarget {
  readonly name: string
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  readonly responseRules?: ResponseRules
}

/** What a reply means beyond its status: for systems that answer 200 with an error inside, or say their limits in their own headers. */
export interface ResponseRules {
  /** An error of ours for a reply that HTTP would call good; undefined when it is good. */
  readonly errorIn?: (body: unknown, status: number) => { code: VendorErrorCode; message?: string; retryAfter?: number } | undefined
  /** The vendor's own words on a failure, made safe to show. */
  readonly message?: (body: unknown) => string | undefined
  /** What its headers say of the limit. */
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
  /** When the count begins anew. */
  readonly resetAt: Date
}
