import type { Transaction } from '#db'
import type { Engine } from '#engine'
import { newId } from '#lib/ids'
import { insertSync, updateSource, updateSync, type SourceRow, type SyncReason, type SyncRow } from './store.ts'

/** The engine's name for the job of a sync. */
export const handler = 'sync'

export interface StartOptions {
  readonly source: SourceRow
  readonly reason: SyncReason
  /** Reads only the items that wait, and nothing else. */
  readonly itemsOnly?: boolean
  /** Looks for what was deleted, too. */
  readonly sweeps?: boolean
  /** As much as it takes may be deleted. */
  readonly confirmed?: boolean
}

type Starter = Pick<Engine, 'enqueue'>

/** Starts a sync of a source that has none. The caller holds a lock on the source. */
export async function startSync(trx: Transaction, engine: Starter, start: StartOptions): Promise<SyncRow> {
  const { source, reason, itemsOnly = false, sweeps = false, confirmed = false } = start
  const id = newId('syn')
  const jobId = newId('job')
  const { id: sourceId, workspaceId, cursor } = source
  const phase = itemsOnly ? 'items' : 'pull'
  const sync = await insertSync(trx, {
    id,
    sourceId,
    workspaceId,
    reason,
    jobId,
    phase,
    sweeps,
    confirmed,
    whole: !itemsOnly && cursor === null,
  })
  await updateSource(trx, sourceId, { status: 'syncing', syncId: id, continueAt: null, pullWanted: false })
  await engine.enqueue(trx, { id: jobId, handler, input: { id } })
  return sync
}

/** Goes on with a sync that waited. The caller holds a lock on the source. */
export async function continueSync(trx: Transaction, engine: Starter, { id, syncId }: SourceRow): Promise<void> {
  const jobId = newId('job')
  await updateSync(trx, syncId!, { status: 'running', jobId, error: null })
  await updateSource(trx, id, { status: 'syncing', continueAt: null })
  await engine.enqueue(trx, { id: jobId, handler, input: { id: syncId } })
}
