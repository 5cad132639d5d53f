import { unbounded } from '#lib/bounded'
import { insertJobs, leave, notify, silentExecutors } from './job-store.ts'
import { startLiveness } from './liveness.ts'
import { startPoller, type RunningPoller } from './poller.ts'
import { takeOver } from './take-over.ts'
import type { Engine, EngineDeps, EngineOptions, Poller, Work } from './types.ts'
import { createWorker, type Worker } from './worker.ts'

const defaultSweepMs = 2000
const defaultDrainMs = 20_000
const notifyAfterMs = 10
/** The poller that looks for dead processes. It keeps its pace, because it measures how long others are silent. */
const sweep = 'take-over'

export function createEngine(deps: EngineDeps, options: EngineOptions): Engine {
  const { db, logger, metrics } = deps
  const { executorId, drainMs = defaultDrainMs, sweepMs = defaultSweepMs, bounded = unbounded } = options
  let worker: Worker | undefined
  const pollers = new Map<string, RunningPoller>()
  const notifier = createNotifier(deps)
  /** A database restart frees every lock, and live processes need time to lock again. Less than two sweeps, whose times vary a little. */
  const deadAfterMs = sweepMs * 0.9

  const wake = (poller: string): void => {
    const own = pollers.get(poller)
    if (own) own.wake()
    else notifier.add(poller)
  }

  /** Looks for dead processes and returns their jobs to the queue. */
  const sweeper = (handlers: Work['jobs']): Poller => {
    /** The executors without a sign of life, since when. */
    const silentSince = new Map<string, number>()
    return {
      name: sweep,
      async run() {
        const silent = (await silentExecutors(db.sql)).filter((id) => id !== executorId)
        for (const known of silentSince.keys()) if (!silent.includes(known)) silentSince.delete(known)
        for (const dead of silent) {
          const since = silentSince.get(dead) ?? performance.now()
          silentSince.set(dead, since)
          if (performance.now() - since < deadAfterMs) continue
          const { returned, quarantined } = await takeOver(db, dead, handlers)
          silentSince.delete(dead)
          metrics.takenOver.inc({ outcome: 'returned' }, returned.length)
          metrics.takenOver.inc({ outcome: 'quarantined' }, quarantined.length)
          if (returned.length + quarantined.length > 0)
            logger.warn({ executor: dead, returned: returned.length, quarantined }, 'took over the jobs of a dead process')
        }
        return sweepMs
      },
    }
  }

  return {
    executorId,
    wake,
    async enqueue(trx, ...jobs) {
      if (jobs.length === 0) return
      const claimed = Math.min(worker?.freePlaces() ?? 0, jobs.length)
      const stored = await insertJobs(trx, jobs, { claimed, executorId })
      if (claimed < jobs.length) await notify(trx, ['jobs'])
      db.afterCommit(trx, () => {
        for (const job of jobs.slice(0, claimed)) if (stored.has(job.id)) worker?.begin(job)
      })
    },
    async start(work) {
      await using stack = new AsyncDisposableStack()
      const liveness = await startLiveness(deps, executorId, {
        onNotification: (poller) => pollers.get(poller)?.wake(),
        onReconnect: () => {
          for (const [name, poller] of pollers) if (name !== sweep) poller.restart()
        },
      })
      stack.defer(bounded('liveness', () => liveness[Symbol.asyncDispose]()))
      stack.defer(
        bounded('handing jobs over', () =>
          db
            .transaction((trx) => leave(trx, executorId))
            .catch((error: unknown) => logger.warn({ err: error }, 'failed to hand jobs over; other processes take them after two sweeps')),
        ),
      )
      if (!work) return stack.move()
      const { jobs, pollers: given } = work
      const working = createWorker(deps, { executorId, jobs, liveness, wakeClaims: () => wake('jobs') })
      worker = working
      stack.defer(
        bounded('jobs in progress', () => {
          worker = undefined
          return working.close(drainMs)
        }),
      )
      // Each by itself, so that the log names the one that does not end.
      stack.defer(async () => {
        const ends = [...pollers].map(([name, poller]) => bounded(`poller ${name}`, () => poller[Symbol.asyncDispose]())())
        pollers.clear()
        const failed = (await Promise.allSettled(ends)).filter((end) => end.status === 'rejected')
        if (failed.length > 0) throw new AggregateError(failed.map(({ reason }) => reason as Error))
      })
      for (const poller of [...working.pollers, sweeper(jobs), ...given]) {
        if (pollers.has(poller.name)) throw new Error(`two pollers are called ${poller.name}`)
        pollers.set(poller.name, startPoller(poller, deps))
      }
      return stack.move()
    },
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  }
}

/** Wakes the pollers of other processes. Outside transactions, because PostgreSQL commits transactions with a notification one after the other. */
function createNotifier({ db, logger }: EngineDeps): AsyncDisposable & { add(poller: string): void } {
  const names = new Set<string>()
  let sending: Promise<void> | undefined
  const send = async (): Promise<void> => {
    const batch = [...names]
    names.clear()
    await notify(db.sql, batch).catch((error: unknown) => logger.debug({ err: error }, 'a notification was not sent; the others poll'))
  }
  const later = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, notifyAfterMs))
    sending = undefined
    await send()
  }
  return {
    add(poller) {
      names.add(poller)
      sending ??= later()
    },
    async [Symbol.asyncDispose]() {
      await sending
    },
  }
}
