import type { Database, Transaction } from '#db'
import { heldJobs, JobLost } from '#engine'
import { createBatcher } from '#lib/batch'
import type { StepRecord } from '../interpreter/runtime.ts'
import { Cancelled } from '../interpreter/signals.ts'
import { endHeldRuns, runsById, suspendRun, type RunEnd, type RunRow } from './run-store.ts'
import { saveSteps, stepsOf, type SavedStep, type StepWrite } from './step-store.ts'

/** A run that this process is executing. */
export interface ActiveRun {
  readonly id: string
  /** The job that this process holds for it. */
  readonly job: string
  readonly abort: AbortController
  wakeRequests: number
  /** The run as it ended here. */
  ended?: RunRow
}

/** Loads and stores runs and their steps, many in one statement, and knows which runs this process executes. */
export interface RunRepository extends AsyncDisposable {
  readonly active: ReadonlyMap<string, ActiveRun>
  /** Waits until this process stops executing the run, at most `ms`. Returns the run if it ended here meanwhile. */
  left(id: string, ms: number): Promise<RunRow | undefined>
  enter(id: string, job: string): ActiveRun & Disposable
  /** Reads a run and its steps; concurrent calls share a statement. */
  load(id: string): Promise<{ row: RunRow | undefined; steps: SavedStep[] }>
  save(run: ActiveRun, record: StepRecord): Promise<void>
  show(run: ActiveRun, record: StepRecord): void
  /** Returns false when the run had ended already, or when another process executes it now. */
  end(run: ActiveRun, end: RunEnd): Promise<boolean>
  /** The same in a transaction. */
  endIn(trx: Transaction, run: ActiveRun, end: RunEnd): Promise<boolean>
  suspend(run: ActiveRun, wakeAt: Date | null): Promise<boolean>
  /** Throws `JobLost` when another process executes the run now. Otherwise none can until the transaction ends. */
  assertHeld(trx: Transaction, run: ActiveRun): Promise<void>
  /** Stores a step in a transaction. Throws `JobLost` when another process executes the run now. Returns false when the step was done before. */
  saveIn(trx: Transaction, run: ActiveRun, record: StepRecord): Promise<boolean>
}

export function createRunRepository(db: Database, executorId: string): RunRepository {
  const active = new Map<string, ActiveRun>()
  const leaving = new Map<string, Set<(ended: RunRow | undefined) => void>>()
  const steps = createBatcher(async (records: readonly StepWrite[]) => {
    const { cancelled, wakeRequests, lost } = await saveSteps(db.sql, executorId, records)
    return records.map(({ runId, job }) => ({
      cancelled: cancelled.has(runId),
      wakeRequests: wakeRequests.get(runId) ?? 0,
      isLost: lost.has(job),
    }))
  })
  const loads = createBatcher(async (ids: readonly string[]) => {
    const rows = new Map((await runsById(db.sql, ids)).map((row) => [row.id, row]))
    const found = Map.groupBy(await stepsOf(db.sql, ...ids), ({ runId }) => runId)
    return ids.map((id) => ({ row: rows.get(id), steps: found.get(id) ?? [] }))
  })
  const ends = createBatcher(async (batch: readonly (RunEnd & { readonly job: string })[]) => {
    const ended = await endHeldRuns(db.sql, executorId, batch)
    return batch.map(({ id }) => ended.has(id))
  })
  return {
    active,
    left: (id, ms) =>
      new Promise((resolve) => {
        if (!active.has(id)) return resolve(undefined)
        const waiting = leaving.get(id) ?? new Set()
        leaving.set(id, waiting)
        const done = (ended: RunRow | undefined): void => {
          clearTimeout(timer)
          waiting.delete(done)
          resolve(ended)
        }
        const timer = setTimeout(done, ms, undefined)
        waiting.add(done)
      }),
    enter(id, job) {
      const run: ActiveRun = { id, job, abort: new AbortController(), wakeRequests: 0 }
      active.set(id, run)
      return Object.assign(run, {
        [Symbol.dispose]: () => {
          if (active.get(id) === run) active.delete(id)
          for (const done of leaving.get(id) ?? []) done(run.ended)
          leaving.delete(id)
        },
      })
    },
    load: (id) => loads.add(id),
    async save(run, record) {
      const { cancelled, wakeRequests, isLost } = await steps.add({ ...record, runId: run.id, job: run.job })
      if (isLost) throw new JobLost()
      run.wakeRequests = Math.max(run.wakeRequests, wakeRequests)
      if (cancelled) throw new Cancelled()
    },
    show(run, record) {
      // This record is informative only and may be lost: `save` stores the result of the step.
      steps.add({ ...record, runId: run.id, job: run.job }).catch(() => undefined)
    },
    end: ({ job }, end) => ends.add({ ...end, job }),
    endIn: async (trx, { id, job }, end) => (await endHeldRuns(trx, executorId, [{ ...end, job }])).has(id),
    suspend: ({ id, job }, wakeAt) => suspendRun(db.sql, { executorId, job }, { id, wakeAt }),
    async assertHeld(trx, { job }) {
      const { rows } = await heldJobs(executorId, [job]).execute(trx)
      if (rows.length === 0) throw new JobLost()
    },
    async saveIn(trx, { id: runId, job }, record) {
      const { lost, changed } = await saveSteps(trx, executorId, [{ ...record, runId, job }])
      if (lost.size > 0) throw new JobLost()
      return changed > 0
    },
    async [Symbol.asyncDispose]() {
      await steps.drain()
      await ends.drain()
    },
  }
}
