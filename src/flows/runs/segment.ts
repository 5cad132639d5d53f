import type { Principal } from '#access'
import { isPassing, type Transaction } from '#db'
import { JobLost, type JobContext, type JobHandler } from '#engine'
import { HubError } from '#errors'
import { toCloudEvent } from '#events'
import { sleep } from '#lib/clock'
import { noSecrets } from '#lib/secret-values'
import { postgresJson } from '#lib/postgres-text'
import { hasFinally, toExecutable, type Definition, type ExecutableDefinition } from '../definitions/index.ts'
import { findVersion } from '../definitions/flow-store.ts'
import { toRunError } from '../interpreter/error.ts'
import type { StepRecord } from '../interpreter/runtime.ts'
import { Cancelled, Interrupted, RightsLost, Suspended } from '../interpreter/signals.ts'
import { walk } from '../interpreter/walk.ts'
import { jobOf } from './launch.ts'
import type { ActiveRun } from './run-repository.ts'
import { createRuntime, requireRunRights } from './runtime.ts'
import { dropSubscriptionsOf, type RunEnd, type RunRow } from './run-store.ts'
import { stepsOf } from './step-store.ts'
import type { SegmentDeps } from './segment-deps.ts'

/** The shortest and the longest pause before an interrupted run is tried again. */
const minPauseMs = 100
const maxPauseMs = 5000

/**
 * What the engine runs: continues a flow run from its records until the run ends or has to wait. If the process dies, another process runs the
 * segment again from the same records.
 */
export function createSegment(deps: SegmentDeps): JobHandler<{ readonly runId: string }>['run'] {
  const { db, runRepository, runSecrets, logger } = deps
  const definitions = new Map<string, ExecutableDefinition>()

  const definitionOf = async ({ flowId, version, definition: own }: RunRow): Promise<ExecutableDefinition> => {
    if (own) return toExecutable(own as Definition)
    const key = `${flowId}@${version}`
    const held = definitions.get(key)
    if (held) return held
    const found = await findVersion(db.sql, flowId, version)
    if (!found) throw new Error(`version ${version} of flow ${flowId} is gone`)
    if (definitions.size > 500) definitions.clear()
    const definition = toExecutable(found.definition)
    definitions.set(key, definition)
    return definition
  }

  return async ({ runId }, context: JobContext): Promise<void> => {
    using run = runRepository.enter(runId, context.id)
    let known = context.known as RunRow | undefined
    for (let pause = minPauseMs; ;) {
      const given = known
      known = undefined
      try {
        if (await advance(run, context, given)) return
        pause = minPauseMs
      } catch (thrown) {
        // A job that throws has ended, and would not be started again.
        if (thrown instanceof JobLost || !isTemporary(thrown)) throw thrown
        logger.warn({ err: thrown, run: runId }, 'a run was interrupted by a temporary error; trying again')
        await sleep(pause)
        pause = Math.min(pause * 2, maxPauseMs)
      }
    }
  }

  /** Returns false when the run has to be continued at once, because something it waits for has arrived. */
  async function advance(run: ActiveRun, context: JobContext, known: RunRow | undefined): Promise<boolean> {
    const { row, steps } = known ? { row: known, steps: [] } : await context.hold(() => runRepository.load(run.id))
    // The run ended or was suspended, and the process died before it could end the job. A later segment may be running already.
    if (row?.status !== 'running' || run.job !== jobOf(row)) return true
    const tell = (): void => deps.notices.add(row.workspaceId, 'run', row.id)
    tell()
    const definition = await definitionOf(row)
    let secrets = noSecrets
    let end: Omit<RunEnd, 'id'>
    try {
      if (row.cancelling) {
        if (!hasFinally(definition)) throw new Cancelled()
        // The walk reaches the blocks that have begun and runs their `finally`.
        run.abort.abort()
      }
      await requireRunRights(deps.rights, row)
      const { opened, stepSecrets } = await openSecrets(row)
      secrets = opened.secrets
      const names = await namesOf(row, opened.parameters)
      const recorded = row.dryRun && row.replayOf !== null ? await stepsOf(db.sql, row.replayOf) : []
      const runtime = createRuntime(deps, {
        run,
        row,
        context,
        secrets,
        stepSecrets,
        records: byPath(steps.map(stepSecrets.reveal)),
        recorded: byPath(recorded.map(stepSecrets.reveal)),
        principal: principalOf(row),
      })
      end = { status: 'completed', outputs: await walk(runtime, definition, names), error: null }
    } catch (thrown) {
      if (thrown instanceof Interrupted) throw thrown.cause
      if (thrown instanceof JobLost || isPassing(thrown)) throw thrown
      if (thrown instanceof Suspended)
        return runRepository.suspend(run, thrown.until === undefined ? null : new Date(thrown.until)).finally(tell)
      const reason = thrown instanceof RightsLost ? thrown.cause : thrown
      end = thrown instanceof Cancelled || row.cancelling ? { status: 'cancelled', outputs: null, error: null } : failed(row, reason)
    }
    const finished: FinishedRun = { run, row, definition }
    await finish(finished, secrets.hide(end)).catch(async (thrown: unknown) => {
      if (isPassing(thrown)) throw thrown
      await finish(finished, secrets.hide(failed(row, thrown)))
    })
    return true
  }

  function failed({ id, flow }: RunRow, thrown: unknown): Omit<RunEnd, 'id'> {
    const error = toRunError(thrown, '')
    if (error.code === 'internal') logger.error({ err: thrown, run: id, flow }, 'a run failed because of an internal error')
    return { status: 'failed', outputs: null, error }
  }

  /** The key that sealed them may be out of reach for a while, like the records of the run. */
  async function openSecrets(row: RunRow) {
    try {
      const opened = await runSecrets.parametersOf(row)
      return { opened, stepSecrets: await runSecrets.stepsOf(row, opened.secrets) }
    } catch (error) {
      throw isTemporary(error) ? new Interrupted(error) : error
    }
  }

  async function namesOf(row: RunRow, parameters: RunRow['parameters']): Promise<Record<string, unknown>> {
    const { id, flow, flowId, version, workspaceId, eventId, startedAt } = row
    const event = eventId === null ? undefined : await deps.events.delivered(workspaceId, eventId)
    return {
      event: event ? toCloudEvent(event) : null,
      parameters,
      flow: { id: flow, flow_id: flowId, version },
      run: { id, started_at: startedAt?.toISOString() ?? null },
    }
  }

  /** Ends the run and starts what depends on it, in one transaction. Most runs have nothing that depends on them, and those share a statement. */
  async function finish({ run, row, definition }: FinishedRun, how: Omit<RunEnd, 'id'>): Promise<void> {
    const { status } = how
    const end: RunEnd = { id: row.id, ...how }
    // Its name is free, so others must not take its end for that of the flow that has the name.
    const isUnsaved = row.definition !== null
    const shouldPublish = !isUnsaved && (await deps.publisher.hasSubscribers(row.workspaceId, `flow.${status}`))
    const ended =
      shouldPublish || row.parentRun !== null || row.concurrencyKey !== null || status !== 'completed'
        ? await db.transaction(async (trx) => {
            const hasEnded = await runRepository.endIn(trx, run, end)
            if (hasEnded) await handleRunEnd(deps, trx, { row, definition, end, shouldPublish })
            return hasEnded
          })
        : await runRepository.end(run, end)
    if (!ended) return
    run.ended = { ...row, ...end, outputs: postgresJson(end.outputs ?? null), finishedAt: new Date(), wakeAt: null }
    deps.notices.add(row.workspaceId, 'run', row.id)
    if (status === 'completed') deps.sums.count(row.workspaceId, 'runsCompleted')
    if (status === 'failed') deps.sums.count(row.workspaceId, 'runsFailed')
    if (isUnsaved) return
    deps.metrics.flowRuns.inc({ workspace: row.workspaceId, flow: row.flow, outcome: status })
    deps.metrics.flowDuration.observe((Date.now() - row.createdAt.getTime()) / 1000)
  }
}

