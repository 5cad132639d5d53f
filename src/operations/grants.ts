import { z } from 'zod'
import { requireScope } from '#access'
import type { GrantView } from '#apps'
import { operation, view } from './operation.ts'
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

export const listGrants = operation({
  name: 'grants.list',
  scope: 'people:read',
  own: { scope: 'tokens:own', isOwn: async ({ principal }, { whose }) => whose === 'own' && principal.userId !== undefined },
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
  run: ({ apps, principal: { userId, workspaceId } }, { whose, ...page }) => {
    const reach = whose === 'own' && userId !== undefined ? { userId } : { workspaceId }
    return readPage(page, idKeys('grn'), ({ before, limit }) => apps.grants.list({ ...reach, before, limit }))
  },
})

export const revokeGrant = operation({
  name: 'grants.revoke',
  scope: 'people:write',
  own: {
    scope: 'tokens:own',
    isOwn: async ({ apps, principal: { userId } }, { id }) =>
      userId !== undefined && (await apps.grants.list({ id, userId, limit: 1 })).length === 1,
  },
  effect: 'destroy',
  summary: 'End what a person allows an app: within a second its tokens work nowhere',
  description: 'A person ends what they allowed themselves. To end what another one in the workspace allowed, people:write is needed.',
  input: z.strictObject({ id: z.string().regex(/^grn_[0-9a-f-]{36}$/, 'must be the id of a grant: grn_…') }),
  output: grantView,
  http: { method: 'DELETE', path: '/api/v1/grants/:id' },
  example: { id: 'grn_0197f3d2-0000-7000-8000-000000000000' },
  run: async ({ apps, principal }, { id }) => {
    const { userId, workspaceId } = principal
    const isOwn = userId !== undefined && (await apps.grants.list({ id, userId, limit: 1 })).length === 1
    if (!isOwn) requireScope(principal, 'people:write')
    return apps.grants.revoke(principal, id, isOwn ? { userId } : { workspaceId })
  },
})
