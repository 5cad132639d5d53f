import type { ResponseRules } from '#kit'

/** How GitHub reports limits and errors. */
export const responseRules: ResponseRules = {
  limit: (headers) => {
    const remaining = Number(headers['x-ratelimit-remaining'])
    const reset = Number(headers['x-ratelimit-reset'])
    if (!Number.isFinite(remaining) || !Number.isFinite(reset)) return undefined
    // Search, code search and GraphQL have separate limits. Only the core limit applies to the integration.
    const isPartial = (headers['x-ratelimit-resource'] ?? 'core') !== 'core'
    return { limit: Number(headers['x-ratelimit-limit']), remaining, resetAt: new Date(reset * 1000), isPartial }
  },
  errorIn: (body, status) => {
    const message = messageOf(body)
    // The secondary limit is reported as 403 or 429, sometimes without Retry-After. GitHub's documentation then requires a pause of one minute.
    if (status === 429 || (status === 403 && /secondary rate limit|abuse detection/i.test(message ?? '')))
      return { code: 'vendor_rate_limited', message: message ?? 'too many requests', retryAfter: 60 }
    // GraphQL answers 200 with the errors in the body.
    const { errors } = (body ?? {}) as { errors?: ({ type?: string; message?: string } | null)[] }
    if (status === 200 && Array.isArray(errors) && errors.length > 0) {
      const text = errors.map((error) => error?.message ?? '').join('; ')
      const kinds = new Set(errors.map((error) => error?.type))
      if (kinds.has('RATE_LIMIT') || kinds.has('RATE_LIMITED')) return { code: 'vendor_rate_limited', message: text, retryAfter: 60 }
      if (kinds.has('NOT_FOUND')) return { code: 'vendor_not_found', message: text }
      if (kinds.has('FORBIDDEN') || kinds.has('INSUFFICIENT_SCOPES')) return { code: 'vendor_forbidden', message: text }
      return { code: 'vendor_rejected', message: text }
    }
    return undefined
  },
  message: (body) => {
    const message = messageOf(body)
    const { errors } = (body ?? {}) as { errors?: (string | { resource?: string; field?: string; code?: string; message?: string })[] }
    const details = (Array.isArray(errors) ? errors : []).map((error) =>
      typeof error === 'string' ? error : (error.message ?? [error.resource, error.field, error.code].filter(Boolean).join(' ')),
    )
    return message === undefined ? undefined : [message, ...details].join('; ')
  },
}

function messageOf(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : undefined
}
