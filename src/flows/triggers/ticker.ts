import { isPassing, type Database, type Transaction } from '#db'
import type { Poller } from '#engine'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import {
  dueSchedules,
  findVersion,
  flowsById,
  lockSchedule,
  setNext,
  type FlowWithVersion,
  type ScheduleRow,
} from '../definitions/flow-store.ts'
import type { Capacity } from '../runs/capacity.ts'
import type { Launcher, PreparedRun } from '../runs/launch.ts'
import type { RunRepository } from '../runs/run-repository.ts'
import {
  admitRun,
  dueRuns,
  lockRun,
  nextDue,
  postponeAdmission,
  runsInWait,
  signalledAmong,
  workspacesInWait,
  type NewRun,
} from '../runs/run-store.ts'
import { missedTimes } from './schedule/missed.ts'

export interface Ticker {
  readonly poller: Poller
  /** Checks once for everything that may be due. */
  tick(now?: Date): Promise<number>
}

/** Waits are exact: the poller sleeps no longer than until the next of them ends. */
const everyMs = 1000
const blockedMs = 250
const signalsEveryMs = 1000
const atOnce = 200
const retryFailedMs = 30_000

export interface TickerDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly launcher: Launcher
  readonly runRepository: RunRepository
  readonly capacity: Capacity
}

/** Wakes runs whose wait has ended, starts scheduled and queued runs, and tells the runs of this process that they were cancelled or that something has arrived. */
export function createTicker({ db, launcher, runRepository, capacity, logger }: TickerDeps): Ticker {
  let signalsAt = 0
  /** Schedules that could not start their flow. */
  const failedUntil = new Map<string, number>()

  const wakeDue = (now: Date): Promise<number> =>
    db.transaction(async (trx) => {
      const due = await dueRuns(trx, now, atOnce)
      for (const { id, status } of due) {
        if (status === 'waiting') await launcher.wake(trx, [id])
        else await admitDue(trx, id)
      }
      return due.length
    })

  const admitDue = async (trx: Transaction, id: string): Promise<void> => {
    const run = await lockRun(trx, id)
    const version = run && (await findVersion(trx, run.flowId, run.version))
    if (!run || !version) return
    const most = await capacity.free(run.workspaceId, trx)
    if (most === 0) return postponeAdmission(trx, id, new Date(Date.now() + everyMs))
    if (run.concurrencyKey === null) return
    // If its key has no room, the end of another run of the key starts it.
    await postponeAdmission(trx, id, null)
    const flow = { id: run.flowId, definition: version.definition, most }
    capacity.take(run.workspaceId, await launcher.admitQueued(trx, flow, run.concurrencyKey))
  }

  /** Starts runs that waited for a place in their workspace, in the order in which they came. */
  const admitWaiting = (): Promise<void> =>
    db.transaction(async (trx) => {
      for (const workspaceId of await workspacesInWait(trx)) {
        const free = await capacity.free(workspaceId, trx)
        const admitted = free === 0 ? [] : await runsInWait(trx, workspaceId, Math.min(free, atOnce))
        capacity.take(workspaceId, admitted.length)
        for (const id of admitted) await admitRun(trx, id)
        await launcher.start(trx, ...admitted.map((id) => ({ id, segment: 0 })))
      }
    })

  const runSchedules = async (now: Date): Promise<void> => {
    const due = await dueSchedules(db.sql, now)
    if (due.length === 0) return
    const flows = new Map((await flowsById(db.sql, [...new Set(due.map(({ flowId }) => flowId))])).map((flow) => [flow.id, flow]))
    // A schedule whose parameters take long to check, or which fails, does not hold up the others.
    await Promise.all(due.map((schedule) => tryIt(schedule, flows.get(schedule.flowId), now)))
  }

  const tryIt = async (schedule: ScheduleRow, flow: FlowWithVersion | undefined, now: Date): Promise<void> => {
    const name = `${schedule.flowId} ${schedule.place}`
    if ((failedUntil.get(name) ?? 0) > now.getTime()) return
    failedUntil.delete(name)
    try {
      await runSchedule(schedule, flow, now)
    } catch (error) {
      if (isPassing(error)) throw error
      failedUntil.set(name, now.getTime() + retryFailedMs)
      logger.error({ err: error, flow: schedule.flowId, place: schedule.place }, 'a schedule could not start its flow; trying again')
    }
  }

  const runSchedule = async (schedule: ScheduleRow, flow: FlowWithVersion | undefined, now: Date): Promise<void> => {
    const { parameters, cron, timezone } = schedule
    const { times, next } = missedTimes(schedule, now)
    const triggers = times.map((time) => ({ kind: 'schedule', at: time.toISOString(), schedule: cron, timezone }))
    const [first] = triggers
    const prepared = flow?.enabled && first ? await launcher.prepare({ flow, parameters, mayWait: true, trigger: first }) : undefined
    await db.transaction(async (trx) => {
      if (!(await lockSchedule(trx, schedule))) return
      if (prepared) await launcher.launch(trx, ...triggers.map((trigger) => again(prepared, trigger)))
      await setNext(trx, schedule, next)
    })
  }

  const heedSignals = async (): Promise<void> => {
    if (Date.now() - signalsAt < signalsEveryMs || runRepository.active.size === 0) return
    signalsAt = Date.now()
    for (const { id, cancelling, wakeRequests } of await signalledAmong(db.sql, [...runRepository.active.keys()])) {
      const run = runRepository.active.get(id)
      if (!run) continue
      if (cancelling) run.abort.abort()
      run.wakeRequests = Math.max(run.wakeRequests, wakeRequests)
    }
  }

  /** Returns after how many milliseconds the next check is due. */
  const tick = async (now = new Date()): Promise<number> => {
    const { runAt, scheduleAt, hasWaiting } = await nextDue(db.sql)
    const woken = runAt && runAt <= now ? await wakeDue(now) : 0
    if (hasWaiting) await admitWaiting()
    await heedSignals()
    if (scheduleAt && scheduleAt <= now) await runSchedules(now)
    if (woken === atOnce) return 0
    const left = [runAt, scheduleAt].map((at) => (at ? at.getTime() - now.getTime() : everyMs))
    // What is due and cannot start yet, such as a queued run, is looked at again after a moment.
    return left.some((ms) => ms <= 0) ? blockedMs : Math.min(everyMs, ...left)
  }

  return {
    tick,
    poller: {
      name: 'due-runs',
      run: () => tick(),
    },
  }
}

/** The same run at another time: its parameters are checked once. */
function again(prepared: PreparedRun, trigger: NewRun['trigger']): PreparedRun {
  return { ...prepared, run: { ...prepared.run, id: newId('run'), trigger } }
}
