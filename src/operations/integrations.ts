import { z } from 'zod'
import type { Access } from '#access'
import { hubError } from '#errors'
import { withFlatSettings, type CredentialInput, type IntegrationRow } from '#integrations'
import { operation, toolOperation, plain, view, type ToolOperationContext } from './operation.ts'
import { allOf, anyObject, deleted, iso, pageOf, timestamp } from './shared.ts'

const healthSchema = z.object({
  id: z.string(),
  number: z.int(),
  project_id: z.int(),
  name: z.string(),
  connector: z.string(),
  enabled: z.boolean(),
  status: z.string(),
  success_count: z.int(),
  error_count: z.int(),
  success_rate: z.number().nullable().describe('Percent of the calls; null before the first one.'),
  consecutive_errors: z.int(),
  last_error: anyObject.nullable(),
})

const connectionSchema = z.object({
  state: z.enum(['not_connected', 'connected', 'reconnect_needed']),
  account: z.string().nullable(),
  scopes: z.array(z.string()),
  features: z.array(z.string()),
  connected_at: timestamp.nullable(),
  problem: z.string().nullable(),
})

const integrationSchema = healthSchema.omit({ connector: true }).extend({
  integration_type: z.string(),
  auth_type: z.string(),
  credential: z.string().nullable(),
  config: anyObject,
  origin: z.string(),
  external_user: z
    .string()
    .nullable()
    .describe('The user of an application, whose account this is. Calls name it as integration: user:ID.'),
  connection: connectionSchema.nullable().describe('What a person allowed by OAuth; null where nobody has to.'),
  last_error_at: timestamp.nullable(),
  last_success_at: timestamp.nullable(),
  created_at: timestamp,
  updated_at: timestamp,
})

/** An integration with the number of its workspace. */
interface Numbered extends IntegrationRow {
  readonly projectId: number
}

/** What the operations below return: older clients expect the number of the workspace in every answer. */
async function numbered({ access, principal }: ToolOperationContext, rows: readonly IntegrationRow[]): Promise<Numbered[]> {
  const workspace = await access.workspaces.find({ id: principal.workspaceId })
  if (!workspace) throw hubError('not_found', { detail: 'this workspace no longer exists' })
  return rows.map((row) => ({ ...row, projectId: workspace.number }))
}

async function oneNumbered(context: ToolOperationContext, row: IntegrationRow): Promise<Numbered> {
  const [shown] = await numbered(context, [row])
  return shown!
}

function renderHealth(row: Numbered): z.output<typeof healthSchema> {
  const total = row.successCount + row.errorCount
  return {
    id: row.id,
    number: row.number,
    project_id: row.projectId,
    name: row.name,
    connector: row.connector,
    enabled: row.enabled,
    status: row.status,
    success_count: row.successCount,
    error_count: row.errorCount,
    success_rate: total === 0 ? null : Math.round((row.successCount / total) * 1000) / 10,
    consecutive_errors: row.consecutiveErrors,
    last_error: row.lastError,
  }
}

const integrationView = view(integrationSchema, (row: Numbered) => {
  const { connector, ...health } = renderHealth(row)
  return {
    ...health,
    integration_type: connector,
    auth_type: row.authType,
    credential: row.credential,
    config: row.config,
    origin: row.origin,
    external_user: row.externalUser,
    connection: row.connection && { ...row.connection, scopes: [...row.connection.scopes], features: [...row.connection.features] },
    last_error_at: iso(row.lastErrorAt),
    last_success_at: iso(row.lastSuccessAt),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  }
})

const id = z.string().describe('Id, unique name or number.')
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/?#\s][^/?#]*$/, 'must not have /, ? or #')
  .describe('Unique in the workspace; the connector’s name by default.')
const values = z.record(z.string().max(64), z.union([z.string().max(65_536), z.number(), z.boolean()]))
const changeable = {
  name: name.optional(),
  auth_type: z.string().optional().describe('One of the connector’s auth methods; found by the credential’s fields when left out.'),
  access_token: z.string().min(1).max(65_536).optional().describe('Short for credential {"access_token": …}.'),
  credential: z
    .union([z.string().min(1).max(100), values])
    .optional()
    .describe('Name of a stored credential, or the values of a new one.'),
  config: anyObject.optional().describe('As the connector’s config_schema says; webhook_secret is accepted here and kept as a credential.'),
  enabled: z.boolean().optional(),
}
/** As `changeable`, for an integration that exists. */
const changes = {
  ...changeable,
  config: anyObject
    .optional()
    .describe(
      'Settings to change, as the connector’s config_schema says. The others keep their values, and null removes one. webhook_secret is accepted here and kept as a credential.',
    ),
}
const projectId = z.number().int().optional().describe('The workspace’s number.')

