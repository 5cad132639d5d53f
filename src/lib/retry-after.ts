const second = 1000
const longestMs = 24 * 60 * 60 * second

/**
 * What a Retry-After header asks for, which is seconds or a date; undefined where it can be neither. Parts of a second are rounded up, because an
 * earlier attempt would be refused again. A day at most, because a date can be wrong if a clock is wrong.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+(\.\d+)?$/.test(value.trim()) ? Math.ceil(Number(value)) * second : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(longestMs, Math.max(0, ms)) : undefined
}
