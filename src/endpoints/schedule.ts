const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How long after each failed attempt the next one comes; after the last there is none. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour] as const
const jitter = 0.2

/** One attempt. */
export const timeoutMs = 20 * second
/** A process has a delivery to itself for this long; whoever comes later takes it for dead. Well above one attempt. */
export const leaseMs = minute
/** An endpoint is disabled when it has failed for this long and this often, without one success in between. */
export const failingMs = 24 * hour
export const failuresInRow = 20
/** How often one that was disabled for failing is tried. */
export const probeMs = hour
/** What waits for a disabled endpoint waits no longer than this. */
export const heldMs = 72 * hour
/** A secret that was replaced goes on signing for this long. */
export const overlapMs = 24 * hour
const longestRetryAfter = 24 * hour
/** Of an endpoint that has too much to do, and does not say for how long. */
const longestPause = 5 * minute

/** After so many attempts that count; undefined when that was the last. */
export function delayAfter(attempts: number, random: () => number): number | undefined {
  const delay = delays[attempts - 1]
  return delay === undefined ? undefined : Math.round(delay * (1 - jitter + 2 * jitter * random()))
}

/** Seconds or a date; capped, as a clock may be wrong on either side. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * second : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(longestRetryAfter, Math.max(0, ms)) : undefined
}

/** For how long all that goes to an endpoint waits after such an answer. */
export function pauseAfter(status: number | undefined, retryAfter: number | undefined, delay: number): number | undefined {
  if (retryAfter !== undefined) return retryAfter
  return status === 429 || status === 502 || status === 504 ? Math.min(delay, longestPause) : undefined
}
