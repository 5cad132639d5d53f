import type { ResponseRules } from '#kit'

/** How GitLab reports limits and errors. */
export const responseRules: ResponseRules = {
  limit: (headers) => {
    const remaining = Number(headers['ratelimit-remaining'] ?? Number.NaN)
    const reset = Number(headers['ratelimit-reset'] ?? Number.NaN)
    if (!Number.isFinite(remaining) || !Number.isFinite(reset)) return undefined
    // Some paths have limits of their own, such as search and the creation of notes. Only the limit of the whole API applies to the integration.
    const name = headers['ratelimit-name'] ?? ''
    const isPartial = name !== '' && !name.startsWith('throttle_authenticated_api') && name !== 'throttle_authenticated_web'
    return { limit: Number(headers['ratelimit-limit']), remaining, resetAt: new Date(reset * 1000), isPartial }
  },
  // The scope that a token lacks is a matter of permission, not of its validity.
  errorIn: (body, status) =>
    status === 403 && (body as { error?: unknown } | null)?.error === 'insufficient_scope'
      ? { code: 'vendor_forbidden', message: messageOf(body) ?? 'the token lacks a scope' }
      : undefined,
  message: messageOf,
}

const mostFields = 20

/** `{message: text}`, `{message: {field: [texts]}}` or `{error: text, error_description: text}`. */
function messageOf(body: unknown): string | undefined {
  const { message, error, error_description: description } = (body ?? {}) as Record<string, unknown>
  if (typeof message === 'string') return message
  if (Array.isArray(message)) return message.slice(0, mostFields).map(String).join('; ')
  if (typeof message === 'object' && message !== null) {
    const fields = Object.entries(message).slice(0, mostFields)
    return fields.map(([name, texts]) => `${name === 'base' ? '' : `${name} `}${[texts].flat().map(String).join(', ')}`).join('; ')
  }
  if (typeof error !== 'string') return undefined
  return typeof description === 'string' ? `${error}: ${description}` : error
}
