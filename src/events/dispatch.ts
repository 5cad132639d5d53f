import { isPassing } from '#db'
import { sleep } from '#lib/clock'
import { deliver, markFailed } from './deliver.ts'
import { nextWaiting, tryDispatchLock, type Waiting } from './store.ts'
import type { DispatchDeps } from './types.ts'

export interface Dispatcher extends AsyncDisposable {
  start(): void
  /** Tells the dispatcher that an event was stored. */
  kick(): void
  /** Dispatches everything that is stored and returns how many events that were. */
  drain(): Promise<number>
}

const atOnce = 200
// For events that other processes stored, which must be dispatched within 100 ms. Events of this process call `kick`.
const pollMs = 75
/** The pause between two rounds. A single event is dispatched at once; many events share a transaction. */
const restMs = 20

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { db, logger, metrics, consumers } = deps
  let stopping = false
  let loop: Promise<void> | undefined
  let wake: (() => void) | undefined
  let kicked = false

  const dispatch = (max: number, onHead: (head: Waiting) => void = () => undefined): Promise<number> =>
    db
      .transaction(async (trx) => {
        const waiting = (await tryDispatchLock(trx)) ? await nextWaiting(trx, max) : []
        if (waiting[0]) onHead(waiting[0])
        return waiting.length === 0 ? { count: 0, kinds: [] } : deliver(deps, trx, waiting)
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
    // One of the events cannot be delivered. One event at a time from here, to find which one; it is then marked as failed, because it would
    // block all events after it.
    try {
      return await dispatch(1, (next) => (head = next))
    } catch (error) {
      if (isPassing(error) || !head) throw error
      const { id } = head
      logger.error({ err: error, event: id }, 'an event could not be delivered to its subscribers')
      await markFailed(db, head)
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
        logger.warn({ err: error }, 'events could not be dispatched; trying again')
        pause = Math.min(pause * 2, 5000)
      }
      const wakeUp = new AbortController()
      wake = () => wakeUp.abort()
      if (!kicked && !stopping) await sleep(pause, wakeUp.signal).catch(() => undefined)
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
