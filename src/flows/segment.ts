import type { Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { RunContext } from '#engine'
import { toCloudEvent, type Events } from '#events'
import type { Expressions } from '#expressions'
import type { Outbox } from '#outbox'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import type { Definition } from './definition/index.ts'
import { findVersion } from './flow-store.ts'
import { toRunError, type RunError } from './interpreter/error.ts'
import type { StepRecord } from './interpreter/port.ts'
import { Cancelled, Suspended } from './interpreter/signals.ts'
import { walk } from './interpreter/walk.ts'
import type { Launcher } from './launch.ts'
import type { Memory } from './memory.ts'
import { createPort } from './port.ts'
import { endRuns, letGo, type RunEnd, type RunRow, type RunStatus } from './run-store.ts'
import { stepsOf } from './step-store.ts'

export interface SegmentDeps extends Telemetry {
  readonly db: Database
  readonly events: Events
  readonly expressions: Expressions
  readonly outbox: Outbox
  readonly tools: Tools
  readonly launcher: Launcher
  readonly memory: Memory
}

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
    for (;;) {
      const { row, steps } = await memory.load(runId)
      // It ended, or was let go, by a process that died before it could say so.
      if (row?.status !== 'running') return
      const definition = await definitionOf(row)
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
        const outputs = await walk(port, definition, names)
        return await finish(row, definition, 'completed', outputs, null)
      } catch (thrown) {
        if (thrown instanceof Suspended) {
          if (await letGo(db.sql, runId, thrown.until === undefined ? null : new Date(thrown.until))) return
          continue
        }
        if (thrown instanceof Cancelled) return await finish(row, definition, 'cancelled', null, null)
        const error = toRunError(thrown, '')
        if (error.code === 'internal') logger.error({ err: thrown, run: runId, flow: row.flow }, 'a run failed inside the hub')
        return await finish(row, definition, 'failed', null, error)
      }
    }
  }

  async function namesOf(row: RunRow): Promise<Record<string, unknown>> {
    const { id, flow, flowId, version, workspaceId, parameters, eventId, startedAt } = row
    const event = eventId === null ? undefined : await deps.events.handed(workspaceId, eventId)
    return {
      event: event ? toCloudEvent(event) : null,
      parameters,
      flow: { id: flow, flow_id: flowId, version },
      run: { id, started_at: startedAt?.toISOString() ?? null },
    }
  }

  /** With everything that follows from it, in one transaction; by far the most runs have nothing that follows, and share a statement. */
  async function finish(row: RunRow, definition: Definition, status: RunStatus, outputs: unknown, error: RunError | null): Promise<void> {
    const end: RunEnd = { id: row.id, status, outputs, error }
    const isTold = await deps.outbox.isWanted(row.workspaceId, `flow.${status}`)
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
  { outbox, launcher }: Pick<SegmentDeps, 'outbox' | 'launcher'>,
  trx: Transaction,
  row: RunRow,
  definition: Definition,
  { status, outputs, error }: RunEnd,
  isTold: boolean,
): Promise<void> {
  const { id, flow, flowId, version, workspaceId, parentRun, concurrencyKey } = row
  if (isTold) {
    const data = { run_id: id, flow, version, status, outputs, error }
    await outbox.announce(trx, [{ workspaceId, type: `flow.${status}`, subject: flow, data }])
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