export const listIntegrations = toolOperation({
  name: 'integrations.list',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'List integrations',
  input: z.strictObject({
    project_id: projectId,
    connector: z.string().optional().describe('Only integrations of this connector, e.g. github.'),
  }),
  output: pageOf(integrationView),
  http: [
    { method: 'GET', path: '/api/v1/integrations' },
    { method: 'GET', path: '/api/integrations' },
  ],
  example: { connector: 'github' },
  tool: {
    name: 'list_integrations',
    title: 'List integrations',
    description:
      'Lists the outside systems connected in this workspace, with the name of each integration and whether it is enabled. Use it to learn what you can act on, or which name to pass where several integrations fit. Returns id, name, connector, enabled and status of each.',
    words:
      'what is connected, connected systems, connected accounts, which integrations, which services are connected, what can I use, available connections, what apps are hooked up, what tools do I have access to, linked apps, is it set up, configured services, do we have it set up, is it connected, what are we connected to, can you access, what do you have access to, connected services, which apps, name of the integration, list connections, which tools are linked, what is plugged in, what can you reach, is the integration enabled, which systems can you use, which accounts',
    omit: ['project_id'],
    example: { connector: 'github' },
    result: view(
      z.object({ items: z.array(healthSchema.pick({ id: true, name: true, connector: true, enabled: true, status: true })) }),
      ({ items }: { items: readonly z.output<typeof integrationSchema>[] }) => ({
        items: items.map((item) => ({
          id: item.id,
          name: item.name,
          connector: item.integration_type,
          enabled: item.enabled,
          status: item.status,
        })),
      }),
    ),
  },
  run: async (context, { project_id: number, connector }) => {
    const { integrations, access, principal } = context
    await requireProject(access, principal.workspaceId, number)
    const rows = await integrations.list(principal.workspaceId)
    if (connector === undefined) return allOf(await numbered(context, rows))
    const wanted = integrations.findConnector(connector)?.name
    return allOf(
      await numbered(
        context,
        rows.filter((row) => row.connector === wanted),
      ),
    )
  },
})

export const createIntegration = operation({
  name: 'integrations.create',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Connect an outside system',
  input: z.strictObject({
    project_id: z.int().optional().describe('The workspace’s number; it must be the token’s own workspace.'),
    integration_type: z.string().min(1).describe('Connector, e.g. github.'),
    ...changeable,
    external_user: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Your application’s id of the user whose account this is. It is used only by calls that name it: integration: user:ID.'),
  }),
  output: integrationView,
  http: { method: 'POST', path: '/api/v1/integrations', status: 201 },
  example: { integration_type: 'github', credential: { personal_access_token: 'ghp_…' } },
  run: async (context, input) => {
    const { integrations, access, principal } = context
    await requireProject(access, principal.workspaceId, input.project_id)
    const created = await integrations.create(principal, {
      name: input.name,
      connector: input.integration_type,
      authType: input.auth_type,
      credential: credentialOf(input),
      config: input.config,
      enabled: input.enabled,
      externalUser: input.external_user,
    })
    return oneNumbered(context, created)
  },
})

export const getIntegration = operation({
  name: 'integrations.get',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get one integration',
  input: z.strictObject({ id }),
  output: integrationView,
  http: [
    { method: 'GET', path: '/api/v1/integrations/:id' },
    { method: 'GET', path: '/api/integrations/:id/status' },
  ],
  example: { id: 'github' },
  run: async (context, input) => oneNumbered(context, await context.integrations.get(context.principal.workspaceId, input.id)),
})

export const updateIntegration = operation({
  name: 'integrations.update',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Change, disable or enable an integration',
  input: z.strictObject({ id, ...changes, status: z.enum(['active', 'inactive']).optional() }),
  output: integrationView,
  http: { method: 'PATCH', path: '/api/v1/integrations/:id' },
  example: { id: 'github', enabled: true, status: 'active' },
  run: async (context, input) => {
    const updated = await context.integrations.update(context.principal, input.id, {
      name: input.name,
      authType: input.auth_type,
      credential: credentialOf(input),
      config: input.config,
      enabled: input.enabled,
      status: input.status,
    })
    return oneNumbered(context, updated)
  },
})

