import type { ResponseRules } from '#kit'

export const responseRules: ResponseRules = {
  message: (body) => {
    const { errorMessages, errors, message } = (body ?? {}) as {
      errorMessages?: string[]
      errors?: Record<string, string>
      message?: string
    }
    const fields = Object.entries(errors ?? {}).map(([field, text]) => `${field}: ${text}`)
    const all = [...(errorMessages ?? []), ...fields, ...(message ? [message] : [])]
    return all.length > 0 ? all.join('; ') : undefined
  },
  // Writes to one issue have a limit of their own.
  isPartialLimit: (headers) => headers['ratelimit-reason'] === 'jira-per-issue-on-write',
  limit: (headers) => {
    const [remaining, reset, limit] = [headers['x-ratelimit-remaining'], headers['x-ratelimit-reset'], headers['x-ratelimit-limit']]
    if (remaining === undefined || reset === undefined) return undefined
    const resetAt = new Date(/^\d+$/.test(reset) ? Number(reset) * 1000 : reset)
    return Number.isNaN(resetAt.getTime()) ? undefined : { limit: Number(limit), remaining: Number(remaining), resetAt }
  },
}
