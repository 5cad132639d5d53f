import { actorOf, actorsBehind, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import { hubError } from '#errors'
import { toCloudEvent, type Events } from '#events'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import type { FlowFinder } from '../definitions/find.ts'
import { toExecutable } from '../definitions/index.ts'
import { findFlow, findVersion } from '../definitions/flow-store.ts'
import type { FlowRights } from '../definitions/rights.ts'
import { handledSteps } from '../interpreter/handled.ts'
import type { Flows } from '../types.ts'
import type { Capacity } from './capacity.ts'
import type { Launcher } from './launch.ts'
import type { RunRepository } from './run-repository.ts'
import {
  activeChildren,
  addCauses,
  endedStatuses,
  endRuns,
  lockRun,
  markCancelling,
  moveRights,
  reopen,
  unfinishedRuns,
  type RunRow,
} from './run-store.ts'
import type { RunSecrets } from './secrets.ts'
import { handleRunEnd } from './segment.ts'
import { stepsOf } from './step-store.ts'
import { findRunOf } from './wait.ts'

interface RunChangesDeps extends Pick<Telemetry, 'notices'> {
  readonly db: Database
  readonly access: Access
  readonly events: Events
  readonly publisher: EventPublisher
  readonly launcher: Launcher
  readonly runRepository: RunRepository
  readonly get: FlowFinder
  readonly rights: FlowRights
  readonly capacity: Capacity
  readonly runSecrets: RunSecrets
}

export interface RunChanges extends Pick<Flows, 'cancel' | 'retry' | 'replay'> {
  /** Cancels all unfinished runs of a flow. */
  cancelAll(trx: Transaction, flowId: string): Promise<void>
}

const cancelledAtOnce = 200

/** What people do with runs: cancel, retry and replay them. */
export function createRunChanges(deps: RunChangesDeps): RunChanges {
  const { db, access, events, publisher, launcher, runRepository, get, rights, capacity, runSecrets, notices } = deps
  const runOf = (workspaceId: string, id: string): Promise<RunRow> => findRunOf(db.sql, workspaceId, id)

  /** Changes a run on request of a principal and records the change in the audit log. */
  const change = async (
    principal: Principal,
    id: string,
    action: string,
    work: (trx: Transaction, run: RunRow) => Promise<void>,
  ): Promise<RunRow> => {
    const { workspaceId } = principal
    await runOf(workspaceId, id)
    await db.transaction(async (trx) => {
      const run = (await lockRun(trx, id))!
      await work(trx, run)
      await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action, subject: id, detail: { flow: run.flow } })
    })
    return runOf(workspaceId, id)
  }

  const cancelIn = async (trx: Transaction, run: RunRow): Promise<void> => {
    db.afterCommit(trx, () => notices.add(run.workspaceId, 'run', run.id))
    if (run.status === 'queued') {
      const end = { id: run.id, status: 'cancelled' as const, outputs: null, error: null }
      await endRuns(trx, [end])
      const version = await findVersion(trx, run.flowId, run.version)
      if (version) await handleRunEnd({ publisher, launcher }, trx, { row: run, definition: version.definition, end, shouldPublish: false })
      return
    }
    await markCancelling(trx, run.id)
    await launcher.wake(trx, [run.id])
    for (const child of await activeChildren(trx, run.id)) {
      const row = await lockRun(trx, child)
      if (row) await cancelIn(trx, row)
    }
  }

  /** A run whose rights are gone continues with those of whoever has adopted its flow, if the flow is still the same. */
  const restoreRights = async (trx: Transaction, { id, flow: name, flowId, version, actor, workspaceId }: RunRow): Promise<void> => {
    if ((await rights.lost({ workspaceId, actor }, trx)) === undefined) return
    const flow = await findFlow(trx, workspaceId, flowId)
    await rights.requireStanding({ workspaceId, name, actor: flow?.version === version ? flow.actor : actor }, trx)
    await moveRights(trx, id, flow!)
  }

  return {
    async cancelAll(trx, flowId) {
      for (;;) {
        const ids = await unfinishedRuns(trx, flowId, cancelledAtOnce)
        for (const id of ids) {
          const run = await lockRun(trx, id)
          if (run && !endedStatuses.includes(run.status)) await cancelIn(trx, run)
        }
        if (ids.length < cancelledAtOnce) return
      }
    },
    async cancel(principal, id) {
      const run = await change(principal, id, 'run.cancelled', async (trx, row) => {
        if (endedStatuses.includes(row.status)) throw hubError('run_state_conflict', { detail: `the run is ${row.status} already` })
        await cancelIn(trx, row)
      })
      runRepository.active.get(id)?.abort.abort()
      return run
    },
    retry: (principal, id) =>
      change(principal, id, 'run.retried', async (trx, run) => {
        if (!['failed', 'cancelled', 'quarantined'].includes(run.status) || run.startedAt === null)
          throw hubError('run_state_conflict', {
            detail: `the run is ${run.status}; one that failed, was cancelled or quarantined can be retried`,
          })
        if (run.definition) throw unsavedRun()
        await addCauses(trx, id, actorsBehind(principal))
        await restoreRights(trx, run)
        const version = await findVersion(trx, run.flowId, run.version)
        const records = new Map((await stepsOf(trx, id)).map((step) => [step.path, step]))
        const { segment: number } = await reopen(trx, id, version ? handledSteps(toExecutable(version.definition), records) : [])
        await launcher.start(trx, { id, segment: number })
      }),
    async replay(principal, id, { version = 'same', dryRun = false } = {}) {
      const { workspaceId } = principal
      const run = await runOf(workspaceId, id)
      if (run.definition) throw unsavedRun()
      const flow = await get(workspaceId, run.flowId)
      const wanted = version === 'latest' ? flow : await findVersion(db.sql, run.flowId, run.version)
      const event = run.eventId === null ? undefined : await events.delivered(workspaceId, run.eventId)
      if (!wanted || (run.eventId !== null && !event))
        throw hubError('not_found', { detail: 'the version or the event of this run has been deleted, so it cannot be replayed' })
      const { definition, source, digest, version: number } = wanted
      // An old version runs with the rights of its author: later authors did not approve it.
      const { actor, scopes, readOnly } = version === 'latest' ? flow : run
      await rights.requireStanding({ workspaceId, name: flow.name, actor })
      await capacity.requireFor(workspaceId)
      const { parameters, secrets } = await runSecrets.parametersOf(run)
      // The path is that of the step that started the run. The replay stands under the run itself.
      const { path: _, ...trigger } = run.trigger
      const prepared = await launcher.prepare({
        secrets,
        flow: { ...flow, definition, source, digest, version: number, actor, scopes, readOnly },
        parameters,
        dryRun,
        replayOf: run.id,
        causes: [...new Set([...run.causes, ...actorsBehind(principal)])],
        ...(event ? { event: { id: event.id, scope: toCloudEvent(event) } } : {}),
        trigger: { ...trigger, kind: 'replay', run_id: run.id, actor: actorOf(principal) },
      })
      const made = await db.transaction(async (trx) => {
        const [made] = await launcher.launch(trx, prepared)
        const detail = { flow: run.flow, of: run.id, dry_run: dryRun }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'run.replayed', subject: made!.id, detail })
        return made!
      })
      return runOf(workspaceId, made.id)
    },
  }
}

function unsavedRun() {
  return hubError('run_state_conflict', {
    detail: 'it was a dry run of a flow that is not saved',
    hint: 'start another dry run of the text',
  })
}
