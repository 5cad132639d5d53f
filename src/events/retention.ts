import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import {
  bytesOf,
  deleteEvents,
  deleteOldest,
  deleteRejections,
  deleteDeliveries,
  readRetention,
  retentionOf,
  writeRetention,
} from './retention-store.ts'
import type { RetentionRule } from './types.ts'

export interface Retention extends AsyncDisposable {
  get(workspaceId: string): Promise<RetentionRule>
  set(principal: Principal, rule: RetentionRule): Promise<RetentionRule>
  /** Deletes what is too old or too much, in small batches. Returns how many events were deleted. */
  sweep(): Promise<number>
  start(): void
}

const defaultDays = { events: 30, deliveries: 30, runs: 30, rejections: 7 }
const everyMs = 60_000
// Small enough that no statement holds locks for longer than about 20 ms.
const batch = 500
const pauseMs = 20

export function createRetention({ db, access, logger }: Telemetry & { readonly db: Database; readonly access: Access }): Retention {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let stopping = false

  const repeat = async (drop: () => Promise<number>): Promise<number> => {
    let total = 0
    for (let count = batch; count === batch && !stopping; await sleep(pauseMs)) total += count = await drop()
    return total
  }

  const sweep = async (): Promise<number> => {
    let total = 0
    for (const { workspaceId, ...rule } of await readRetention(db.sql)) {
      total += await repeat(() => deleteEvents(db.sql, workspaceId, daysAgo(rule.eventsDays ?? defaultDays.events), batch))
      await repeat(() => deleteDeliveries(db.sql, workspaceId, daysAgo(rule.deliveriesDays ?? defaultDays.deliveries), batch))
      if (rule.eventsBytes === null) continue
      const { eventsBytes } = rule
      const excess = (await bytesOf(db.sql, workspaceId)) - eventsBytes
      if (excess > 0) total += await deleteExcess(workspaceId, excess)
    }
    await deleteRejections(db.sql, daysAgo(defaultDays.rejections))
    return total
  }

  const deleteExcess = async (workspaceId: string, excess: number): Promise<number> => {
    let total = 0
    for (let left = excess; left > 0 && !stopping; await sleep(pauseMs)) {
      const { count, bytes } = await deleteOldest(db.sql, workspaceId, batch, left)
      if (count === 0) break
      total += count
      left -= bytes
    }
    return total
  }

  return {
    get: (workspaceId) => retentionOf(db.sql, workspaceId),
    async set(principal, rule) {
      const { workspaceId } = principal
      await db.transaction(async (trx) => {
        await writeRetention(trx, workspaceId, rule)
        const detail = { ...rule }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'retention.set', subject: workspaceId, detail })
      })
      return rule
    },
    sweep,
    start() {
      timer ??= setInterval(() => {
        running = sweep().catch((error: unknown) => logger.warn({ err: error }, 'old data could not be deleted'))
      }, everyMs).unref()
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      clearInterval(timer)
      await running
    },
  }
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000)
}
