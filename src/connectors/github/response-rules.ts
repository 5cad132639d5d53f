import type { ResponseRules } from '#kit'

/** How GitHub reports limits and errors. */
export const responseRules: ResponseRules = {
  limit: (headers) => {
    const remaining = Number(headers['x-ratelimit-remaining'])
    const reset = Number(headers['x-ratelimit-reset'])
    // Search and code search have separate limits. Only the core limit applies to the integration.
    if (!Number.isFinite(remaining) || !Number.isFinite(reset) || (headers['x-ratelimit-resource'] ?? 'core') !== 'core') return undefined
    return { limit: Number(headers['x-ratelimit-limit']), remaining, resetAt: new Date(reset * 1000) }
  },
  errorIn: (body, status) => {
    const message = messageOf(body)
    // The secondary limit is reported as 403, sometimes without Retry-After. GitHub's documentation then requires a pause of one minute.
    if (status === 403 && /secondary rate limit|abuse detection/i.test(message ?? ''))
      return { code: 'vendor_rate_limited', message: message!, retryAfter: 60 }
    // GraphQL answers 200 with the errors in the body.
    const { errors, data } = (body ?? {}) as { errors?: { type?: string; message?: string }[]; data?: unknown }
    if (status === 200 && Array.isArray(errors) && errors.length > 0 && data !== undefined) {
      const text = errors.map((error) => error.message ?? '').join('; ')
      const kinds = new Set(errors.map((error) => error.type))
      if (kinds.has('RATE_LIMITED')) return { code: 'vendor_rate_limited', message: text }
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
