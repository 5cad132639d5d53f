import { actorOf, type Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { partOf, type PartRequest, type ResultPart } from './read-result.ts'
import { findInvocation, listInvocations, type InvocationFilter, type InvocationRow } from './store.ts'

/** What the journal says about tool calls. */
export interface Invocations {
  list(workspaceId: string, filter: InvocationFilter): Promise<InvocationRow[]>
  get(workspaceId: string, id: string): Promise<InvocationRow>
  /** Whether the principal made the call. */
  isCausedBy(principal: Principal, id: string): Promise<boolean>
  /** A part of the stored output of a call. */
  readResult(workspaceId: string, id: string, part: PartRequest): Promise<ResultPart>
}

export function createInvocations({ sql }: Database): Invocations {
  const get: Invocations['get'] = async (workspaceId, id) => {
    const row = await findInvocation(sql, workspaceId, id)
    if (!row) throw hubError('not_found', { detail: `there is no invocation "${id}" in this workspace` })
    return row
  }
  return {
    list: (workspaceId, filter) => listInvocations(sql, workspaceId, filter),
    get,
    isCausedBy: async (principal, id) => (await findInvocation(sql, principal.workspaceId, id))?.actor === actorOf(principal),
    async readResult(workspaceId, id, part) {
      const { output } = await get(workspaceId, id)
      if (output === null) throw hubError('not_found', { detail: `the invocation "${id}" has no stored output` })
      return partOf(output, part)
    },
  }
}
