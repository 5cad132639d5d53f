import type { Database } from '#db'
import { daysAgo } from '#lib/clock'
import type { RetentionTask } from '#retention'
import { counterNames, type CounterName, type MinuteSums, type Telemetry } from '#telemetry'
import { percentile } from './percentiles.ts'
import { addSums, dropSums, readBuckets } from './store.ts'

export type Counts = Readonly<Record<CounterName, number>> & { readonly p50: number | null; readonly p95: number | null }

export interface Series {
  readonly from: Date
  readonly to: Date
  readonly bucketSeconds: number
  readonly totals: Counts
  readonly points: readonly (Counts & { readonly at: Date })[]
}

/** What happened in a workspace over time, from sums by the minute and not from lists. */
export interface Stats extends AsyncDisposable {
  get(workspaceId: string, range: { readonly from: Date; readonly to: Date }): Promise<Series>
  /** Stores what this process counted. It does so by itself every few seconds. */
  flush(): Promise<void>
  readonly retention: readonly RetentionTask[]
}

const flushMs = 5000
const storedAtOnce = 1000
export const keptDays = 35
const mostPoints = 200
const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360] as const

export function createStats({ db, sums, logger }: Telemetry & { readonly db: Pick<Database, 'sql'> }): Stats {
  let flushing: Promise<void> | undefined

  const store = async (): Promise<void> => {
    const taken = sums.take()
    for (let start = 0; start < taken.length; start += storedAtOnce) {
      const part = taken.slice(start, start + storedAtOnce)
      try {
        await addSums(db.sql, part)
      } catch (error) {
        sums.putBack(taken.slice(start))
        logger.debug({ err: error }, 'the sums by the minute were not stored; trying again')
        return
      }
    }
  }
  const flush = (): Promise<void> => (flushing ??= store().finally(() => (flushing = undefined)))
  const timer = setInterval(() => void flush(), flushMs).unref()

  return {
    async get(workspaceId, { from: asked, to }) {
      const from = startOfMinute(asked)
      const bucketSeconds = bucketOf(from, to)
      const found = await readBuckets(db.sql, workspaceId, { from, to, bucketSeconds })
      const byNumber = new Map(found.map((bucket) => [bucket.number, bucket]))
      const length = Math.ceil((to.getTime() - from.getTime()) / (1000 * bucketSeconds))
      const points = Array.from({ length }, (_, number) => ({
        at: new Date(from.getTime() + 1000 * bucketSeconds * number),
        ...countsOf(byNumber.has(number) ? [byNumber.get(number)!] : []),
      }))
      return { from, to, bucketSeconds, totals: countsOf(found), points }
    },
    flush,
    retention: [{ of: 'hub', drop: (max) => dropSums(db.sql, daysAgo(keptDays), max) }],
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      // What was counted while the last one was on its way needs another one.
      await flush()
      await flush()
    },
  }
}

/** The shortest with which no more than about two hundred points are needed. */
function bucketOf(from: Date, to: Date): number {
  const all = (to.getTime() - from.getTime()) / 60_000
  return 60 * (minutes.find((each) => all / each <= mostPoints) ?? minutes.at(-1)!)
}

function startOfMinute(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 60_000) * 60_000)
}

function countsOf(
  parts: readonly Pick<MinuteSums, CounterName | 'latency'>[] | readonly (Record<CounterName, number> & { latency: readonly number[] })[],
): Counts {
  const latency: number[] = []
  for (const part of parts) for (const [place, count] of part.latency.entries()) latency[place] = (latency[place] ?? 0) + count
  const counts = counterNames.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)] as const)
  return { ...(Object.fromEntries(counts) as Record<CounterName, number>), p50: percentile(latency, 0.5), p95: percentile(latency, 0.95) }
}
