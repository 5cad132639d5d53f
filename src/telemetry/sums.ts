/** What is counted for each workspace and minute. */
export const counterNames = [
  'eventsReceived',
  'runsStarted',
  'runsCompleted',
  'runsFailed',
  'callsMade',
  'callsFailed',
  'deliveriesDelivered',
  'deliveriesDead',
] as const

export type CounterName = (typeof counterNames)[number]

/**
 * Calls are counted by how long they took, in milliseconds: at most the first bound, at most the second …, and longer than the last. The places
 * are stored, so a bound never changes.
 */
export const latencyBounds = [
  1, 2, 3, 5, 8, 13, 20, 30, 50, 80, 130, 200, 300, 500, 800, 1300, 2000, 3000, 5000, 8000, 13_000, 20_000, 30_000, 60_000, 120_000,
] as const

export interface MinuteSums extends Record<CounterName, number> {
  readonly workspaceId: string
  readonly minute: Date
  readonly latency: number[]
}

/** Counts in memory what this process did, until it is stored. Counting costs less than a microsecond and waits for nothing. */
export interface Sums {
  count(workspaceId: string, name: CounterName): void
  countCall(workspaceId: string, call: { readonly ms: number; readonly failed: boolean }): void
  take(): MinuteSums[]
  /** What was taken and could not be stored is counted again. */
  putBack(sums: readonly MinuteSums[]): void
}

/** While the database is away, what does not fit is lost: 50,000 are a hundred workspaces for eight hours. */
const mostKept = 50_000

export function createSums(now: () => number = Date.now): Sums {
  const kept = new Map<string, MinuteSums>()

  const of = (workspaceId: string, minute: number): MinuteSums | undefined => {
    const key = `${minute} ${workspaceId}`
    const known = kept.get(key)
    if (known || kept.size >= mostKept) return known
    const sums = {
      workspaceId,
      minute: new Date(minute * 60_000),
      ...(Object.fromEntries(counterNames.map((name) => [name, 0])) as Record<CounterName, number>),
      latency: Array.from({ length: latencyBounds.length + 1 }, () => 0),
    }
    kept.set(key, sums)
    return sums
  }
  const current = (workspaceId: string): MinuteSums | undefined => of(workspaceId, Math.floor(now() / 60_000))

  return {
    count(workspaceId, name) {
      const sums = current(workspaceId)
      if (sums) sums[name] += 1
    },
    countCall(workspaceId, { ms, failed }) {
      const sums = current(workspaceId)
      if (!sums) return
      sums.callsMade += 1
      if (failed) sums.callsFailed += 1
      sums.latency[placeOf(ms)]! += 1
    },
    take() {
      const taken = [...kept.values()]
      kept.clear()
      return taken
    },
    putBack(sums) {
      for (const each of sums) {
        const there = of(each.workspaceId, each.minute.getTime() / 60_000)
        if (!there) continue
        for (const name of counterNames) there[name] += each[name]
        for (const [place, count] of each.latency.entries()) there.latency[place]! += count
      }
    },
  }
}

function placeOf(ms: number): number {
  const place = latencyBounds.findIndex((bound) => ms <= bound)
  return place === -1 ? latencyBounds.length : place
}
