import type { Access, Principal } from '#access'
import { isPassing, type Database } from '#db'
import { JobLost, type Engine, type JobHandler } from '#engine'
import { HubError } from '#errors'
import type { Telemetry } from '#telemetry'
import {
  beginItem,
  endBulk,
  endItem,
  openItems,
  progressOf,
  readBulk,
  stopBulks,
  type BulkError,
  type BulkItem,
  type HeldBulk,
  type StoredBulk,
} from './store.ts'
import type { BulkActions } from './types.ts'

interface Deps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly engine: Pick<Engine, 'executorId'>
  readonly access: Pick<Access, 'rightsLeft'>
}

const maxDetail = 500
const unknown: BulkError = {
  code: 'outcome_unknown',
  detail: 'the process stopped while this was done; it may have been done, and the hub does not repeat it',
}
const givenUp: BulkError = { code: 'internal', detail: 'the process died repeatedly during this bulk action, so the hub stopped it' }

/** Does the items one after the other. Each is recorded before it begins, so that one whose process died is never done twice. */
export function createBulkJob(
  { db, engine: { executorId }, access, logger }: Deps,
  actions: BulkActions,
): JobHandler<{ readonly id: string }> {
  /** Does one item, with what its asker may do now. Returns false when the others do not follow. */
  const next = async (bulk: StoredBulk, held: HeldBulk, { position, itemId, digest, startedAt }: BulkItem): Promise<boolean> => {
    if (startedAt !== null) {
      await endItem(db.sql, held, { position, error: unknown })
      return true
    }
    const { action, input } = bulk
    let principal: Principal
    try {
      principal = await access.rightsLeft(bulk.principal as unknown as Principal)
      actions.require(principal, action)
    } catch (error) {
      await endBulk(db.sql, held, { status: 'stopped', error: failureOf(error) })
      return false
    }
    if (!(await beginItem(db.sql, held, position))) return false
    const error = await actions.perform(principal, { action, itemId, digest, input }).then(() => null, failureOf)
    await endItem(db.sql, held, { position, error })
    return true
  }

  /** Trouble with the database interrupts the job, which is tried again. */
  const failureOf = (error: unknown): BulkError => {
    if (error instanceof JobLost || isPassing(error)) throw error
    if (error instanceof HubError) return { code: error.code, detail: error.message.slice(0, maxDetail) }
    logger.error({ err: error }, 'a single action of a bulk action failed because of an error in the hub')
    return { code: 'internal', detail: 'an error in the hub; its log says more' }
  }

  return {
    async run({ id }, context) {
      const bulk = await readBulk(db.sql, id)
      if (bulk?.status !== 'running') return
      const held: HeldBulk = { executorId, job: context.id, id }
      for (const item of await openItems(db.sql, id)) {
        if (!(await context.hold(() => next(bulk, held, item)))) return
      }
      await context.record(() => endBulk(db.sql, held, { status: 'completed' }))
    },
    progress: (trx, ids) => progressOf(trx, ids),
    quarantine: (trx, ids) => stopBulks(trx, ids, givenUp),
  }
}
