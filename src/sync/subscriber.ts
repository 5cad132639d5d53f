import type { Database } from '#db'
import type { Engine } from '#engine'
import type { Match, Subscriber } from '#events'
import type { Integrations } from '#integrations'
import type { Telemetry } from '#telemetry'
import { startSync } from './start.ts'
import { lockSource, monitoredSources, updateSource, type SourceRow } from './store.ts'
import { noticeItems } from './item-store.ts'

interface SubscriberDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly engine: Engine
  readonly integrations: Integrations
}

/** What events changed in one source. */
interface Changes {
  readonly ids: Set<string>
  isAll: boolean
}

/** Notes what an event changed, and starts a sync that reads it, in the transaction that marks the event as dispatched. */
export function createSyncSubscriber({ db, engine, integrations, logger }: SubscriberDeps): Subscriber {
  const changedBy = (source: SourceRow | undefined, { event }: Match): readonly string[] | 'all' => {
    if (!source || event.integrationId !== source.integrationId) return []
    const connector = event.connector === null ? undefined : integrations.findConnector(event.connector)
    const declaration = connector?.sources[source.kind]
    if (!declaration?.changedBy) return []
    try {
      return declaration.changedBy({ type: event.type, data: event.data }, source.config)
    } catch (error) {
      // An event may have any content; the next poll finds what it was about.
      logger.warn({ err: error, source: source.id, event: event.id }, 'a connector cannot read what an event changed')
      return 'all'
    }
  }

  return {
    async prepare(matches) {
      const rows = await monitoredSources(db.sql, [...new Set(matches.map(({ subscription }) => subscription.target))])
      const sources = new Map(rows.map((row) => [row.id, row]))
      const changes = new Map<string, Changes>()
      const took = matches.map((match) => {
        const { target } = match.subscription
        const changed = changedBy(sources.get(target), match)
        if (changed.length === 0) return false
        const noted = changes.get(target) ?? { ids: new Set<string>(), isAll: false }
        changes.set(target, noted)
        if (changed === 'all') noted.isAll = true
        else for (const id of changed) noted.ids.add(id)
        return true
      })
      return async (trx) => {
        for (const [id, { ids, isAll }] of [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
          const source = await lockSource(trx, id)
          if (!source) continue
          if (ids.size > 0) await noticeItems(trx, id, [...ids])
          const isResting = source.status === 'idle' || source.status === 'failed'
          if (isResting && source.pausedAt === null) await startSync(trx, engine, { source, reason: 'event', itemsOnly: !isAll })
          else if (isAll) await updateSource(trx, id, { pullWanted: true })
        }
        return matches.map(({ subscription }, at) => (took[at] ? subscription.target : undefined))
      }
    },
  }
}
