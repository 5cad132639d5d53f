import type { Database, Transaction } from '#db'
import { briefly } from '#lib/briefly'
import { newId } from '#lib/ids'
import { insertAnnouncements, subscribedTypes } from './store.ts'

/** Something that happened inside the hub, told in the transaction in which it happens: both are true or neither. */
export interface Announcement {
  readonly workspaceId: string
  /** `integration.disabled`, `flow.completed` … */
  readonly type: string
  readonly subject?: string
  readonly data: Record<string, unknown>
  readonly integration?: { readonly id: string; readonly name: string }
  /** How many runs, each started by an event of the one before, led to it: a circle of flows ends by this. */
  readonly depth?: number
}

export interface Outbox {
  announce(trx: Transaction, announcements: readonly Announcement[]): Promise<void>
  /** Whether somebody subscribes to it: for what happens all the time, and is not worth a row otherwise. */
  isWanted(workspaceId: string, type: string): Promise<boolean>
}

/** Who subscribes now hears of such things after this at the latest. */
const believedMs = 1000

export function createOutbox(db: Database): Outbox {
  const wanted = briefly(believedMs, async (workspaceId: string) => new Set(await subscribedTypes(db.sql, workspaceId)))
  return {
    async announce(trx, announcements) {
      if (announcements.length === 0) return
      const at = new Date()
      await insertAnnouncements(
        trx,
        announcements.map((item) => ({ ...item, id: newId('evt'), at })),
      )
    },
    async isWanted(workspaceId, type) {
      const types = await wanted.get(workspaceId)
      return types.has(type) || types.has('*') || types.has(`${type.split('.', 1)[0]}.*`)
    },
  }
}
