import { actorOf, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { Engine } from '#engine'
import { toCloudEvent, type Events } from '#events'
import type { Expressions } from '#expressions'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import { createBatcher } from '#lib/batch'
import { coalesce } from '#lib/coalesce'
import { sleep, within } from '#lib/clock'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import { createFlowConsumer, createRunConsumer } from './triggers/consumers.ts'
import { findFlow, findVersion, listFlows, listVersions, type FlowWithVersion } from './definitions/flow-store.ts'
import { handledSteps } from './interpreter/handled.ts'
import { createMaintenance } from './maintenance.ts'
import { asStored, createLauncher, runHandler, type LaunchRequest } from './runs/launch.ts'
import { createRunRepository } from './runs/run-repository.ts'
import {
  endRuns,
  findRun,
  listRuns,
  lockRun,
  markCancelling,
  activeChildren,
  endedStatuses,
  reopen,
  type RunRow,
} from './runs/run-store.ts'
import { createSaver } from './definitions/save.ts'
import { createSegment, handleRunEnd } from './runs/segment.ts'
import { progressOf, stepsOf } from './runs/step-store.ts'
import { createTicker } from './triggers/ticker.ts'
import { flowTools } from './runs/tools.ts'
import type { Flows } from './types.ts'

export { definitionSchema, printDefinition, type Definition, type DefinitionProblem, type Parsed } from './definitions/index.ts'
export type { FlowWithVersion, VersionRow } from './definitions/flow-store.ts'
export type { RunFilter, RunRow, RunStatus } from './runs/run-store.ts'
export type { SavedStep } from './runs/step-store.ts'
export type { Flows, RunDetail, TriggerOptions } from './types.ts'

export interface FlowsDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly events: Events
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly tools: Tools
  readonly connectors: readonly Connector[]
}

/** The longest pause between two looks at a run that somebody waits for. */
const maxPauseMs = 250

