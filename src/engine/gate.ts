import { sleep, within } from '#lib/clock'
import { JobLost } from './job-lost.ts'

/**
 * Limits the pieces of work that run at once in this process; a waiting job takes no place. After a stop, running pieces finish, so that their
 * outcome is known, and no other piece begins: the process that takes the job over does the next one.
 */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>
  /** Runs work that takes no place and that a stop allows and waits for. */
  record<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when nothing runs any more, or after the timeout. */
  close(ms: number): Promise<void>
}

export function createGate(atOnce: number): Gate {
  const underWay = new Set<Promise<unknown>>()
  const waiting: { begin(): void; refuse(): void }[] = []
  let free = atOnce
  let isClosed = false

  const track = async <T>(work: () => Promise<T>): Promise<T> => {
    const running = work()
    underWay.add(running)
    try {
      return await running
    } finally {
      underWay.delete(running)
    }
  }

  const drain = async (): Promise<void> => {
    while (underWay.size > 0) {
      await Promise.allSettled(underWay)
      // The job that waited for the piece may now record its outcome.
      await sleep(0)
    }
  }

  return {
    record: track,
    async run(work) {
      if (isClosed) throw new JobLost()
      if (free === 0) await new Promise<void>((begin, reject) => waiting.push({ begin, refuse: () => reject(new JobLost()) }))
      else free -= 1
      try {
        // Closed while this piece waited.
        if (isClosed) throw new JobLost()
        return await track(work)
      } finally {
        // The next waiting piece takes the place directly, so that a newcomer cannot overtake it.
        const next = waiting.shift()
        if (next) next.begin()
        else free += 1
      }
    },
    async close(ms) {
      isClosed = true
      for (const { refuse } of waiting.splice(0)) refuse()
      await within(ms, drain(), undefined)
    },
  }
}
