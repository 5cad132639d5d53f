import type { Database } from '#db'
import type { Events } from '#events'
import type { Integrations } from '#integrations'
import type { Connector, Delivery } from '#kit'
import { deadline } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { giveBackSource, noteMissing, noteSource, takeSources, type SourceRow } from './store.ts'

export interface Reconcile extends AsyncDisposable {
  /** Remembers which hook of an outside system a delivery came by, where that system can tell what it sent. Holds nobody up. */
  note(integrationId: string, came: { workspaceId: string; connector: Connector; headers: Delivery['headers']; data: unknown }): void
  /** Looks for what was missed, in hooks not looked at for `olderThanMs`; answers how many it asked for again. */
  run(olderThanMs: number): Promise<number>
  start(): void
}

export interface ReconcileDeps extends Telemetry {
  readonly db: Database
  readonly integrations: Integrations
  readonly events: Pick<Events, 'known'>
}

const everyMs = 10 * 60_000
// As far back as GitHub keeps what it sent.
const longestMs = 3 * 86_400_000
const overlapMs = 5 * 60_000
const callMs = 60_000
/** A delivery is under way for a moment before it is here: what is younger is not missing yet. */
const settledMs = 60_000

export function createReconcile({ db, integrations, events, logger, metrics }: ReconcileDeps): Reconcile {
  const noted = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()

  const check = async (source: SourceRow): Promise<number> => {
    const row = await integrations.find(source.workspaceId, source.integrationId)
    const connector = row && integrations.connectors.find(({ name }) => name === row.connector)
    const recovery = connector?.webhook?.recovery
    if (!row?.enabled || !connector || !recovery) return 0
    using limit = deadline(callMs)
    const scope = { workspaceId: source.workspaceId, signal: limit.signal, dryRun: false, readOnly: false }
    const caller = await integrations.connect(row, connector, scope)
    const since = new Date(Math.max(Date.now() - longestMs, (source.checkedAt?.getTime() ?? 0) - overlapMs))
    const sent = await recovery.sent(caller.context({ hook: source.hook, since }, undefined))
    const settled = sent.filter(({ at }) => at.getTime() < Date.now() - settledMs)
    const deliveryIds = settled.map(({ deliveryId }) => deliveryId)
    const had = await events.known(source.workspaceId, { since: new Date(since.getTime() - overlapMs), deliveryIds })
    const missing = new Map(settled.filter(({ deliveryId }) => !had.has(deliveryId)).map((item) => [item.deliveryId, item.handle]))
    for (const handle of missing.values()) await recovery.redeliver(caller.context({ hook: source.hook, handle }, undefined))
    await noteMissing(db.sql, source, missing.size)
    metrics.webhookGap.set({ connector: connector.name, integration: row.name }, missing.size)
    if (missing.size > 0) logger.warn({ integration: row.name, missing: missing.size }, 'asked for webhooks that were missed')
    return missing.size
  }

  const run = async (olderThanMs: number): Promise<number> => {
    let total = 0
    for (const source of await takeSources(db.sql, new Date(Date.now() - olderThanMs))) {
      total += await check(source).catch(async (error: unknown) => {
        logger.warn({ err: error, integration: source.integrationId }, 'could not look for missed webhooks')
        await giveBackSource(db.sql, source)
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
        logger.warn({ err: error }, 'could not note where a webhook came from')
      })
    },
    run,
    start() {
      const look = (): void => {
        running = run(everyMs / 2).catch((error: unknown) => logger.warn({ err: error }, 'could not look for missed webhooks'))
      }
      // At once as well: what was missed while the hub was down is the point of it.
      look()
      timer ??= setInterval(look, everyMs).unref()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
