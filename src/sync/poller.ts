import type { Database } from '#db'
import type { Engine, Poller } from '#engine'
import type { Events } from '#events'
import type { Index } from '#search'
import { continueSync, startSync } from './start.ts'
import { type SourceRow } from './store.ts'
import {
  deleteSource,
  restingSources,
  someDocuments,
  sourcesWithDueItems,
  sourcesWithOldAudiences,
  sourceToErase,
  syncsToContinue,
  takeDueIntegrations,
} from './due-store.ts'

interface PollerDeps {
  readonly db: Database
  readonly engine: Engine
  readonly events: Events
  readonly index: Index
}

export const syncPoller = 'sync'
const everyMs = 1000
const atOnce = 20
const deletions = 200
/** How often a poll also looks for what was deleted. */
const sweepEveryMs = 3_600_000

export const isSweepDue = ({ sweptAt }: SourceRow): boolean => sweptAt === null || Date.now() - sweptAt.getTime() > sweepEveryMs

/** Starts the syncs that are due, goes on with those that waited, and deletes the content of what was deleted. */
export function createSyncPoller({ db, engine, events, index }: PollerDeps): Poller {
  const start = (): Promise<void> =>
    db.transaction(async (trx) => {
      for (const source of await syncsToContinue(trx, atOnce)) await continueSync(trx, engine, source)
      const due = await takeDueIntegrations(trx, atOnce)
      const ids = due.map(({ id }) => id)
      const sources = ids.length === 0 ? [] : await restingSources(trx, ids)
      for (const source of sources)
        if (source.status === 'idle' || source.status === 'failed')
          await startSync(trx, engine, { source, reason: 'poll', sweeps: isSweepDue(source) })
      for (const source of await sourcesWithDueItems(trx, atOnce))
        await startSync(trx, engine, { source, reason: 'retry', itemsOnly: true })
      // Members that are not read again count for nobody after a day.
      for (const source of await sourcesWithOldAudiences(trx, atOnce))
        await startSync(trx, engine, { source, reason: 'access', itemsOnly: true })
    })

  /** Returns whether there is more to delete. */
  const erase = async (): Promise<boolean> => {
    const source = await sourceToErase(db.sql)
    if (!source) return false
    const place = { workspaceId: source.workspaceId, sourceId: source.id }
    const ids = await someDocuments(db.sql, source.id, deletions)
    const noticedAt = new Date()
    await db.transaction(async (trx) => {
      if (ids.length > 0) {
        const removals = ids.map((externalId) => ({ externalId, noticedAt }))
        await index.remove(trx, place, { removals, reason: 'source deleted' })
        return
      }
      await events.unsubscribe(trx, 'sync', source.id)
      await deleteSource(trx, source.id)
    })
    return true
  }

  return {
    name: syncPoller,
    async run() {
      await start()
      return (await erase()) ? 0 : everyMs
    },
  }
}
