interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/** Exponential backoff with full jitter: a random delay up to the ceiling, so that many callers do not retry at the same time. */
export function backoffDelay(attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.floor(random() * ceiling)
}
