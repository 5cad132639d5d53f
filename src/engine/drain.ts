import { within } from '#lib/clock'

/**
 * Knows the steps under way in this process. A stop lets those finish, so that nobody has to find out what became of them, and begins no
 * other: what a run would do next is for the process that takes it over.
 */
export interface Drain {
  run<T>(step: () => Promise<T>): Promise<T>
  /** Resolves when no step is under way any more, or when the time is up. */
  close(ms: number): Promise<void>
}

export function createDrain(): Drain {
  const underWay = new Set<Promise<unknown>>()
  let closed = false
  return {
    run(step) {
      // Never settles: the run stands still here, and goes on elsewhere.
      if (closed) return new Promise(() => undefined)
      const work = step()
      underWay.add(work)
      return work.finally(() => underWay.delete(work))
    },
    async close(ms) {
      closed = true
      await within(ms, Promise.allSettled(underWay), undefined)
    },
  }
}
