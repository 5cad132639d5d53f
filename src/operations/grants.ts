import { z } from 'zod'
import { anyCaller, requireScope } from '#access'
import type { GrantView } from '#apps'
import { hubError } from '#errors'
import { operation, view, type OperationContext } from './operation.ts'
import { idKeys, iso, pageInput, pageOf, readPage, timestamp } from './shared.ts'

const grantSchema = z.object({
  id: z.string(),
  app: z.string().describe('What the app calls itself.'),
  client_id: z.string(),
  verified: z.boolean().describe('Whether the client id is the address of the app’s own description; others registered themselves.'),
  user_id: z.string(),
  person: z.string(),
  workspace_id: z.string(),
  workspace: z.string(),
  scopes: z.array(z.string()),
  tools: z.string().describe('The query of the resource, such as toolset=github; empty for all tools.'),
  created_at: timestamp,
  last_used_at: timestamp.nullable(),
  revoked_at: timestamp.nullable(),
})

const grantView = view(grantSchema, (grant: GrantView) => ({
  id: grant.id,
  app: grant.app.name,
  client_id: grant.app.clientId,
  verified: grant.app.kind === 'document',
  user_id: grant.userId,
  person: grant.person.name,
  workspace_id: grant.workspaceId,
  workspace: grant.workspace,
  scopes: [...grant.scopes],
  tools: grant.view,
  created_at: grant.createdAt.toISOString(),
  last_used_at: iso(grant.lastUsedAt),
  revoked_at: iso(grant.revokedAt),
}))

/** Whose grants the caller may see or end: its own in every workspace, or those of everybody in this one. */
function reachOf({ principal }: OperationContext, whose: 'own' | 'workspace', scope: string): { userId?: string; workspaceId?: string } {
  const { kind, userId, workspaceId } = principal
  if (whose === 'workspace' || userId === undefined) {
    requireScope(principal, scope)
    return { workspaceId }
  }
  // A token of a person may be meant for something else.
  if (kind !== 'user') requireScope(principal, 'tokens:own')
  return { userId }
}

export const listGrants = operation({
  name: 'grants.list',
  scope: anyCaller,
  effect: 'read',
  summary: 'List what people allow apps to do for them over MCP, newest first',
  description: 'A person sees what they allowed themselves. What everybody in the workspace allowed needs people:read.',
  input: z.strictObject({
    ...pageInput,
    whose: z.enum(['own', 'workspace']).default('own').describe('For callers that are no person: always the workspace.'),
  }),
  output: pageOf(grantView),
  http: { method: 'GET', path: '/api/v1/grants' },
  example: { whose: 'own' },
  run: (context, { whose, ...page }) => {
    const reach = reachOf(context, whose, 'people:read')
    return readPage(page, idKeys('grn'), ({ before, limit }) => context.apps.grants.list({ ...reach, before, limit }))
  },
})

export const revokeGrant = operation({
  name: 'grants.revoke',
  scope: anyCaller,
  effect: 'destroy',
  summary: 'End what a person allows an app: within a second its tokens work nowhere',
  description: 'A person ends what they allowed themselves. To end what another one in the workspace allowed, people:write is needed.',
  input: z.strictObject({ id: z.string().regex(/^grn_[0-9a-f-]{36}$/, 'must be the id of a grant: grn_…') }),
  output: grantView,
  http: { method: 'DELETE', path: '/api/v1/grants/:id' },
  example: { id: 'grn_0197f3d2-0000-7000-8000-000000000000' },
  run: async (context, { id }) => {
    const { principal, apps } = context
    const [own] = principal.userId === undefined ? [] : await apps.grants.list({ id, userId: principal.userId, limit: 1 })
    const reach = reachOf(context, own ? 'own' : 'workspace', 'people:write')
    if (principal.app) throw hubError('scope_missing', { detail: 'an app cannot end what it was allowed here; it revokes its tokens' })
    return apps.grants.revoke(principal, id, reach)
  },
})
