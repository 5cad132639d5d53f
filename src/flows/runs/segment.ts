import type { Principal } from '#access'
import { isPassing, type Database, type Transaction } from '#db'
import type { RunContext } from '#engine'
import { toCloudEvent, type Events } from '#events'
import type { Expressions } from '#expressions'
import { sleep } from '#lib/clock'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import type { Definition } from '../definitions/index.ts'
import { findVersion } from '../definitions/flow-store.ts'
import { toRunError } from '../interpreter/error.ts'
import type { StepRecord } from '../interpreter/runtime.ts'
import { Cancelled, Interrupted, Suspended } from '../interpreter/signals.ts'
import { walk } from '../interpreter/walk.ts'
import type { Launcher } from './launch.ts'
import type { Memory, UnderWay } from './run-repository.ts'
import { createPort } from './runtime.ts'
import { endRuns, letGo, type RunEnd, type RunRow } from './run-store.ts'
import { stepsOf } from './step-store.ts'

export interface SegmentDeps extends Telemetry {
  readonly db: Database
  readonly events: Events
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly tools: Tools
  readonly launcher: Launcher
  readonly memory: Memory
}

/** How soon, and how late, a run is taken up again that was interrupted. */
const soonestMs = 100
const latestMs = 5000

/**
 * What the engine runs: takes a run of a flow up, walks it as far as it goes, and ends it or lets it go. A segment that dies is run again by another
 * process; the run's records tell where it stood.
 */
export function createSegment(deps: SegmentDeps) {
  const { db, memory, logger } = deps
  const definitions = new Map<string, Definition>()

  const definitionOf = async ({ flowId, version }: RunRow): Promise<Definition> => {
    const key = `${flowId}@${version}`
    const held = definitions.get(key)
    if (held) return held
    const found = await findVersion(db.sql, flowId, version)
    if (!found) throw new Error(`version ${version} of flow ${flowId} is gone`)
    if (definitions.size > 500) definitions.clear()
    definitions.set(key, found.definition)
    return found.definition
  }

  return async ({ runId }: { readonly runId: string }, context: RunContext): Promise<void> => {
    using run = memory.enter(runId)
    for (let pause = soonestMs; ;) {
      try {
        if (await takeUp(run, context)) return
        pause = soonestMs
      } catch (thrown) {
        // The engine would hold a run that throws for over, and nobody would take it up again.
        if (!isPassing(thrown)) throw thrown
        logger.warn({ err: thrown, run: runId }, 'a run was interrupted; it is taken up again')
        await sleep(pause)
        pause = Math.min(pause * 2, latestMs)
      }
    }
  }

  /** False when something came for it meanwhile. */
  async function takeUp(run: UnderWay, context: RunContext): Promise<boolean> {
    const { row, steps } = await context.hold(() => memory.load(run.id))
    // It ended, or was let go, by a process that died before it could say so.
    if (row?.status !== 'running') return true
    const definition = await definitionOf(row)
    let end: Omit<RunEnd, 'id'>
    try {
      if (row.cancelling) throw new Cancelled()
      const names = await namesOf(row)
      const recorded = row.dryRun && row.replayOf !== null ? await stepsOf(db.sql, row.replayOf) : []
      const port = createPort(deps, {
        run,
        row,
        context,
        records: byPath(steps),
        recorded: byPath(recorded),
        principal: principalOf(row),
      })
      end = { status: 'completed', outputs: await walk(port, definition, names), error: null }
    } catch (thrown) {
      if (thrown instanceof Interrupted) throw thrown.cause
      if (isPassing(thrown)) throw thrown
      if (thrown instanceof Suspended) return letGo(db.sql, run.id, thrown.until === undefined ? null : new Date(thrown.until))
      end = thrown instanceof Cancelled ? { status: 'cancelled', outputs: null, error: null } : failed(row, thrown)
    }
    await finish(row, definition, end).catch(async (thrown: unknown) => {
      if (isPassing(thrown)) throw thrown
      await finish(row, definition, failed(row, thrown))
    })
    return true
  }

  function failed({ id, flow }: RunRow, thrown: unknown): Omit<RunEnd, 'id'> {
    const error = toRunError(thrown, '')
    if (error.code === 'internal') logger.error({ err: thrown, run: id, flow }, 'a run failed inside the hub')
    return { status: 'failed', outputs: null, error }
  }

  async function namesOf(row: RunRow): Promise<Record<string, unknown>> {
    const { id, flow, flowId, version, workspaceId, parameters, eventId, startedAt } = row
    const event = eventId === null ? undefined : await deps.events.delivered(workspaceId, eventId)
    return {
      event: event ? toCloudEvent(event) : null,
      parameters,
      flow: { id: flow, flow_id: flowId, version },
      run: { id, started_at: startedAt?.toISOString() ?? null },
    }
  }

  /** With everything that follows from it, in one transaction; by far the most runs have nothing that follows, and share a statement. */
  async function finish(row: RunRow, definition: Definition, how: Omit<RunEnd, 'id'>): Promise<void> {
    const { status } = how
    const end: RunEnd = { id: row.id, ...how }
    const isTold = await deps.publisher.hasSubscribers(row.workspaceId, `flow.${status}`)
    const ended =
      isTold || row.parentRun !== null || row.concurrencyKey !== null
        ? await db.transaction(async (trx) => {
            const isOver = (await endRuns(trx, [end])).has(row.id)
            if (isOver) await follow(deps, trx, row, definition, end, isTold)
            return isOver
          })
        : await memory.end(end)
    if (!ended) return
    deps.metrics.flowRuns.inc({ flow: row.flow, outcome: status })
    deps.metrics.flowDuration.observe((Date.now() - row.createdAt.getTime()) / 1000)
  }
}

/** What follows from a run's end: it is told, whoever waits for it goes on, the next one gets its place. */
export async function follow(
  { publisher, launcher }: Pick<SegmentDeps, 'publisher' | 'launcher'>,
  trx: Transaction,
  row: RunRow,
  definition: Definition,
  { status, outputs, error }: RunEnd,
  isTold: boolean,
): Promise<void> {
  const { id, flow, flowId, version, workspaceId, parentRun, concurrencyKey } = row
  if (isTold) {
    const data = { run_id: id, flow, version, status, outputs, error }
    await publisher.publish(trx, [{ workspaceId, type: `flow.${status}`, subject: flow, data, depth: row.depth }])
  }
  if (parentRun !== null) await launcher.wake(trx, [parentRun])
  if (concurrencyKey !== null) await launcher.letIn(trx, { id: flowId, definition }, concurrencyKey)
}

function principalOf({ flowId, flow, workspaceId, scopes, readOnly }: RunRow): Principal {
  return { kind: 'system', id: `flow:${flowId}`, name: flow, workspaceId, scopes, readOnly }
}

function byPath(records: readonly StepRecord[]): Map<string, StepRecord> {
  return new Map(records.map((record) => [record.path, record]))
}
