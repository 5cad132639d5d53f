import type { Consumer } from '#events'
import type { Clock } from '#lib/clock'
import { newId } from '#lib/ids'
import { insertDeliveries } from './delivery-store.ts'
import { deliveryOf } from './message.ts'

/** Stores one delivery for each matching event, in the transaction that marks the event as dispatched. */
export function createConsumer(clock: Clock, wake: () => void): Consumer {
  return {
    async take(trx, matches) {
      const rows = matches.map(({ event, subscription: { target, ordered } }) =>
        deliveryOf(newId('del'), target, event, { ordered, replay: event.replays }),
      )
      const made = await insertDeliveries(trx, rows, clock.now())
      return rows.map(({ id }) => (made.has(id) ? id : undefined))
    },
    wake,
  }
}
