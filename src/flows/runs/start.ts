import type { Database } from '#db'
import { hubError } from '#errors'
import { createBatcher } from '#lib/batch'
import type { FlowFinder } from '../definitions/find.ts'
import type { Flows } from '../types.ts'
import { asStored, type Launcher, type LaunchRequest } from './launch.ts'

interface StarterDeps {
  readonly db: Database
  readonly launcher: Launcher
  readonly get: FlowFinder
}

/** Starts a run of a flow that a caller names. */
export function createStarter({ db, launcher, get }: StarterDeps): Flows['launch'] {
  // Concurrent callers share a transaction.
  const launches = createBatcher((requests: readonly LaunchRequest[]) => db.transaction((trx) => launcher.launch(trx, ...requests)))
  return async (workspaceId, ref, { parameters = {}, dryRun, outputs, trigger }) => {
    const flow = await get(workspaceId, ref)
    if (!flow.enabled && dryRun !== true)
      throw hubError('flow_disabled', { detail: `the flow "${flow.name}" is disabled`, hint: `hub flow enable ${flow.name}` })
    const checked = launcher.checkParameters(flow.definition, flow.digest, parameters)
    const run = await launches.add({ flow, parameters: checked, dryRun, trigger: { ...trigger, ...(outputs ? { outputs } : {}) } })
    return asStored(run)
  }
}
