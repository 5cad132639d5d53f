import { isPassing } from '#db'
import type { Poller } from '#engine'
import { dispatchPoller } from '#events/publish'
import { deliver, markFailed } from './deliver.ts'
import { isQueueEmpty, nextWaiting, tryDispatchLock, type Waiting } from './store.ts'
import type { DispatchDeps } from './types.ts'

export interface Dispatcher {
  readonly poller: Poller
  /** Dispatches everything that is stored and returns how many events that were. For tests and benches. */
  drain(): Promise<number>
}

const atOnce = 200
/** Processes that store events wake the poller. This is for wake-ups that were lost. */
const everyMs = 5000
/** A single event is dispatched at once; many events share a transaction. */
const restMs = 20
const lockRetryMs = 25

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { db, logger, metrics } = deps

  /** Returns undefined while another process dispatches. */
  const dispatch = (max: number, onHead: (head: Waiting) => void = () => undefined): Promise<number | undefined> =>
    db.transaction(async (trx) => {
      if (!(await tryDispatchLock(trx))) return undefined
      const waiting = await nextWaiting(trx, max)
      if (waiting[0]) onHead(waiting[0])
      return waiting.length === 0 ? 0 : deliver(deps, trx, waiting)
    })

  const round = async (): Promise<number | undefined> => {
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

  return {
    poller: {
      name: dispatchPoller,
      restMs,
      async run() {
        const count = await round()
        if (count === undefined) {
          // The other process may have read the queue before this process stored its event.
          return (await isQueueEmpty(db.sql)) ? everyMs : lockRetryMs
        }
        metrics.eventsDispatched.inc(count)
        if (count === 0) return everyMs
        // A round takes no more than a part of many large events, and one event at a time after a failure.
        return count >= atOnce ? 0 : restMs
      },
    },
    async drain() {
      let total = 0
      for (let count = await round(); count !== undefined && count > 0; count = await round()) total += count
      return total
    },
  }
}
