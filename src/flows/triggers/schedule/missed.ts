import { lastTimes, nextTimes } from './cron.ts'

export interface Due {
  readonly cron: string
  readonly timezone: string
  readonly missed: string
  readonly nextAt: Date | null
}

/** What is this late is not missed yet: a restart takes seconds. */
const graceMs = 60_000
/** As many as are made up for, the last ones, however long the hub was away. */
const maxMadeUp = 100

/** The times of a schedule to run for now, and the next one: what was missed goes by the schedule's own word. */
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
