import type { Database } from '#db'
import { hubError } from '#errors'
import { coalesce } from '#lib/coalesce'
import { findFlow, type FlowWithVersion } from './flow-store.ts'

/** Finds a flow by id or name, or throws `not_found`. */
export type FlowFinder = (workspaceId: string, ref: string) => Promise<FlowWithVersion>

export function createFlowFinder({ sql }: Database): FlowFinder {
  // Many callers of one flow share a read.
  const find = coalesce((key: string) => {
    const [workspaceId = '', ref = ''] = key.split('\n')
    return findFlow(sql, workspaceId, ref)
  })
  return async (workspaceId, ref) => {
    const flow = await find(`${workspaceId}\n${ref}`)
    if (!flow) throw hubError('not_found', { detail: `there is no flow "${ref}" in this workspace` })
    return flow
  }
}
