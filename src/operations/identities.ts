import { z } from 'zod'
import type { IdentityRow } from '#search'
import { operation, view } from './operation.ts'
import { allOf, deleted, pageOf, reference, timestamp } from './shared.ts'

const identityView = view(
  z.object({
    actor: z.string(),
    integration: z.string(),
    integration_id: z.string(),
    external_user: z.string(),
    created_by: z.string(),
    created_at: timestamp,
  }),
  (row: IdentityRow) => ({
    actor: row.actor,
    integration: row.integration,
    integration_id: row.integrationId,
    external_user: row.externalUser,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
  }),
)

const identityInput = z.strictObject({
  actor: z.string().regex(/^(?:user|token):[\w-]{1,80}$/, 'must be user:ID or token:ID'),
  integration: reference.describe('Id, name or number.'),
  external_user: z
    .string()
    .min(1)
    .max(200)
    .describe('How the outside system names them: the login at GitHub, the account id at Jira, the member id at Slack.'),
})

const example = { actor: 'user:usr_0197f3d2-0000-7000-8000-000000000000', integration: 'github', external_user: 'octocat' }

export const listIdentities = operation({
  name: 'identities.list',
  scope: 'people:read',
  effect: 'read',
  summary: 'List who people and tokens are in outside systems',
  input: z.strictObject({}),
  output: pageOf(identityView),
  http: { method: 'GET', path: '/api/v1/identities' },
  example: {},
  run: async ({ search, principal }) => allOf(await search.identities.list(principal.workspaceId)),
})

export const addIdentity = operation({
  name: 'identities.add',
  scope: 'people:write',
  effect: 'write',
  summary: 'Say who a person or a token is in an outside system',
  description: 'They then find the content that this user may read there.',
  input: identityInput,
  output: deleted,
  http: { method: 'POST', path: '/api/v1/identities', status: 204 },
  example,
  run: async ({ search, integrations, principal }, { actor, integration, external_user: user }) => {
    const { id } = await integrations.get(principal.workspaceId, integration)
    await search.identities.add(principal, { actor, integrationId: id, externalUser: user.toLowerCase() })
    return null
  },
})

export const removeIdentity = operation({
  name: 'identities.remove',
  scope: 'people:write',
  effect: 'destroy',
  summary: 'Take back who a person or a token is in an outside system',
  input: identityInput,
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/identities', status: 204, query: ['actor', 'integration', 'external_user'] },
  example,
  run: async ({ search, integrations, principal }, { actor, integration, external_user: user }) => {
    const { id } = await integrations.get(principal.workspaceId, integration)
    await search.identities.remove(principal, { actor, integrationId: id, externalUser: user.toLowerCase() })
    return null
  },
})
