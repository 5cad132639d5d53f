import { actorOf, actorsBehind, type Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { toCloudEvent, type Events } from '#events'
import { createBatcher } from '#lib/batch'
import { digest } from '#lib/canonical'
import { newId } from '#lib/ids'
import type { FlowWithVersion } from '../definitions/flow-store.ts'
import type { FlowFinder } from '../definitions/find.ts'
import type { Saver } from '../definitions/save.ts'
import type { FlowRights } from '../definitions/rights.ts'
import type { Flows } from '../types.ts'
import type { Capacity } from './capacity.ts'
import type { RunRow } from './run-store.ts'
import { asStored, assertLinks, type Launcher, type PreparedRun } from './launch.ts'

interface StarterDeps {
  readonly db: Database
  readonly events: Pick<Events, 'delivered'>
  readonly saver: Pick<Saver, 'parse'>
  readonly launcher: Launcher
  readonly get: FlowFinder
  readonly rights: FlowRights
  readonly capacity: Capacity
}

/** Starts a run of a flow that a caller names, and a dry run of one that a caller wrote. */
export function createStarter({ db, events, saver, launcher, get, rights, capacity }: StarterDeps): Pick<Flows, 'trigger' | 'dryRun'> {
  // Concurrent callers share a transaction.
  const launches = createBatcher((prepared: readonly PreparedRun[]) => db.transaction((trx) => launcher.launch(trx, ...prepared)))
  const trigger: Flows['trigger'] = async (principal, ref, { parameters = {}, dryRun, outputs, from, detail } = {}) => {
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

  return {
    trigger,
    async dryRun(principal, source, { format, parameters = {}, event: eventId, outputs } = {}): Promise<RunRow> {
      const { workspaceId } = principal
      const { concurrency: _, ...definition } = await saver.parse(workspaceId, source, format)
      const event = eventId === undefined ? undefined : await events.delivered(workspaceId, eventId)
      if (eventId !== undefined && !event) throw hubError('not_found', { detail: `there is no event ${eventId}` })
      await capacity.requireFor(workspaceId)
      const prepared = await launcher.prepare({
        flow: unsaved(principal, definition, source),
        parameters,
        isUnsaved: true,
        dryRun: true,
        causes: actorsBehind(principal),
        ...(event ? { event: { id: event.id, scope: toCloudEvent(event) } } : {}),
        trigger: { kind: 'call', actor: actorOf(principal), ...(outputs ? { outputs } : {}) },
      })
      if (prepared.invalid) throw prepared.invalid
      return asStored(await launches.add(prepared))
    },
  }
}

/** It has an id of its own: policies that name the flow that is saved under this name do not mean what somebody wrote here. */
function unsaved(principal: Principal, definition: FlowWithVersion['definition'], source: string): FlowWithVersion {
  const now = new Date()
  return {
    id: newId('flow'),
    workspaceId: principal.workspaceId,
    name: definition.id,
    version: 0,
    enabled: true,
    toolName: null,
    origin: 'user',
    actor: actorOf(principal),
    scopes: principal.scopes,
    readOnly: principal.readOnly,
    createdAt: now,
    updatedAt: now,
    definition,
    source,
    digest: digest(definition),
  }
}
