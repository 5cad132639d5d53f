import type { Database } from '#db'
import { createBatcher } from '#lib/batch'
import type { StepRecord } from '../interpreter/runtime.ts'
import { Cancelled } from '../interpreter/signals.ts'
import { endRuns, runsById, type RunEnd, type RunRow } from './run-store.ts'
import { saveSteps, stepsOf, type SavedStep } from './step-store.ts'

/** A run that this process is executing. */
export interface ActiveRun {
  readonly id: string
  readonly abort: AbortController
  wakeRequests: number
}

/** Loads and stores runs and their steps, many in one statement, and knows which runs this process executes. */
export interface RunRepository extends AsyncDisposable {
  readonly active: ReadonlyMap<string, ActiveRun>
  enter(id: string): ActiveRun & Disposable
  /** Reads a run and its steps; concurrent calls share a statement. */
  load(id: string): Promise<{ row: RunRow | undefined; steps: SavedStep[] }>
  save(run: ActiveRun, record: StepRecord): Promise<void>
  show(run: ActiveRun, record: StepRecord): void
  /** Returns false when the run had ended already. */
  end(end: RunEnd): Promise<boolean>
}

export function createRunRepository(db: Database): RunRepository {
  const active = new Map<string, ActiveRun>()
  const steps = createBatcher(async (records: readonly SavedStep[]) => {
    const { cancelled, wakeRequested } = await saveSteps(db.sql, records)
    return records.map(({ runId }) => ({ cancelled: cancelled.has(runId), wakeRequested: wakeRequested.has(runId) }))
  })
  const loads = createBatcher(async (ids: readonly string[]) => {
    const rows = new Map((await runsById(db.sql, ids)).map((row) => [row.id, row]))
    const found = Map.groupBy(await stepsOf(db.sql, ...ids), ({ runId }) => runId)
    return ids.map((id) => ({ row: rows.get(id), steps: found.get(id) ?? [] }))
  })
  const ends = createBatcher(async (batch: readonly RunEnd[]) => {
    const ended = await endRuns(db.sql, batch)
    return batch.map(({ id }) => ended.has(id))
  })
  return {
    active,
    enter(id) {
      const run: ActiveRun = { id, abort: new AbortController(), wakeRequests: 0 }
      active.set(id, run)
      return Object.assign(run, {
        [Symbol.dispose]: () => {
          if (active.get(id) === run) active.delete(id)
        },
      })
    },
    load: (id) => loads.add(id),
    async save(run, record) {
      const { cancelled, wakeRequested } = await steps.add({ ...record, runId: run.id })
      if (wakeRequested) run.wakeRequests += 1
      if (cancelled) throw new Cancelled()
    },
    show(run, record) {
      // This record is informative only and may be lost: `save` stores the result of the step.
      steps.add({ ...record, runId: run.id }).catch(() => undefined)
    },
    end: (end) => ends.add(end),
    async [Symbol.asyncDispose]() {
      await steps.drain()
      await ends.drain()
    },
  }
}
