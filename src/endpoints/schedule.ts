const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** The delay after each failed attempt. There is no attempt after the last delay. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour] as const
const jitter = 0.2

/** The timeout of one attempt. */
export const timeoutMs = 20 * second
/** How long a process has claimed a delivery; after that another process may claim it. Much longer than one attempt. */
export const leaseMs = minute
/** An endpoint is disabled after it has failed for this long and this often without a success. */
export const failingMs = 24 * hour
export const failuresInRow = 20
/** How often an endpoint that was disabled for failing is tried. */
export const probeMs = hour
/** How long a delivery waits for a disabled endpoint. */
export const maxWaitMs = 72 * hour
/** How long a replaced secret still signs. */
export const overlapMs = 24 * hour
/** The pause for an overloaded endpoint that sends no Retry-After. */
const longestPause = 5 * minute

/** The delay after this number of counted attempts, or undefined after the last one. */
export function delayAfter(attempts: number, random: () => number): number | undefined {
  const delay = delays[attempts - 1]
  return delay === undefined ? undefined : Math.round(delay * (1 - jitter + 2 * jitter * random()))
}

/** How long all deliveries to an endpoint wait after this response. */
export function pauseAfter(status: number | undefined, retryAfter: number | undefined, delay: number): number | undefined {
  if (retryAfter !== undefined) return retryAfter
  return status === 429 || status === 502 || status === 504 ? Math.min(delay, longestPause) : undefined
}
