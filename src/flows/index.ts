import { actorOf, type Access } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import { hubError } from '#errors'
import type { Engine, JobHandler } from '#engine'
import type { Events } from '#events'
import type { EventPublisher } from '#events/publish'
import type { Expressions } from '#expressions'
import type { Connector } from '#kit'
import { daysAgo } from '#lib/clock'
import type { Scripts } from '#scripts'
import type { Telemetry } from '#telemetry'
import type { Catalogue, Tools } from '#tools'
import { createBundledFlows } from './bundled/bundled.ts'
import { digestOfFlow } from './definitions/digest.ts'
import { createFlowFinder } from './definitions/find.ts'
import { findFlow, findVersion, listFlows, listVersions, schedulesOf } from './definitions/flow-store.ts'
import { createReservedTypes } from './definitions/reserved.ts'
import { createFlowRights } from './definitions/rights.ts'
import { createSaver } from './definitions/save.ts'
import { createCapacity } from './runs/capacity.ts'
import { createRunChanges } from './runs/changes.ts'
import { createLauncher, runHandler, runOfJob } from './runs/launch.ts'
import { createQuarantine } from './runs/quarantine.ts'
import { createRunRepository } from './runs/run-repository.ts'
import { dropRuns, dropRunSubscriptions, dropVersions, findRun, listRuns } from './runs/run-store.ts'
import { createSegment } from './runs/segment.ts'
import { createRunSecrets } from './runs/secrets.ts'
import { createStarter } from './runs/start.ts'
import { progressOf, stepsOf } from './runs/step-store.ts'
import { createFlowToolRunner } from './runs/tools.ts'
import { createWaiter, findRunOf } from './runs/wait.ts'
import { createFlowSubscriber, createRunSubscriber } from './triggers/subscribers.ts'
import { createTicker } from './triggers/ticker.ts'
import type { Flows } from './types.ts'

export { definitionSchema, printDefinition, type Definition, type DefinitionProblem, type Parsed } from './definitions/index.ts'
export type { FlowWithVersion, ScheduleRow, VersionRow } from './definitions/flow-store.ts'
export type { RunFilter, RunRow, RunStatus } from './runs/run-store.ts'
export type { SavedStep } from './runs/step-store.ts'
export { flowTools } from './runs/tools.ts'
export type { Flows, RunDefinition, RunDetail, TriggerOptions } from './types.ts'

export interface FlowsDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly credentials: Credentials
  readonly events: Events
  readonly expressions: Expressions
  readonly scripts: Scripts
  readonly publisher: EventPublisher
  readonly catalogue: Catalogue
  readonly connectors: readonly Connector[]
}

export interface FlowsOptions {
  /** How many unfinished runs a workspace may have. */
  readonly maxActiveRuns: number
}

export function createFlows(deps: FlowsDeps, { maxActiveRuns }: FlowsOptions): Flows {
  const { db, engine } = deps
  const rights = createFlowRights(deps.access)
  const runSecrets = createRunSecrets(deps.credentials)
  const capacity = createCapacity(db, maxActiveRuns)
  const reservedType = createReservedTypes(deps.connectors)
  const saver = createSaver({ ...deps, rights, reservedType })
  const bundled = createBundledFlows({ ...deps, saver })
  const get = createFlowFinder(db)
  const launcher = createLauncher({ ...deps, rights, capacity, runSecrets })
  const runRepository = createRunRepository(db, engine.executorId)
  const ticker = createTicker({ ...deps, launcher, runRepository, capacity })
  const { trigger, dryRun } = createStarter({ ...deps, saver, launcher, get, rights, capacity })
  const wait = createWaiter(db, runRepository)

  const changes = createRunChanges({ ...deps, launcher, runRepository, get, rights, capacity, runSecrets })

  return {
    check: saver.check,
    save: saver.save,
    setEnabled: saver.setEnabled,
    adopt: saver.adopt,
    cancel: changes.cancel,
    retry: changes.retry,
    replay: changes.replay,
    remove: (principal, ref) => saver.remove(principal, ref, (trx, flow) => changes.cancelAll(trx, flow.id)),
    blocked: async (flow) => (await rights.lost(flow)) ?? null,
    get,
    list: (workspaceId) => listFlows(db.sql, workspaceId),
    addBundled: bundled.addTo,
    installBundled: bundled.install,
    digestOf: async (workspaceId, ref) => digestOfFlow(await listFlows(db.sql, workspaceId), ref),
    versions: async (workspaceId, ref) => listVersions(db.sql, (await get(workspaceId, ref)).id),
    schedules: (flow) => schedulesOf(db.sql, flow.id),
    trigger,
    dryRun,
    runs: (workspaceId, filter, page) => listRuns(db.sql, workspaceId, { ...filter, ...page }),
    async run(workspaceId, id) {
      const run = await findRunOf(db.sql, workspaceId, id)
      return { ...run, steps: await stepsOf(db.sql, id) }
    },
    async definitionOf(workspaceId, id) {
      const { flow, flowId, version, definition: unsaved } = await findRunOf(db.sql, workspaceId, id)
      if (unsaved) return { id, flow, flowId, version: null, definition: unsaved }
      const found = await findVersion(db.sql, flowId, version)
      if (!found) throw hubError('not_found', { detail: 'the version that this run carries out has been deleted' })
      return { id, flow, flowId, version, definition: found.definition }
    },
    async isCausedBy(principal, id) {
      const run = await findRun(db.sql, principal.workspaceId, id)
      return run?.causes.includes(actorOf(principal)) ?? false
    },
    wait,
    wake: launcher.wake,
    secrets: {
      seal: runSecrets.seal,
      open: runSecrets.open,
      async in({ workspaceId, flow: ref, parameters, others }) {
        const flow = await findFlow(db.sql, workspaceId, ref)
        return runSecrets.of({ workspaceId, definition: flow?.definition ?? {}, parameters, others })
      },
    },
    runTool: createFlowToolRunner({ trigger, wait }),
    tick: ticker.tick,

    subscribers: {
      flow: createFlowSubscriber({ ...deps, launcher, runSecrets }),
      run: createRunSubscriber({ ...deps, launcher, runSecrets }),
    },
    jobs: (tools: Tools): Record<string, JobHandler> => ({
      [runHandler]: {
        run: createSegment({ ...deps, launcher, runRepository, tools, rights, capacity, reservedType, runSecrets }),
        progress: async (trx, jobs) => {
          const counts = await progressOf(trx, jobs.map(runOfJob))
          return new Map(jobs.map((job) => [job, counts.get(runOfJob(job)) ?? 0]))
        },
        quarantine: createQuarantine({ ...deps, launcher }),
      },
    }),
    pollers: [ticker.poller],
    retention: [
      { of: 'workspace', drop: ({ workspaceId, runsDays }, max) => dropRuns(db.sql, workspaceId, { before: daysAgo(runsDays), max }) },
      { of: 'hub', drop: (max) => dropVersions(db.sql, max) },
      { of: 'hub', drop: (max) => dropRunSubscriptions(db.sql, max) },
    ],
    [Symbol.asyncDispose]: () => runRepository[Symbol.asyncDispose](),
  }
}