interface FinishedRun {
  readonly run: ActiveRun
  readonly row: RunRow
  readonly definition: Pick<Definition, 'concurrency'>
}

/** A run that has just ended, with what decides about its consequences. */
interface EndedRun {
  readonly row: RunRow
  readonly definition: Pick<Definition, 'concurrency'>
  readonly end: RunEnd
  /** False when nobody subscribes to the event about the end. */
  readonly shouldPublish: boolean
}

/** After the end of a run: publishes the event, wakes the parent run and starts the next queued run. */
export async function handleRunEnd(
  { publisher, launcher }: Pick<SegmentDeps, 'publisher' | 'launcher'>,
  trx: Transaction,
  { row, definition, end: { status, outputs, error }, shouldPublish }: EndedRun,
): Promise<void> {
  const { id, flow, flowId, version, workspaceId, parentRun, concurrencyKey } = row
  if (shouldPublish) {
    const data = { run_id: id, flow, version, status, outputs, error }
    await publisher.publish(trx, [{ workspaceId, type: `flow.${status}`, subject: flow, data, depth: row.depth, causes: row.causes }])
  }
  if (status !== 'completed') await dropSubscriptionsOf(trx, id)
  if (parentRun !== null) await launcher.wake(trx, [parentRun])
  if (concurrencyKey !== null) await launcher.admitQueued(trx, { id: flowId, definition }, concurrencyKey)
}

function principalOf({ flowId, flow, workspaceId, scopes, readOnly, causes }: RunRow): Principal {
  return { kind: 'system', id: `flow:${flowId}`, name: flow, workspaceId, scopes, readOnly, ancestors: [], causes }
}

function byPath(records: readonly StepRecord[]): Map<string, StepRecord> {
  return new Map(records.map((record) => [record.path, record]))
}

function isTemporary(error: unknown): boolean {
  return isPassing(error) || (error instanceof HubError && error.entry.retryable)
}
