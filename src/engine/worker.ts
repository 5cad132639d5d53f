import { createBatcher } from '#lib/batch'
import { within } from '#lib/clock'
import { createGate } from './gate.ts'
import { JobLost } from './job-lost.ts'
import { claimJobs, claimSuspect, clearSuspicion, deleteJobs, hasSuspects, heldBy, jobsById } from './job-store.ts'
import type { Liveness } from './liveness.ts'
import type { EngineDeps, Job, JobContext, Poller, Work } from './types.ts'

/** Runs jobs in this process. */
export interface Worker {
  /** How many new jobs this process begins by itself. Further jobs are left to whichever process has a free place. */
  freePlaces(): number
  begin(job: Job): void
  readonly pollers: readonly Poller[]
  /** Lets pieces of work in progress finish and begins nothing more. */
  close(drainMs: number): Promise<void>
}

/** Enough to keep a process busy. With more, a process that starts many jobs would leave nothing to the others. */
const ownPlaces = 100
const places = 1000
const claimedAtOnce = 50
const piecesAtOnce = 200
/** Other processes wake this one. This is for wake-ups that were lost. */
const claimEveryMs = 5000

/** How long a suspect has its process to itself; a single call may take two minutes. */
const aloneMs = 150_000
const suspectEveryMs = 5000
const checkEveryMs = 5000
/** Between two suspects, everything else has its turn. */
const otherJobsMs = 500
const minIdleWaitMs = 5000
const retryAloneMs = 30_000

interface RunningJob {
  readonly abort: AbortController
  readonly ended: Promise<void>
}

interface WorkerOptions {
  readonly executorId: string
  readonly jobs: Work['jobs']
  readonly liveness: Pick<Liveness, 'isCurrent' | 'nextBeat'>
  /** Starts a round of the poller `jobs`. */
  readonly wakeClaims: () => void
}

export function createWorker({ db, logger }: EngineDeps, { executorId, jobs, liveness, wakeClaims }: WorkerOptions): Worker {
  const handlers = Object.keys(jobs)
  const running = new Map<string, RunningJob>()
  const gate = createGate(piecesAtOnce)
  const deletions = createBatcher(async (ids: readonly string[]) => {
    await deleteJobs(db.sql, executorId, ids)
    return ids.map(() => undefined)
  })
  let isClosed = false
  /** True while a suspect runs alone, or is about to. */
  let isReserved = false
  let confirming: Promise<void> | undefined

  const lose = (id: string): void => {
    running.get(id)?.abort.abort(new JobLost())
    running.delete(id)
  }

  const reconcile = async (): Promise<void> => {
    const before = [...running.keys()]
    const held = await heldBy(db.sql, executorId)
    const ids = new Set(held.map(({ id }) => id))
    for (const id of before) if (!ids.has(id)) lose(id)
    // Claimed in a transaction whose commit was not confirmed, or ended without that the database could be told.
    const missing = held.filter(({ id, overdue }) => overdue && !running.has(id)).map(({ id }) => id)
    if (missing.length > 0) for (const job of await jobsById(db.sql, executorId, missing)) begin(job)
  }

  /** After a pause of the whole process, its jobs may have been taken over. */
  const confirm = (): Promise<void> =>
    (confirming ??= liveness
      .nextBeat()
      .then(reconcile)
      .finally(() => (confirming = undefined)))

  const contextOf = ({ id, known }: Job, { signal }: AbortController): JobContext => ({
    id,
    known,
    signal,
    record: (work) => gate.record(work),
    async hold(work) {
      if (!liveness.isCurrent()) await confirm()
      if (signal.aborted) throw new JobLost()
      return gate.run(work)
    },
  })

  const run = async (job: Job, abort: AbortController): Promise<void> => {
    const { id, handler, input } = job
    try {
      await jobs[handler]!.run(input as never, contextOf(job, abort))
    } catch (error) {
      if (error instanceof JobLost) return
      logger.error({ err: error, job: id, handler }, 'a job failed because of an error in the hub')
    }
    if (isClosed || abort.signal.aborted) return
    await deletions
      .add(id)
      .catch((error: unknown) => logger.debug({ err: error, job: id }, 'the end of a job was not stored; trying again'))
  }

  const begin = (job: Job): void => {
    if (isClosed || running.has(job.id)) return
    const abort = new AbortController()
    const ended = run(job, abort).finally(() => {
      const isFull = running.size >= ownPlaces
      if (running.get(job.id)?.abort === abort) running.delete(job.id)
      if (isFull) wakeClaims()
    })
    running.set(job.id, { abort, ended })
  }

  const claim: Poller = {
    name: 'jobs',
    async run() {
      const max = isReserved ? 0 : Math.min(claimedAtOnce, places - running.size)
      if (max <= 0) return claimEveryMs
      const claimed = await claimJobs(db.sql, { executorId, handlers, max })
      for (const job of claimed) begin(job)
      return claimed.length === max ? 0 : claimEveryMs
    },
  }

  let idleWaitMs = minIdleWaitMs
  let tryAt = 0
  /** A job whose process died repeatedly may be the cause. It is tried alone, so that no other job is suspected if the process dies again. */
  const trySuspects: Poller = {
    name: 'suspects',
    async run(stopping) {
      if (performance.now() < tryAt || !(await hasSuspects(db.sql, handlers))) return suspectEveryMs
      isReserved = true
      try {
        if (!(await isIdleWithin(idleWaitMs, stopping))) {
          // In the end longer than the longest call, so that its turn comes.
          idleWaitMs = Math.min(idleWaitMs * 2, aloneMs)
          tryAt = performance.now() + retryAloneMs
          return suspectEveryMs
        }
        idleWaitMs = minIdleWaitMs
        const suspect = await claimSuspect(db.sql, { executorId, handlers })
        if (!suspect) return suspectEveryMs
        logger.warn({ job: suspect.id }, 'a job whose process died repeatedly is tried alone')
        begin(suspect)
        const ended = running.get(suspect.id)?.ended.then(() => true)
        if (ended && !(await within(aloneMs, Promise.race([ended, aborted(stopping)]), false))) await clearSuspicion(db.sql, suspect.id)
        return otherJobsMs
      } finally {
        isReserved = false
        wakeClaims()
      }
    },
  }

  const check: Poller = {
    name: 'held-jobs',
    async run() {
      await reconcile()
      return checkEveryMs
    },
  }

  const isIdleWithin = async (ms: number, stopping: AbortSignal): Promise<boolean> => {
    const idle = async (): Promise<boolean> => {
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended))
      return true
    }
    return within(ms, Promise.race([idle(), aborted(stopping)]), false)
  }

  return {
    freePlaces: () => (isClosed || isReserved ? 0 : Math.max(0, ownPlaces - running.size)),
    begin,
    pollers: [claim, trySuspects, check],
    async close(drainMs) {
      isClosed = true
      await gate.close(drainMs)
      await deletions.drain()
      for (const { abort } of running.values()) abort.abort(new JobLost())
      running.clear()
    },
  }
}

/** Resolves with false when the signal aborts. */
function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false)
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}
