import { latencyBounds } from '#telemetry'

/** The time within which this share of the calls ended, in milliseconds, with a line drawn between the bounds. Null without calls. */
export function percentile(latency: readonly number[], share: number): number | null {
  const all = latency.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let before = 0
  for (const [place, count] of latency.entries()) {
    if (before + count >= share * all && count > 0) {
      const low = latencyBounds[place - 1] ?? 0
      const high = latencyBounds[place] ?? low
      return Math.round(low + ((high - low) * (share * all - before)) / count)
    }
    before += count
  }
  return latencyBounds.at(-1)!
}
