import type { Principal } from '#access'
import type { Database } from '#db'
import type { Telemetry } from '#telemetry'
import { addRejections, listRejections, type Rejection } from './store.ts'

export interface Rejections extends AsyncDisposable {
  note(rejection: { hook: string; reason: string; workspaceId: string | undefined; connector: string | undefined; address: string }): void
  list(principal: Principal, filter: { hook?: string | undefined; limit: number }): Promise<Rejection[]>
}

/** The limit of rows per minute. Further hooks and reasons are counted together. */
const maxRows = 500
const flushMs = 1000

/** Counts refused deliveries in memory and stores the counts once a second, so that a flood of deliveries only increases a number. */
export function createRejections({ db, logger, metrics }: Telemetry & { readonly db: Database }): Rejections {
  let counts = new Map<string, Rejection>()
  const flush = async (): Promise<void> => {
    if (counts.size === 0) return
    const batch = [...counts.values()]
    counts = new Map()
    await addRejections(db.sql, batch).catch((error: unknown) => logger.warn({ err: error }, 'refused webhooks could not be stored'))
  }
  const timer = setInterval(() => void flush(), flushMs).unref()
  return {
    note({ hook, reason, workspaceId, connector, address }) {
      metrics.webhooks.inc({ connector: connector ?? '(unknown)', outcome: reason })
      logger.debug({ hook, reason, address }, 'a webhook was refused')
      const lastAt = new Date()
      const minute = new Date(lastAt)
      minute.setUTCSeconds(0, 0)
      const whole = `${hook}\n${reason}`
      const key = counts.has(whole) || counts.size < maxRows ? whole : `(others)\n${reason}`
      const had = counts.get(key)
      counts.set(key, {
        hook: key === whole ? hook : '(others)',
        reason,
        minute,
        workspaceId: key === whole ? (workspaceId ?? null) : null,
        connector: key === whole ? (connector ?? null) : null,
        address,
        count: (had?.count ?? 0) + 1,
        lastAt,
      })
    },
    async list(principal, { hook, limit }) {
      await flush()
      return listRejections(db.sql, principal.workspaceId, { hook, limit, unowned: principal.scopes.includes('hub:admin') })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush()
    },
  }
}
