interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/** Exponential backoff with full jitter: any moment between now and the ceiling, so that many callers never return in step. */
export function backoffDelay(attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.floor(random() * ceiling)
}
