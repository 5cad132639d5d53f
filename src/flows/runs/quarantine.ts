import type { JobHandler } from '#engine'
import { findVersion } from '../definitions/flow-store.ts'
import { endRuns, runsById } from './run-store.ts'
import { handleRunEnd } from './segment.ts'
import type { SegmentDeps } from './segment-deps.ts'

const error = {
  code: 'run_quarantined',
  message: 'the process died three times during this run, the last time while it ran alone, so the hub stopped it',
  retryable: false,
}

/** Ends runs that killed their process, and starts what depends on their end. */
export function createQuarantine(
  deps: Pick<SegmentDeps, 'publisher' | 'launcher'>,
): (...args: Parameters<JobHandler['quarantine']>) => Promise<void> {
  return async (trx, ids) => {
    const ends = ids.map((id) => ({ id, status: 'quarantined' as const, outputs: null, error }))
    const ended = await endRuns(trx, ends)
    if (ended.size === 0) return
    for (const row of await runsById(trx, [...ended])) {
      const version = await findVersion(trx, row.flowId, row.version)
      const end = ends.find(({ id }) => id === row.id)!
      if (version) await handleRunEnd(deps, trx, { row, definition: version.definition, end, shouldPublish: true })
    }
  }
}
