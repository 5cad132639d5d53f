import type { ResponseRules } from '#kit'

/** How GitHub says its limits and its errors. */
export const responseRules: ResponseRules = {
  limit: (headers) => {
    const remaining = Number(headers['x-ratelimit-remaining'])
    const reset = Number(headers['x-ratelimit-reset'])
    // Search and code search have limits of their own; only the core one is the integration's.
    if (!Number.isFinite(remaining) || !Number.isFinite(reset) || (headers['x-ratelimit-resource'] ?? 'core') !== 'core') return undefined
    return { limit: Number(headers['x-ratelimit-limit']), remaining, resetAt: new Date(reset * 1000) }
  },
  errorIn: (body, status) => {
    const message = messageOf(body)
    // The secondary limit comes as 403 and may come without Retry-After: GitHub asks for a minute's rest then.
    if (status === 403 && /secondary rate limit|abuse detection/i.test(message ?? ''))
      return { code: 'vendor_rate_limited', message: message!, retryAfter: 60 }
    // GraphQL answers 200 with errors inside.
    const { errors, data } = (body ?? {}) as { errors?: { type?: string; message?: string }[]; data?: unknown }
    if (status === 200 && Array.isArray(errors) && errors.length > 0 && data !== undefined) {
      const words = errors.map((error) => error.message ?? '').join('; ')
      const kinds = new Set(errors.map((error) => error.type))
      if (kinds.has('RATE_LIMITED')) return { code: 'vendor_rate_limited', message: words }
      if (kinds.has('NOT_FOUND')) return { code: 'vendor_not_found', message: words }
      if (kinds.has('FORBIDDEN') || kinds.has('INSUFFICIENT_SCOPES')) return { code: 'vendor_forbidden', message: words }
      return { code: 'vendor_rejected', message: words }
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