export const configureIntegration = operation({
  name: 'integrations.configure',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Create or change the integration of this name',
  description:
    'Settings of the connector and fields of its credential may also stand in the body itself: {"token": "…"} for github, {"base_url": "…", "username": "…", "api_token": "…"} for jira, {"bot_token": "…"} for slack.',
  input: z.looseObject({
    integration: z.string().min(1).max(100).describe('Its name.'),
    integration_type: z.string().optional().describe('Connector; the name itself when left out.'),
    auth_type: changeable.auth_type,
    credential: changeable.credential,
    config: changes.config,
    enabled: changeable.enabled,
  }),
  output: integrationView,
  http: { method: 'POST', path: '/api/integrations/:integration/configure' },
  example: { integration: 'github', credential: 'github-pat' },
  run: async (context, input) => {
    const { integrations, principal } = context
    const { integration, integration_type: type, auth_type: authType, credential, config, enabled, ...flat } = input
    const existing = await integrations.seek(principal.workspaceId, integration)
    if (existing && type !== undefined && integrations.connector(type).name !== existing.connector) {
      const message = `contradicts the integration "${existing.name}", which is of the connector ${existing.connector}`
      throw hubError('invalid_input', { errors: [{ path: 'integration_type', message }] })
    }
    const connector = existing?.connector ?? type ?? integration
    const wanted = { authType, enabled, ...withFlatSettings(integrations.connector(connector), { credential, config }, flat) }
    if (existing) return oneNumbered(context, await integrations.update(principal, existing.id, wanted))
    // `GitHub` is the name of a connector in other letters, and not that of another integration.
    const name = integrations.findConnector(connector)?.name === integration.toLowerCase() ? integration.toLowerCase() : integration
    return oneNumbered(context, await integrations.create(principal, { ...wanted, name, connector }))
  },
})

export const deleteIntegration = operation({
  name: 'integrations.delete',
  scope: 'integrations:write',
  effect: 'destroy',
  summary: 'Disconnect an outside system',
  input: z.strictObject({ id }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/integrations/:id', status: 204 },
  example: { id: 'github' },
  run: async ({ integrations, principal }, input) => {
    await integrations.remove(principal, input.id)
    return null
  },
})

export const testIntegration = operation({
  name: 'integrations.test',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Test the connection',
  input: z.strictObject({ id }),
  output: plain(z.object({ ok: z.boolean(), account: z.string().optional(), ms: z.number(), error: anyObject.optional() })),
  http: [
    { method: 'POST', path: '/api/v1/integrations/:id/test' },
    { method: 'POST', path: '/api/integrations/:id/test' },
  ],
  example: { id: 'github' },
  run: ({ integrations, principal }, input) => integrations.test(principal, input.id),
})

export const integrationHealth = toolOperation({
  name: 'integrations.health',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get the health of an integration',
  input: z.strictObject({ id }),
  output: view(healthSchema, renderHealth),
  http: { method: 'GET', path: '/api/v1/integrations/:id/health' },
  example: { id: 'github' },
  tool: {
    name: 'get_integration_health',
    repeatsOutside: true,
    title: 'Get the health of an integration',
    description:
      'Returns how often calls of an integration succeeded and failed, how many failed in a row, the last error, and whether the hub disabled it for that. Use it when a tool of that integration fails.',
    words:
      'health, is the connection working, integration status, is the integration down, why does it fail, connection problems, error rate, last error, is it disabled, is jira up, is slack working, availability, outage of a connection, keeps timing out, connection keeps failing, is it working, is it up, is it down, is the service ok, calls fail, why was it disabled, why is it disabled, integration trouble, does the connection work, how reliable, success rate, how many calls failed, unstable connection, token expired, cannot connect, not responding, slow',
    rename: { id: 'integration' },
    example: { integration: 'github' },
  },
  run: async (context, input) => oneNumbered(context, await context.integrations.get(context.principal.workspaceId, input.id)),
})

/** Older clients name a workspace by its number; a token sees only its own. */
async function requireProject(access: Access, workspaceId: string, number: number | undefined): Promise<void> {
  if (number === undefined) return
  const workspace = await access.workspaces.find({ number })
  if (workspace?.id !== workspaceId) throw hubError('not_found', { detail: `there is no project ${number} for this token` })
}

function credentialOf(input: { access_token?: string | undefined; credential?: CredentialInput | undefined }): CredentialInput | undefined {
  if (input.access_token === undefined) return input.credential
  if (input.credential !== undefined)
    throw hubError('invalid_input', { errors: [{ path: 'access_token', message: 'cannot be combined with `credential`' }] })
  return { access_token: input.access_token }
}
