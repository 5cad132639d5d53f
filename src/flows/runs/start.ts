import { actorOf, actorsBehind } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { createBatcher } from '#lib/batch'
import type { FlowFinder } from '../definitions/find.ts'
import type { FlowRights } from '../definitions/rights.ts'
import type { Flows } from '../types.ts'
import type { Capacity } from './capacity.ts'
import { asStored, assertLinks, type Launcher, type PreparedRun } from './launch.ts'

interface StarterDeps {
  readonly db: Database
  readonly launcher: Launcher
  readonly get: FlowFinder
  readonly rights: FlowRights
  readonly capacity: Capacity
}

/** Starts a run of a flow that a caller names. */
export function createStarter({ db, launcher, get, rights, capacity }: StarterDeps): Flows['trigger'] {
  // Concurrent callers share a transaction.
  const launches = createBatcher((prepared: readonly PreparedRun[]) => db.transaction((trx) => launcher.launch(trx, ...prepared)))
  return async (principal, ref, { parameters = {}, dryRun, outputs, from, detail } = {}) => {
    const flow = await get(principal.workspaceId, ref)
    if (!flow.enabled && dryRun !== true)
      throw hubError('flow_disabled', { detail: `the flow "${flow.name}" is disabled`, hint: `hub flow enable ${flow.name}` })
    await rights.requireStanding(flow)
    const depth = from ? from.depth + 1 : 0
    assertLinks(depth)
    await capacity.requireFor(flow.workspaceId)
    const prepared = await launcher.prepare({
      flow,
      parameters,
      dryRun,
      depth,
      causes: actorsBehind(principal),
      secrets: from?.secrets,
      trigger: {
        kind: 'call',
        actor: actorOf(principal),
        ...detail,
        ...(from ? { run_id: from.id, path: from.path } : {}),
        ...(outputs ? { outputs } : {}),
      },
    })
    if (prepared.invalid) throw prepared.invalid
    return asStored(await launches.add(prepared))
  }
}
