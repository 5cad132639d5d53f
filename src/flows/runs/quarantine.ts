import type { JobHandler } from '#engine'
import { findVersion } from '../definitions/flow-store.ts'
import { jobOf, runOfJob } from './launch.ts'
import { endRuns, runsById } from './run-store.ts'
import { handleRunEnd } from './segment.ts'
import type { SegmentDeps } from './segment-deps.ts'

const error = {
  code: 'run_quarantined',
  message: 'the process died three times during this run, the last time while it ran alone, so the hub stopped it',
  retryable: false,
}

/** Ends the runs of these jobs, because they killed their processes, and starts what depends on their end. */
export function createQuarantine(deps: Pick<SegmentDeps, 'db' | 'publisher' | 'launcher' | 'notices' | 'sums'>): JobHandler['quarantine'] {
  return async (trx, jobs) => {
    const current = (await runsById(trx, jobs.map(runOfJob))).filter((row) => jobs.includes(jobOf(row)))
    const ends = new Map(current.map(({ id }) => [id, { id, status: 'quarantined' as const, outputs: null, error }]))
    const ended = await endRuns(trx, [...ends.values()])
    for (const row of current.filter(({ id }) => ended.has(id))) {
      const version = await findVersion(trx, row.flowId, row.version)
      const end = ends.get(row.id)!
      deps.db.afterCommit(trx, () => {
        deps.notices.add(row.workspaceId, 'run', row.id)
        deps.sums.count(row.workspaceId, 'runsFailed')
      })
      if (version) await handleRunEnd(deps, trx, { row, definition: version.definition, end, shouldPublish: true })
    }
  }
}
