import type { Database, Transaction } from '#db'
import { isSuspect, lockJobsOf, returnJobs, type InterruptedJob } from './job-store.ts'
import type { Work } from './types.ts'

export interface TakenOver {
  readonly returned: readonly string[]
  readonly quarantined: readonly string[]
}

/**
 * Returns the jobs of a dead executor to the queue, and gives up those that it was trying alone. One transaction, so that concurrent sweeps,
 * jobs that end meanwhile and a sweep that dies do no harm.
 */
export function takeOver(db: Database, executorId: string, handlers: Work['jobs']): Promise<TakenOver> {
  return db.transaction(async (trx) => {
    const jobs = await lockJobsOf(trx, executorId)
    const reached = await progressOf(trx, handlers, jobs)
    const hasProgressed = (job: InterruptedJob): boolean => (reached.get(job.id) ?? 0) > job.progress
    const quarantined = jobs.filter((job) => isSuspect(job) && !hasProgressed(job))
    for (const [handler, given] of Map.groupBy(quarantined, (job) => job.handler)) await handlers[handler]?.quarantine(trx, idsOf(given))
    const returned = jobs.filter((job) => !quarantined.includes(job))
    await returnJobs(trx, executorId, {
      returned: returned.map((job) => ({
        id: job.id,
        progress: Math.max(job.progress, reached.get(job.id) ?? 0),
        // A long job sees many restarts that it did not cause, so old interruptions and those before progress do not count.
        interruptions: job.isRecent && !hasProgressed(job) ? job.interruptions + 1 : 1,
      })),
      quarantined: idsOf(quarantined),
    })
    return { returned: idsOf(returned), quarantined: idsOf(quarantined) }
  })
}

async function progressOf(trx: Transaction, handlers: Work['jobs'], jobs: readonly InterruptedJob[]): Promise<Map<string, number>> {
  const reached = new Map<string, number>()
  for (const [handler, given] of Map.groupBy(jobs, (job) => job.handler)) {
    const counts = await handlers[handler]?.progress?.(trx, idsOf(given))
    for (const [id, count] of counts ?? []) reached.set(id, count)
  }
  return reached
}

function idsOf(jobs: readonly { readonly id: string }[]): string[] {
  return jobs.map(({ id }) => id)
}
