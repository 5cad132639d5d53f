import { within } from '#lib/clock'

/**
 * Limits the steps that run at once in this process; a waiting run takes no place. After a stop, running steps finish, so that their outcome is
 * known, and no other step begins: the process that takes the run over does the next one.
 */
export interface Gate {
  run<T>(step: () => Promise<T>): Promise<T>
  /** Resolves when no step runs any more, or after the timeout. */
  close(ms: number): Promise<void>
}

export function createGate(atOnce: number): Gate {
  const underWay = new Set<Promise<unknown>>()
  const waiting: (() => void)[] = []
  let free = atOnce
  let closed = false
  return {
    async run(step) {
      // After `close` this never resolves: the run stops here and continues in another process.
      if (closed || free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else free -= 1
      const work = step()
      underWay.add(work)
      try {
        return await work
      } finally {
        underWay.delete(work)
        // The next waiting step takes the place directly, so that a newcomer cannot overtake it.
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
