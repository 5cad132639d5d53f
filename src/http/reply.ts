import type { HttpTarget, LimitNotice, VendorErrorCode } from './types.ts'
import { hubError, HubError, type ErrorCode } from '#errors'
import { isTooDeep } from '#lib/json-values'
import { redactText } from '#lib/redact'
import { retryAfterMs } from '#lib/retry-after'

export interface RawReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

/** Decodes the body. Throws `vendor_invalid_response` if JSON was expected and the vendor or a proxy sent something else, such as a web page. */
export function parseReply({ status, headers, bytes }: RawReply, accept: 'json' | 'text' | 'bytes', vendor: string): unknown {
  if (accept === 'bytes') return bytes
  if (accept === 'text') return bytes.toString('utf8')
  if (status === 204 || bytes.length === 0) return undefined
  const data = jsonOf(bytes)
  if (data === undefined) {
    const kind = headers['content-type']?.split(';')[0] ?? 'no content type'
    throw hubError('vendor_invalid_response', { detail: `${vendor} answered ${status} with ${kind} where JSON was expected` })
  }
  if (isTooDeep(data))
    throw hubError('vendor_invalid_response', { detail: `${vendor} answered ${status} with JSON that is nested too deeply` })
  return data
}

/** The error that a reply reports; undefined if the reply reports success. A body that a connector's rules cannot read says nothing but its status. */
export function errorOf(reply: RawReply, target: HttpTarget, allow: readonly number[]): HubError | undefined {
  try {
    return errorByRules(reply, target, allow)
  } catch (error) {
    if (error instanceof HubError) throw error
    return errorByRules(reply, { ...target, responseRules: {} }, allow)
  }
}

function errorByRules(reply: RawReply, { title, responseRules = {} }: HttpTarget, allow: readonly number[]): HubError | undefined {
  const { status, headers } = reply
  if (allow.includes(status)) return undefined
  // The body of a successful reply is parsed only for systems that report errors with a status below 400.
  if (status < 400 && !responseRules.errorIn) return undefined
  const body = jsonOrUndefined(reply)
  const special = responseRules.errorIn?.(body, status)
  const notice = responseRules.limit?.(headers)
  const reset = resetSeconds(notice)
  if (special) {
    const isLimit = special.code === 'vendor_rate_limited'
    return vendorError(title, status, {
      ...special,
      retryAfter: retryAfterSeconds(headers) ?? (isLimit ? (reset ?? special.retryAfter) : undefined),
    })
  }
  if (status < 400) return undefined
  const limitUsedUp = status === 403 && (headers['retry-after'] !== undefined || notice?.remaining === 0)
  const code = limitUsedUp ? 'vendor_rate_limited' : codeOf(status)
  return vendorError(title, status, {
    code,
    message: responseRules.message?.(body) ?? usualMessage(body),
    retryAfter: retryAfterSeconds(headers) ?? (limitUsedUp || status === 429 ? reset : undefined),
  })
}

/** Seconds until a limit that is used up starts again. */
function resetSeconds(notice: LimitNotice | undefined): number | undefined {
  if (notice?.remaining !== 0 || !Number.isFinite(notice.resetAt.getTime())) return undefined
  return Math.max(1, Math.ceil((notice.resetAt.getTime() - Date.now()) / 1000))
}

interface ReportedError {
  readonly code: VendorErrorCode | 'vendor_timeout'
  readonly message?: string | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
}

function codeOf(status: number): ReportedError['code'] {
  if (status === 401) return 'vendor_unauthorized'
  if (status === 403) return 'vendor_forbidden'
  if (status === 404 || status === 410) return 'vendor_not_found'
  if (status === 408) return 'vendor_timeout'
  if (status === 409 || status === 412) return 'vendor_conflict'
  if (status === 429) return 'vendor_rate_limited'
  return status >= 500 ? 'vendor_failed' : 'vendor_rejected'
}

/** Characters of a vendor’s message. `shownError` cuts it further, after the secrets in it are hidden. */
const longestMessage = 20_000

const hints: Partial<Record<ErrorCode, string>> = {
  vendor_unauthorized: 'renew the credential of this integration, then test it: POST /api/v1/integrations/{id}/test',
  vendor_forbidden: 'give the credential the permission for this, or use another credential',
}

function vendorError(vendor: string, status: number, { code, message, retryAfter }: ReportedError): HubError {
  const text = message ? `: ${redactText(message.slice(0, longestMessage)).replaceAll(/[\s\p{Cc}]+/gu, ' ')}` : ''
  const hint = hints[code]
  return hubError(code, {
    detail: `${vendor} answered ${status}${text}`,
    ...(hint ? { hint } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object'
}

/** Reads the error message from the fields that most APIs use for it. */
function usualMessage(body: unknown): string | undefined {
  if (body === null || typeof body !== 'object') return undefined
  const { message, error, error_description: description, detail, errors, msg } = body as Record<string, unknown>
  const found = [message, description, detail, msg, isObject(error) ? error['message'] : error]
  const first = found.find((item) => typeof item === 'string' && item !== '')
  return (first as string | undefined) ?? (Array.isArray(errors) && typeof errors[0] === 'string' ? errors.join('; ') : undefined)
}

function jsonOrUndefined({ bytes }: RawReply): unknown {
  if (bytes.length === 0 || (bytes[0] !== 0x7b && bytes[0] !== 0x5b)) return undefined
  return jsonOf(bytes)
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

/** The Retry-After header in whole seconds. */
function retryAfterSeconds(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = retryAfterMs(headers['retry-after'], Date.now())
  return ms === undefined ? undefined : Math.ceil(ms / 1000)
}
