import type { Database } from '#db'
import type { Engine } from '#engine'
import type { Subscriber } from '#events'
import type { Clock } from '#lib/clock'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { insertDeliveries } from './delivery-store.ts'
import { deliveryOf } from './message.ts'
import { deliveryPoller } from './worker.ts'

interface SubscriberDeps extends Pick<Telemetry, 'notices'> {
  readonly db: Database
  readonly engine: Pick<Engine, 'wake'>
  readonly clock: Clock
}

/** Stores one delivery for each matching event, in the transaction that marks the event as dispatched. */
export function createSubscriber({ db, engine, clock, notices }: SubscriberDeps): Subscriber {
  return {
    async prepare(matches) {
      const rows = matches.map(({ event, subscription: { target, ordered } }) =>
        deliveryOf(event, { id: newId('del'), endpointId: target, ordered, replay: event.replays }),
      )
      return async (trx) => {
        const made = await insertDeliveries(trx, rows, clock.now())
        db.afterCommit(trx, () => {
          engine.wake(deliveryPoller)
          for (const { workspaceId, id } of rows) if (made.has(id)) notices.add(workspaceId, 'delivery', id)
        })
        return rows.map(({ id }) => (made.has(id) ? id : undefined))
      }
    },
  }
}
