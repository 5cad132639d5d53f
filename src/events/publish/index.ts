import type { Database, Transaction } from '#db'
import type { Engine } from '#engine'
import { ttlCache } from '#lib/ttl-cache'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { insertAnnouncements, queueForTopics, subscribedTypes } from './store.ts'
import type { NewHubEvent } from './types.ts'

export type { NewHubEvent } from './types.ts'

export interface EventPublisher {
  publish(trx: Transaction, events: readonly NewHubEvent[]): Promise<void>
  /**
   * Whether there is a subscription for the type. For frequent events that are stored only if somebody wants them. Whoever is in a transaction
   * passes it: to wait for another connection there could wait for ever, when all connections belong to such transactions.
   */
  hasSubscribers(workspaceId: string, type: string, trx?: Transaction): Promise<boolean>
  /** Whoever changes subscriptions of a workspace says so in the transaction of the change. */
  subscriptionsChanged(trx: Transaction, workspaceId: string): void
}

/** The name of the poller that dispatches events. Whoever stores one wakes it. */
export const dispatchPoller = 'events'

/** The name of the poller that publishes what waits for a bus. */
export const busPoller = 'buses'

/** A new subscription of another process gets such events after this time at the latest; one of this process at once. */
const cacheTtlMs = 1000

interface PublisherDeps extends Pick<Telemetry, 'notices'> {
  readonly db: Database
  readonly engine: Pick<Engine, 'wake'>
}

export function createEventPublisher({ db, engine, notices }: PublisherDeps): EventPublisher {
  const wanted = ttlCache(cacheTtlMs, async (workspaceId: string) => new Set(await subscribedTypes(db.sql, workspaceId)))
  return {
    async publish(trx, events) {
      if (events.length === 0) return
      const at = new Date()
      const rows = events.map((item) => ({ ...item, id: newId('evt'), at }))
      await insertAnnouncements(trx, rows)
      await queueForTopics(trx, rows)
      db.afterCommit(trx, () => {
        if (rows.some(({ publishTo }) => publishTo)) engine.wake(busPoller)
        engine.wake(dispatchPoller)
        for (const { workspaceId, id } of rows) notices.add(workspaceId, 'event', id)
      })
    },
    subscriptionsChanged: (trx, workspaceId) => db.afterCommit(trx, () => wanted.forget(workspaceId)),
    async hasSubscribers(workspaceId, type, trx) {
      const types = trx ? new Set(await subscribedTypes(trx, workspaceId)) : await wanted.get(workspaceId)
      return types.has(type) || types.has('*') || types.has(`${type.split('.', 1)[0]}.*`)
    },
  }
}
