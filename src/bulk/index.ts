import { actorOf, type Access } from '#access'
import type { Database } from '#db'
import type { Engine } from '#engine'
import { hubError } from '#errors'
import { daysAgo } from '#lib/clock'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { createBulkJob } from './job.ts'
import { cancelBulk, dropBulks, failuresOf, findBulk, insertBulk, listBulk, lockBulk, type BulkRow } from './store.ts'
import type { Bulk } from './types.ts'

export type { BulkFilter, BulkRow } from './store.ts'
export type { Bulk, BulkActions, BulkDetail, BulkRequest, SingleAction } from './types.ts'

export interface BulkDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
}

/** The engine's name for the job of a bulk action. */
const handler = 'bulk'
const keptDays = 30
const shownFailures = 200

export function createBulk({ db, engine, access, logger }: BulkDeps): Bulk {
  const found = (row: BulkRow | undefined, id: string): BulkRow => {
    if (!row) throw hubError('not_found', { detail: `there is no bulk action "${id}" in this workspace` })
    return row
  }

  return {
    start: (principal, { action, filter, input, items }) =>
      db.transaction(async (trx) => {
        const id = newId('blk')
        const { workspaceId } = principal
        const actor = actorOf(principal)
        // The rights are looked up again for each item, so neither the end of a token nor the sign-in session has to be kept.
        const { expiresAt: _, sessionId: __, ...stored } = principal
        const row = await insertBulk(trx, { id, workspaceId, action, filter, input, actor, principal: stored }, items)
        if (row.status === 'running') await engine.enqueue(trx, { id, handler, input: { id } })
        const detail = { action, filter, total: row.total }
        await access.audit.record(trx, { workspaceId, actor, action: 'bulk.started', subject: id, detail })
        return row
      }),
    async get(workspaceId, id) {
      const row = found(await findBulk(db.sql, workspaceId, id), id)
      return { ...row, failures: await failuresOf(db.sql, id, shownFailures) }
    },
    list: (workspaceId, filter, page) => listBulk(db.sql, workspaceId, { ...filter, ...page }),
    cancel: (principal, id) =>
      db.transaction(async (trx) => {
        const { workspaceId } = principal
        const row = found(await lockBulk(trx, workspaceId, id), id)
        if (row.status !== 'running') return row
        await cancelBulk(trx, id)
        const detail = { action: row.action, done: row.done, failed: row.failed, total: row.total }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'bulk.cancelled', subject: id, detail })
        return found(await findBulk(trx, workspaceId, id), id)
      }),
    jobs: (actions) => ({ [handler]: createBulkJob({ db, engine, access, logger }, actions) }),
    // The audit log keeps who did what.
    retention: [{ of: 'hub', drop: (max) => dropBulks(db.sql, daysAgo(keptDays), max) }],
  }
}