export function createFlows(deps: FlowsDeps): Flows {
  const { db, access, events, tools, publisher } = deps
  const launcher = createLauncher(deps)
  const runRepository = createRunRepository(db, deps.engine.executorId)
  // Concurrent callers share a transaction.
  const launches = createBatcher((requests: readonly LaunchRequest[]) => db.transaction((trx) => launcher.launch(trx, ...requests)))
  const saver = createSaver(deps)
  const ticker = createTicker({ ...deps, launcher, runRepository })
  const maintenance = createMaintenance({ ...deps, saver, launcher })
  const segment = createSegment({ ...deps, launcher, runRepository })
  events.consume('flow', createFlowConsumer({ ...deps, launcher }))
  events.consume('run', createRunConsumer({ ...deps, launcher }))
  tools.approvals.onDecided(async (trx, { runId }) => {
    if (runId !== null) await launcher.wake(trx, [runId])
  })

  // Many callers of one flow share a read.
  const find = coalesce((key: string) => {
    const [workspaceId = '', ref = ''] = key.split('\n')
    return findFlow(db.sql, workspaceId, ref)
  })
  const get = async (workspaceId: string, ref: string): Promise<FlowWithVersion> => {
    const key = `${workspaceId}\n${ref}`
    const flow = (await find(key)) ?? ((await maintenance.ensure(workspaceId)) ? await find(key) : undefined)
    if (!flow) throw hubError('not_found', { detail: `there is no flow "${ref}" in this workspace` })
    return flow
  }

  const runOf = async (workspaceId: string, id: string): Promise<RunRow> => {
    const run = await findRun(db.sql, workspaceId, id)
    if (!run) throw hubError('not_found', { detail: `there is no run "${id}" in this workspace` })
    return run
  }

  const launch: Flows['launch'] = async (workspaceId, ref, { parameters = {}, dryRun, outputs, trigger }) => {
    const flow = await get(workspaceId, ref)
    if (!flow.enabled && dryRun !== true)
      throw hubError('flow_disabled', { detail: `the flow "${flow.name}" is disabled`, hint: `hub flow enable ${flow.name}` })
    const checked = launcher.checkParameters(flow.definition, flow.digest, parameters)
    const run = await launches.add({ flow, parameters: checked, dryRun, trigger: { ...trigger, ...(outputs ? { outputs } : {}) } })
    return asStored(run)
  }

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

  const flows: Flows = {
    ...saver,
    // A bundled flow is stored when somebody first refers to it, so `get` comes first.
    async setEnabled(principal, ref, enabled) {
      await get(principal.workspaceId, ref)
      return saver.setEnabled(principal, ref, enabled)
    },
    async remove(principal, ref) {
      await get(principal.workspaceId, ref)
      return saver.remove(principal, ref)
    },
    get,
    launch,
    async list(workspaceId) {
      await maintenance.ensure(workspaceId)
      return listFlows(db.sql, workspaceId)
    },
    versions: async (workspaceId, ref) => listVersions(db.sql, (await get(workspaceId, ref)).id),
    trigger: (principal, ref, options = {}) =>
      launch(principal.workspaceId, ref, { ...options, trigger: { kind: 'call', actor: actorOf(principal) } }),
    runs: (workspaceId, filter, page) => listRuns(db.sql, workspaceId, filter, page),
    async run(workspaceId, id) {
      const run = await runOf(workspaceId, id)
      return { ...run, steps: await stepsOf(db.sql, id) }
    },
    async wait(workspaceId, id, timeoutMs, signal) {
      const until = Date.now() + timeoutMs
      for (let pause = 15; ; pause = Math.min(pause * 1.5, maxPauseMs)) {
        // A run of this process tells when it ends. Runs of other processes are looked at again and again.
        const left = Math.max(0, until - Date.now())
        const ended = await within(Math.min(maxPauseMs, left), runRepository.left(id), undefined)
        if (ended) return ended
        signal?.throwIfAborted()
        const run = await runOf(workspaceId, id)
        if (endedStatuses.includes(run.status) || Date.now() >= until) return run
        if (!runRepository.active.has(id)) await sleep(Math.min(pause, Math.max(0, until - Date.now())), signal)
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
        const version = await findVersion(trx, run.flowId, run.version)
        const records = new Map((await stepsOf(trx, id)).map((step) => [step.path, step]))
        const { segment: number } = await reopen(trx, id, version ? handledSteps(version.definition, records) : [])
        await launcher.start(trx, { id, segment: number })
      }),
    async replay(principal, id, { version = 'same', dryRun = false } = {}) {
      const { workspaceId } = principal
      const run = await runOf(workspaceId, id)
      const flow = await get(workspaceId, run.flowId)
      const wanted = version === 'latest' ? flow : await findVersion(db.sql, run.flowId, run.version)
      const event = run.eventId === null ? undefined : await events.delivered(workspaceId, run.eventId)
      if (!wanted || (run.eventId !== null && !event))
        throw hubError('not_found', { detail: 'the version or the event of this run has been deleted, so it cannot be replayed' })
      const { definition, source, digest, version: number } = wanted
      // An old version runs with the rights of its author: later authors did not approve it.
      const { actor, scopes, readOnly } = version === 'latest' ? flow : run
      const made = await db.transaction(async (trx) => {
        const [made] = await launcher.launch(trx, {
          flow: { ...flow, definition, source, digest, version: number, actor, scopes, readOnly },
          parameters: run.parameters,
          dryRun,
          replayOf: run.id,
          ...(event ? { event: { id: event.id, scope: toCloudEvent(event) } } : {}),
          trigger: { ...run.trigger, kind: 'replay', run_id: run.id, actor: actorOf(principal) },
        })
        const detail = { flow: run.flow, of: run.id, dry_run: dryRun }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'run.replayed', subject: made!.id, detail })
        return made!
      })
      return runOf(workspaceId, made.id)
    },

    jobs: {
      [runHandler]: {
        run: segment,
        progress: async (trx, ids) => {
          const counts = await progressOf(trx, ids.map(runIdOf))
          return new Map(ids.map((id) => [id, counts.get(runIdOf(id)) ?? 0]))
        },
        quarantine: (trx, ids) => maintenance.quarantine(trx, ids.map(runIdOf)),
      },
    },
    start() {
      ticker.start()
      maintenance.start()
    },
    tick: ticker.tick,
    async [Symbol.asyncDispose]() {
      await ticker[Symbol.asyncDispose]()
      await maintenance[Symbol.asyncDispose]()
      await runRepository[Symbol.asyncDispose]()
    },
  }
  tools.provide({ tools: async (workspaceId) => flowTools(flows, await listFlows(db.sql, workspaceId)) })
  return flows
}

/** The job of a segment is `<run>:<segment>`. */
function runIdOf(job: string): string {
  return job.split(':', 1)[0]!
}
