import { allows, requireScope } from '#access'
import { hubError } from '#errors'
import type { OperationContext } from './operation.ts'

/** The same context in the workspace that a field of the input names, by id or name, with the rights that the caller has there. */
export async function inWorkspace(context: OperationContext, reference: string, scope: string): Promise<OperationContext> {
  const { access, principal } = context
  const workspace = (await access.workspaces.find({ id: reference })) ?? (await access.workspaces.find({ name: reference }))
  // The answer is the same whether the workspace belongs to others or does not exist.
  if (!workspace || (workspace.id !== principal.workspaceId && !allows(principal, 'hub:admin')))
    throw hubError('not_found', { detail: `there is no workspace "${reference}" for this caller` })
  if (workspace.id === principal.workspaceId) return context
  const entered = await access.enter(principal, workspace.name)
  requireScope(entered, scope)
  return { ...context, principal: entered }
}
