import { nextTimes } from './cron.ts'

export interface Due {
  readonly cron: string
  readonly timezone: string
  readonly missed: string
  readonly nextAt: Date | null
}

/** What is this late is not missed yet: a restart takes seconds. */
const graceMs = 60_000
/** As many as are made up for, however long the hub was away. */
const mostMadeUp = 100

/** The times of a schedule to run for now, and the next one: what was missed goes by the schedule's own word. */
export function missedTimes({ cron, timezone, missed, nextAt }: Due, now: Date): { times: Date[]; next: Date | null } {
  const [next = null] = nextTimes(cron, timezone, now, 1)
  if (!nextAt || nextAt > now) return { times: [], next: nextAt ?? next }
  const passed = [nextAt, ...nextTimes(cron, timezone, nextAt, mostMadeUp).filter((time) => time <= now)]
  const last = passed.length > mostMadeUp ? lastBefore(cron, timezone, now, passed.at(-1)!) : passed.at(-1)!
  if (missed === 'all') return { times: passed.slice(-mostMadeUp), next }
  const isLate = now.getTime() - last.getTime() > graceMs
  return { times: missed === 'once' || !isLate ? [last] : [], next }
}

/** The last time before now: of a schedule that comes round so often that it was missed more than a hundred times. */
function lastBefore(cron: string, timezone: string, now: Date, known: Date): Date {
  const near = nextTimes(cron, timezone, new Date(now.getTime() - graceMs), mostMadeUp).filter((time) => time <= now)
  return near.at(-1) ?? known
}
