import { Cron } from 'croner'

/** A schedule or time zone is invalid. */
export class CronFault extends Error {
  readonly part: 'schedule' | 'timezone'

  constructor(part: 'schedule' | 'timezone', message: string) {
    super(message)
    this.part = part
  }
}

const fieldNames = 5

/**
 * The next times of a schedule, strictly after `after`. When clocks go forward, a time that does not exist moves to after the jump; when they go
 * back, a fixed time occurs once, at its first occurrence. Returns fewer than `count` when there are no more.
 */
export function nextTimes(cron: string, timezone: string, after: Date, count: number): Date[] {
  const job = parse(cron, timezone)
  return job.nextRuns(count, after)
}

/** The last times of a schedule up to `until`, oldest first. */
export function lastTimes(cron: string, timezone: string, until: Date, count: number): Date[] {
  // The library returns only times strictly before its argument.
  return parse(cron, timezone)
    .previousRuns(count, new Date(until.getTime() + 1000))
    .filter((time) => time <= until)
    .toReversed()
}

function parse(cron: string, timezone: string): Cron {
  if (!isTimezone(timezone)) throw new CronFault('timezone', `there is no time zone \`${timezone}\``)
  const fields = cron.trim().split(/\s+/).length
  // The library also accepts seven fields and single times, which are not repeating schedules.
  if (!cron.trim().startsWith('@') && fields !== fieldNames && fields !== fieldNames + 1) {
    throw new CronFault('schedule', `a schedule has five fields, or six with seconds first; this has ${fields}`)
  }
  try {
    return new Cron(cron.trim(), { timezone, paused: true })
  } catch (error) {
    throw new CronFault('schedule', (error as Error).message.replace(/^CronPattern: /, ''))
  }
}

function isTimezone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
