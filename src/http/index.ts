export { createClosedEgress } from './closed-egress.ts'
export { createEgress, isPrivatePlace, type Egress } from './egress.ts'
export { readBounded } from './bounded-body.ts'
export { createHttp, DryRun } from './client.ts'
export { createEffects, callError, type Effects } from './effects.ts'
export { createRequestLog, type RequestLog } from './request-log.ts'
export { shownError } from './shown-error.ts'
export type { CallScope, HttpMeasure, HttpRuntime } from './scope.ts'
export { createEtagCache, type EtagCache } from './etag.ts'
export { path, nextLink } from './path.ts'
export { hideSecrets } from './request.ts'
export { pagesByCursor, pagesByLink, pagesByNumber, pagesByOffset } from './pages.ts'
export {
  unlimited,
  type Authorization,
  type Http,
  type HttpReply,
  type HttpRequest,
  type HttpTarget,
  type LimitNotice,
  type Log,
  type Method,
  type QueryValue,
  type RateLimiter,
  type RequestOptions,
  type ResponseRules,
  type VendorErrorCode,
} from './types.ts'
