import { isPassing } from '#db'
import { sleep } from '#lib/clock'
import { hand, putAside } from './deliver.ts'
import { nextWaiting, tryDispatchLock, type Waiting } from './store.ts'
import type { DispatchDeps } from './types.ts'

export interface Dispatcher extends AsyncDisposable {
  start(): void
  /** Something has arrived. */
  kick(): void
  /** Everything that has arrived so far; answers how many. */
  drain(): Promise<number>
}

const atOnce = 200
// For what other processes stored: within the 100 ms in which an event is to be taken up. What came here is kicked.
const pollMs = 75
/** Between two rounds: who comes alone is handed on at once, a crowd shares a transaction. */
const restMs = 20

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { db, logger, metrics, consumers } = deps
  let stopping = false
  let loop: Promise<void> | undefined
  let wake: (() => void) | undefined
  let kicked = false

  const dispatch = (most: number, seen: (head: Waiting) => void = () => undefined): Promise<number> =>
    db
      .transaction(async (trx) => {
        const waiting = (await tryDispatchLock(trx)) ? await nextWaiting(trx, most) : []
        if (waiting[0]) seen(waiting[0])
        return waiting.length === 0 ? { count: 0, kinds: [] } : hand(deps, trx, waiting)
      })
      .then(({ count, kinds }) => {
        for (const kind of kinds) consumers.get(kind)?.wake?.()
        return count
      })

  const round = async (): Promise<number> => {
    let head: Waiting | undefined
    try {
      return await dispatch(atOnce)
    } catch (error) {
      if (isPassing(error)) throw error
    }
    // One of them cannot be handed on. From here one by one, so that it is told from its neighbours; and then put aside, as it would stand
    // in the way of all that come after it.
    try {
      return await dispatch(1, (next) => (head = next))
    } catch (error) {
      if (isPassing(error) || !head) throw error
      const { id } = head
      logger.error({ err: error, event: id }, 'an event could not be handed on')
      await putAside(db, head)
      return 1
    }
  }

  const run = async (): Promise<void> => {
    for (let pause = pollMs; !stopping;) {
      kicked = false
      const began = Date.now()
      try {
        const count = await round()
        if (count > 0) metrics.eventsDispatched.inc(count)
        if (count === atOnce) continue
        pause = pollMs
      } catch (error) {
        logger.warn({ err: error }, 'could not dispatch; trying again')
        pause = Math.min(pause * 2, 5000)
      }
      const nudge = new AbortController()
      wake = () => nudge.abort()
      if (!kicked && !stopping) await sleep(pause, nudge.signal).catch(() => undefined)
      wake = undefined
      if (!stopping) await sleep(Math.max(0, began + restMs - Date.now()))
    }
  }

  return {
    start() {
      loop ??= run()
    },
    kick() {
      kicked = true
      wake?.()
    },
    async drain() {
      let total = 0
      for (let count = await round(); count > 0; count = await round()) total += count
      return total
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      wake?.()
      await loop
    },
  }
}
