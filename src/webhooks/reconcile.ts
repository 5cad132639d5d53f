import type { Database } from '#db'
import type { Poller } from '#engine'
import type { Events } from '#events'
import type { Integrations } from '#integrations'
import type { Connector, Delivery } from '#kit'
import { deadline } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { releaseSource, noteMissing, noteSource, claimSources, type SourceRow } from './store.ts'

export interface Reconcile {
  /** Stores which hook of an outside system sent a delivery, if that system can list what it sent. Does not wait for the database. */
  note(integrationId: string, came: { workspaceId: string; connector: Connector; headers: Delivery['headers']; data: unknown }): void
  /** Looks for missed deliveries of hooks that were not checked for `olderThanMs`. Returns how many it requested again. */
  run(olderThanMs: number): Promise<number>
  readonly poller: Poller
}

export interface ReconcileDeps extends Telemetry {
  readonly db: Database
  readonly integrations: Integrations
  readonly events: Pick<Events, 'known'>
}

const everyMs = 10 * 60_000
// How long GitHub keeps its deliveries.
const longestMs = 3 * 86_400_000
const overlapMs = 5 * 60_000
const callMs = 60_000
/** A younger delivery may still be on its way, so it does not count as missing. */
const minAgeMs = 60_000

export function createReconcile({ db, integrations, events, logger, metrics }: ReconcileDeps): Reconcile {
  const noted = new Map<string, number>()

  const check = async (source: SourceRow): Promise<number> => {
    const row = await integrations.find(source.workspaceId, source.integrationId)
    const connector = row && integrations.connectors.find(({ name }) => name === row.connector)
    const recovery = connector?.webhook?.recovery
    if (!row?.enabled || !connector || !recovery) return 0
    using limit = deadline(callMs)
    const scope = { workspaceId: source.workspaceId, signal: limit.signal, dryRun: false, readOnly: false }
    const caller = await integrations.connect(row, connector, scope)
    const since = new Date(Math.max(Date.now() - longestMs, (source.checkedAt?.getTime() ?? 0) - overlapMs))
    const sent = await recovery.sent(caller.context({ hook: source.hook, since }))
    const sentBefore = sent.filter(({ at }) => at.getTime() < Date.now() - minAgeMs)
    const deliveryIds = sentBefore.map(({ deliveryId }) => deliveryId)
    const had = await events.known(source.workspaceId, { since: new Date(since.getTime() - overlapMs), deliveryIds })
    const missing = new Map(sentBefore.filter(({ deliveryId }) => !had.has(deliveryId)).map((item) => [item.deliveryId, item.handle]))
    for (const handle of missing.values()) await recovery.redeliver(caller.context({ hook: source.hook, handle }))
    await noteMissing(db.sql, source, missing.size)
    metrics.webhookGap.set({ workspace: row.workspaceId, connector: connector.name, integration: row.name }, missing.size)
    if (missing.size > 0) logger.warn({ integration: row.name, missing: missing.size }, 'requested webhooks that were missed')
    return missing.size
  }

  const run = async (olderThanMs: number): Promise<number> => {
    let total = 0
    for (const source of await claimSources(db.sql, new Date(Date.now() - olderThanMs))) {
      total += await check(source).catch(async (error: unknown) => {
        logger.warn({ err: error, integration: source.integrationId }, 'missed webhooks could not be looked for')
        await releaseSource(db.sql, source)
        return 0
      })
    }
    return total
  }

  return {
    note(integrationId, { connector, workspaceId, headers, data }) {
      const hook = connector.webhook?.recovery?.hookOf(headers, data)
      if (hook === undefined) return
      const key = `${integrationId} ${hook}`
      if (Date.now() - (noted.get(key) ?? 0) < everyMs) return
      if (noted.size > 10_000) noted.clear()
      noted.set(key, Date.now())
      noteSource(db.sql, { workspaceId, integrationId, hook, at: new Date() }).catch((error: unknown) => {
        noted.delete(key)
        logger.warn({ err: error }, 'the hook of a webhook could not be stored')
      })
    },
    run,
    // The first round is at the start, for what was missed while the hub was not running.
    poller: {
      name: 'missed-webhooks',
      async run() {
        await run(everyMs / 2)
        return everyMs
      },
    },
  }
}
