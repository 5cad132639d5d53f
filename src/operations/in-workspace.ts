import { allows, requireScope } from '#access'
import { hubError, HubError } from '#errors'
import type { OperationContext } from './operation.ts'

/** The same context in the workspace that a field of the input names, by id or name, with the rights that the caller has there. */
export async function inWorkspace(context: OperationContext, reference: string, scope: string): Promise<OperationContext> {
  const { access, principal } = context
  const workspace = (await access.workspaces.find({ id: reference })) ?? (await access.workspaces.find({ name: reference }))
  // The answer is the same whether the workspace belongs to others or does not exist.
  const notFound = hubError('not_found', { detail: `there is no workspace "${reference}" for this caller` })
  if (!workspace || (workspace.id !== principal.workspaceId && principal.kind !== 'user' && !allows(principal, 'hub:admin'))) throw notFound
  if (workspace.id === principal.workspaceId) return context
  const entered = await access.enter(principal, workspace.name).catch((error: unknown) => {
    throw error instanceof HubError && error.code === 'scope_missing' ? notFound : error
  })
  requireScope(entered, scope)
  return { ...context, principal: entered }
}
