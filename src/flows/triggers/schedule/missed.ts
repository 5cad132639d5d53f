import { lastTimes, nextTimes } from './cron.ts'

export interface Due {
  readonly cron: string
  readonly timezone: string
  readonly missed: string
  readonly nextAt: Date | null
}

/** A shorter delay does not count as missed: a restart takes seconds. */
const graceMs = 60_000
/** The most missed times that are run later; older ones are dropped. */
const maxMadeUp = 100

/** The times to run now and the next time. The schedule's `missed` option decides about times that passed. */
export function missedTimes({ cron, timezone, missed, nextAt }: Due, now: Date): { times: Date[]; next: Date | null } {
  const [next = null] = nextTimes(cron, timezone, now, 1)
  if (!nextAt || nextAt > now) return { times: [], next: nextAt ?? next }
  const later = nextTimes(cron, timezone, nextAt, maxMadeUp).filter((time) => time <= now)
  const passed = later.length < maxMadeUp ? [nextAt, ...later] : lastTimes(cron, timezone, now, maxMadeUp)
  const last = passed.at(-1)!
  if (missed === 'all') return { times: passed.slice(-maxMadeUp), next }
  const isLate = now.getTime() - last.getTime() > graceMs
  return { times: missed === 'once' || !isLate ? [last] : [], next }
}
