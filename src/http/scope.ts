import type { SentRequest } from '#lib/sent-requests'
import type { Egress } from './egress.ts'
import type { Effects } from './effects.ts'
import type { EtagCache } from './etag.ts'
import type { RequestLog } from './request-log.ts'
import type { Authorization, HttpTarget, Log, RateLimiter } from './types.ts'

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
  /** After the outside system refused the authorization: whether `authorization` gives another one now, so that the request is worth sending again. */
  readonly renewAuthorization?: (() => Promise<boolean>) | undefined
  /** The secret values of the credential. They are removed from previews and errors. */
  readonly secrets: readonly string[]
  readonly rateLimiter: RateLimiter
  readonly signal: AbortSignal
  readonly dryRun: boolean
  /** The action has the effect `read`. Its dry run also stops before the first request, because the caller wants to see that request. */
  readonly readOnly: boolean
  /** The header in which the outside system takes an idempotency key, and the call's key. Every write is sent with it, so it may be repeated. */
  readonly idempotency?: { readonly header: string; readonly key: string } | undefined
  /** Where the client records which writes were accepted. */
  readonly effects: Effects
  /** Where the client notes what it sends. */
  readonly requests?: RequestLog | undefined
  /** What the requests are for. */
  readonly purpose?: SentRequest['purpose'] | undefined
}
