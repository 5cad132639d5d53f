import { within } from '#lib/clock'

/**
 * What every step of this process goes through. Only so many are under way at once, whereas a run that waits takes no place. And a stop lets
 * those under way finish, so that nobody has to find out what became of them, and begins no other: what a run would do next is for
 * the process that takes it over.
 */
export interface Gate {
  run<T>(step: () => Promise<T>): Promise<T>
  /** Resolves when no step is under way any more, or when the time is up. */
  close(ms: number): Promise<void>
}

export function createGate(atOnce: number): Gate {
  const underWay = new Set<Promise<unknown>>()
  const waiting: (() => void)[] = []
  let free = atOnce
  let closed = false
  return {
    async run(step) {
      // Never resolves once closed: the run stands still here, and goes on elsewhere.
      if (closed || free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else free -= 1
      const work = step()
      underWay.add(work)
      try {
        return await work
      } finally {
        underWay.delete(work)
        // The place is handed on, not given back for a third to take.
        const next = closed ? undefined : waiting.shift()
        if (next) next()
        else free += 1
      }
    },
    async close(ms) {
      closed = true
      await within(ms, Promise.allSettled(underWay), undefined)
    },
  }
}
