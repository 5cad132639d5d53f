import { actorOf, coversRights, type Access, type Principal } from '#access'
import type { Sql } from '#db'
import { hubError, type HubError } from '#errors'
import type { FlowRow } from './flow-store.ts'

type Saved = Pick<FlowRow, 'workspaceId' | 'name' | 'actor' | 'scopes' | 'readOnly'>

/** Who acts, and where. */
export type ActorIn = Pick<FlowRow, 'workspaceId' | 'actor'>

/** The rights of flows: who may change one, and whether those who saved them still have theirs. */
export interface FlowRights {
  /** Throws `scope_missing` unless the principal saved the flow, created the token that did, or has every right of the flow. */
  requireChange(sql: Sql, principal: Principal, flow: Saved): Promise<void>
  /** Why nothing may run with the rights of this actor any more; undefined while it may. */
  lost(who: ActorIn, sql?: Sql): Promise<string | undefined>
  /**
   * Throws `flow_blocked` when nothing may run with the rights of whoever saved the flow. Returns what a person who saved it may still do;
   * undefined where the scopes of the flow count alone.
   */
  requireStanding(flow: Pick<Saved, 'workspaceId' | 'name' | 'actor'>, sql?: Sql): Promise<readonly string[] | undefined>
}

export function createFlowRights(access: Pick<Access, 'standings'>): FlowRights {
  const standingOf = async ({ workspaceId, actor }: ActorIn, sql?: Sql) => (await access.standings(workspaceId, [actor], sql)).get(actor)!

  const lost: FlowRights['lost'] = async (who, sql) => {
    const { lost: reason } = await standingOf(who, sql)
    return reason === null ? undefined : `${who.actor} saved it, and ${reason}`
  }

  return {
    lost,
    async requireChange(sql, principal, flow) {
      // Inside a workspace, `hub:admin` gives a flow no more than `admin`.
      const scopes = flow.scopes.map((scope) => (scope === 'hub:admin' ? 'admin' : scope))
      if (actorOf(principal) === flow.actor || coversRights(principal, { scopes, readOnly: flow.readOnly })) return
      const { ancestors } = await standingOf(flow, sql)
      if (ancestors.includes(actorOf(principal))) return
      throw hubError('scope_missing', {
        detail: `${flow.actor} saved the flow "${flow.name}" with rights that this token does not have: ${flow.scopes.join(', ')}`,
        hint: 'ask whoever saved it, or an administrator; or save the definition under another id',
      })
    },
    async requireStanding(flow, sql) {
      const { lost: reason, within } = await standingOf(flow, sql)
      if (reason !== null) throw blocked(flow.name, `${flow.actor} saved it, and ${reason}`)
      return within
    },
  }
}

function blocked(flow: string, reason: string): HubError {
  return hubError('flow_blocked', {
    detail: `the flow "${flow}" does not run: ${reason}`,
    hint: `somebody with flows:write adopts it: POST /api/v1/flows/${flow}/adopt or \`hub flow adopt ${flow}\``,
  })
}
