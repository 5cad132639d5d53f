import { isPassing } from '#db'
import { createBatcher } from '#lib/batch'
import { sleep } from '#lib/clock'
import { createGate } from './gate.ts'
import { JobLost } from './job-lost.ts'
import { claimJobs, claimSuspect, clearSuspicion, deleteJobs, hasSuspects, heldBy, isSuspect, jobsById, returnJob } from './job-store.ts'
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
const lookEveryMs = 50
/** Between two suspects, everything else has its turn. */
const otherJobsMs = 500
const minIdleWaitMs = 5000
const retryAloneMs = 30_000

interface WorkerOptions {
  readonly executorId: string
  readonly jobs: Work['jobs']
  readonly liveness: Pick<Liveness, 'isCurrent' | 'nextBeat'>
  /** Starts a round of the poller `jobs`. */
  readonly wakeClaims: () => void
}

export function createWorker({ db, logger }: EngineDeps, { executorId, jobs, liveness, wakeClaims }: WorkerOptions): Worker {
  const handlers = Object.keys(jobs)
  const running = new Map<string, AbortController>()
  const gate = createGate(piecesAtOnce)
  const deletions = createBatcher(async (ids: readonly string[]) => {
    await deleteJobs(db.sql, executorId, ids)
    return ids.map(() => undefined)
  })
  let isClosed = false
  /** While a suspect runs alone: its id. Empty while this process waits until it is idle. */
  let reservedFor: string | undefined
  let confirming: Promise<void> | undefined

  const lose = (id: string): void => {
    running.get(id)?.abort(new JobLost())
    running.delete(id)
  }

  const reconcile = async (): Promise<void> => {
    const before = [...running.keys()]
    const held = await heldBy(db.sql, executorId)
    const ids = new Set(held.map(({ id }) => id))
    for (const id of before) if (!ids.has(id)) lose(id)
    // Claimed in a transaction whose commit was not confirmed, or ended without that the database could be told.
    const missing = held.filter(({ id, overdue }) => overdue && !running.has(id))
    for (const { id } of missing.filter(isSuspect)) giveBack(id)
    const ordinary = missing.filter((job) => !isSuspect(job)).map(({ id }) => id)
    if (ordinary.length > 0) for (const job of await jobsById(db.sql, executorId, ordinary)) begin(job)
  }

  /** After a pause of the whole process, its jobs may have been taken over. */
  const confirm = (): Promise<void> => (confirming ??= confirmNow().finally(() => (confirming = undefined)))
  const confirmNow = async (): Promise<void> => {
    for (;;) {
      await liveness.nextBeat()
      try {
        return await reconcile()
      } catch (error) {
        if (!isPassing(error)) throw error
      }
    }
  }

  const contextOf = ({ id, known }: Job, { signal }: AbortController): JobContext => ({
    id,
    known,
    signal,
    record: (work) => gate.record(work),
    hold: (work) =>
      gate.run(async () => {
        if (!liveness.isCurrent()) await confirm()
        if (signal.aborted) throw new JobLost()
        return work()
      }),
  })

  const run = async (job: Job, abort: AbortController): Promise<void> => {
    const { id, handler, input } = job
    try {
      await jobs[handler]!.run(input as never, contextOf(job, abort))
    } catch (error) {
      // A job that could not reach the database is still held: the next check begins it again.
      if (error instanceof JobLost || isPassing(error)) return
      logger.error({ err: error, job: id, handler }, 'a job failed because of an error in the hub')
    }
    if (abort.signal.aborted) return
    await deletions
      .add(id)
      .catch((error: unknown) => logger.debug({ err: error, job: id }, 'the end of a job was not stored; trying again'))
  }

  const begin = (job: Job): void => {
    if (isClosed || running.has(job.id)) return
    // Claimed before this process was reserved for a suspect.
    if (reservedFor !== undefined && reservedFor !== job.id) return giveBack(job.id)
    const abort = new AbortController()
    running.set(job.id, abort)
    void run(job, abort).finally(() => {
      const isFull = running.size >= ownPlaces
      if (running.get(job.id) === abort) running.delete(job.id)
      if (isFull) wakeClaims()
    })
  }

  const giveBack = (id: string): void => {
    returnJob(db.sql, executorId, id).catch((error: unknown) =>
      logger.debug({ err: error, job: id }, 'a job was not given back; trying again'),
    )
  }

  /** A process that may have lost its jobs takes no more. */
  const mayClaim = (): boolean => !isClosed && reservedFor === undefined && liveness.isCurrent()

  const claim: Poller = {
    name: 'jobs',
    async run() {
      const max = mayClaim() ? Math.min(claimedAtOnce, places - running.size) : 0
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
      if (performance.now() < tryAt || !mayClaim() || !(await hasSuspects(db.sql, handlers))) return suspectEveryMs
      reservedFor = ''
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
        reservedFor = suspect.id
        begin(suspect)
        const survived = await hasPassed(aloneMs, () => running.has(suspect.id), stopping)
        if (survived) await clearSuspicion(db.sql, executorId, suspect.id)
        return otherJobsMs
      } finally {
        reservedFor = undefined
        wakeClaims()
      }
    },
  }

  const isIdleWithin = async (ms: number, stopping: AbortSignal): Promise<boolean> =>
    !(await hasPassed(ms, () => running.size > 0, stopping)) && !stopping.aborted

  /** Waits while `isSo`. Returns true if it is still so after `ms`. */
  const hasPassed = async (ms: number, isSo: () => boolean, stopping: AbortSignal): Promise<boolean> => {
    for (const until = performance.now() + ms; isSo() && !stopping.aborted; await sleep(lookEveryMs, stopping).catch(() => undefined))
      if (performance.now() >= until) return true
    return false
  }

  const check: Poller = {
    name: 'held-jobs',
    async run() {
      await reconcile()
      return checkEveryMs
    },
  }

  return {
    freePlaces: () => (mayClaim() ? Math.max(0, ownPlaces - running.size) : 0),
    begin,
    pollers: [claim, trySuspects, check],
    async close(drainMs) {
      isClosed = true
      await gate.close(drainMs)
      await deletions.drain()
      for (const abort of running.values()) abort.abort(new JobLost())
      running.clear()
    },
  }
}
