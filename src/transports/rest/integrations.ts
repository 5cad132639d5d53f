import { z } from 'zod'
import type { CredentialInput, IntegrationRow } from '#integrations'
import { hubError } from '#errors'
import { healthOf } from '#tools'
import { iso, pageOf, timestamp } from './shapes.ts'
import type { RestApp, RestDeps } from './server.ts'

const lastError = z.record(z.string(), z.unknown()).nullable()

const integrationShape = z.object({
  id: z.string(),
  name: z.string(),
  integration_type: z.string(),
  auth_type: z.string(),
  credential: z.string().nullable(),
  config: z.record(z.string(), z.unknown()),
  enabled: z.boolean(),
  status: z.string(),
  origin: z.string(),
  success_count: z.int(),
  error_count: z.int(),
  success_rate: z.number(),
  consecutive_errors: z.int(),
  last_error: lastError,
  last_error_at: timestamp.nullable(),
  last_success_at: timestamp.nullable(),
  created_at: timestamp,
  updated_at: timestamp,
})

const healthShape = integrationShape
  .pick({
    id: true,
    name: true,
    enabled: true,
    status: true,
    success_count: true,
    error_count: true,
    success_rate: true,
    consecutive_errors: true,
    last_error: true,
  })
  .extend({ connector: z.string() })

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/?#\s][^/?#]*$/, 'must not have /, ? or #')
  .describe('Unique in the workspace; the connector’s name by default.')
const values = z.record(z.string().max(64), z.union([z.string().max(65_536), z.number(), z.boolean()]))
const credential = z.union([z.string().min(1).max(100), values]).describe('Name of a stored credential, or the values of a new one.')
const accessToken = z.string().min(1).max(65_536).describe('Short for credential {"access_token": …}.')
const config = z
  .record(z.string(), z.unknown())
  .describe('As the connector’s config_schema says; webhook_secret is accepted here and kept as a credential.')

export const newIntegration = z.strictObject({
  project_id: z.int().optional().describe('The workspace’s number; the token’s own workspace, so it need not be said.'),
  name: name.optional(),
  integration_type: z.string().min(1).describe('Connector, e.g. github.'),
  auth_type: z.string().optional().describe('One of the connector’s auth methods; found by the credential’s fields when left out.'),
  access_token: accessToken.optional(),
  credential: credential.optional(),
  config: config.optional(),
  enabled: z.boolean().optional(),
})

const changes = z.strictObject({
  name: name.optional(),
  auth_type: z.string().optional(),
  access_token: accessToken.optional(),
  credential: credential.optional(),
  config: config.optional(),
  enabled: z.boolean().optional(),
  status: z.enum(['active', 'inactive']).optional(),
})

const params = z.object({ id: z.string().describe('Id or unique name.') })
const testShape = z.object({
  ok: z.boolean(),
  account: z.string().optional(),
  ms: z.number(),
  error: z.record(z.string(), z.unknown()).optional(),
})

export function integrationRoutes(app: RestApp, { integrations, access }: RestDeps): void {
  const tags = ['Integrations']
  const read = { access: 'integrations:read' }
  const write = { access: 'integrations:write' }

  app.get('/api/v1/integrations', {
    config: read,
    schema: {
      tags,
      summary: 'List integrations',
      querystring: z.strictObject({ project_id: z.coerce.number().int().optional().describe('The workspace’s number.') }),
      response: { 200: pageOf(integrationShape) },
    },
    handler: async ({ principal, query }) => {
      await assertProject(principal.workspaceId, query.project_id)
      return { items: (await integrations.list(principal.workspaceId)).map(renderIntegration), next_cursor: null }
    },
  })
  app.post('/api/v1/integrations', {
    config: write,
    schema: { tags, summary: 'Connect an outside system', body: newIntegration, response: { 201: integrationShape } },
    handler: async ({ principal, body }, reply) => {
      await assertProject(principal.workspaceId, body.project_id)
      const made = await integrations.create(principal, {
        name: body.name,
        connector: body.integration_type,
        authType: body.auth_type,
        credential: credentialOf(body),
        config: body.config,
        enabled: body.enabled,
      })
      return reply.code(201).send(renderIntegration(made))
    },
  })
  app.get('/api/v1/integrations/:id', {
    config: read,
    schema: { tags, summary: 'One integration', params, response: { 200: integrationShape } },
    handler: async ({ principal, params: { id } }) => renderIntegration(await integrations.get(principal.workspaceId, id)),
  })
  app.patch('/api/v1/integrations/:id', {
    config: write,
    schema: { tags, summary: 'Change, disable or enable again', params, body: changes, response: { 200: integrationShape } },
    handler: async ({ principal, params: { id }, body }) => {
      const { name, auth_type: authType, config, enabled, status } = body
      return renderIntegration(
        await integrations.update(principal, id, { name, authType, credential: credentialOf(body), config, enabled, status }),
      )
    },
  })
  app.delete('/api/v1/integrations/:id', {
    config: write,
    schema: { tags, summary: 'Disconnect', params, response: { 204: z.null() } },
    handler: async ({ principal, params: { id } }, reply) => {
      await integrations.remove(principal, id)
      return reply.code(204).send(null)
    },
  })
  app.post('/api/v1/integrations/:id/test', {
    config: write,
    schema: { tags, summary: 'Test the connection', params, response: { 200: testShape } },
    handler: async ({ principal, params: { id } }) => integrations.test(principal, id),
  })
  app.get('/api/v1/integrations/:id/health', {
    config: read,
    schema: { tags, summary: 'How it fares', params, response: { 200: healthShape } },
    handler: async ({ principal, params: { id } }) => healthOf(await integrations.get(principal.workspaceId, id)),
  })

  /** The seeds name a workspace by number; a token sees only its own. */
  async function assertProject(workspaceId: string, number: number | undefined): Promise<void> {
    if (number === undefined) return
    const workspace = await access.workspaces.find({ number })
    if (workspace?.id !== workspaceId) throw hubError('not_found', { detail: `there is no project ${number} for this token` })
  }
}

function credentialOf(body: { access_token?: string | undefined; credential?: CredentialInput | undefined }): CredentialInput | undefined {
  if (body.access_token === undefined) return body.credential
  if (body.credential !== undefined)
    throw hubError('invalid_input', { errors: [{ path: 'access_token', message: 'is given beside credential; one of them, please' }] })
  return { access_token: body.access_token }
}

export function renderIntegration(row: IntegrationRow) {
  const { connector: _, ...health } = healthOf(row)
  return {
    ...health,
    integration_type: row.connector,
    auth_type: row.authType,
    credential: row.credential,
    config: row.config,
    origin: row.origin,
    last_error_at: iso(row.lastErrorAt),
    last_success_at: iso(row.lastSuccessAt),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  }
}
