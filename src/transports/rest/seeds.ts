import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { renderIntegration } from './integrations.ts'
import type { RestApp, RestDeps } from './server.ts'

/**
 * The older spelling of the API, under /api/integrations: each path is one tool call through the waist, or one call of the integrations
 * module. Answers are the tool's output itself; the invocation's id is in a header.
 */
interface SeedRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** The tool, which may depend on what is asked. */
  readonly tool: string | ((query: Record<string, unknown>) => string)
  readonly summary: string
}

const routes: readonly SeedRoute[] = [
  {
    method: 'GET',
    path: 'jira/projects',
    tool: (query) => ('project_name' in query ? 'jira_find_project' : 'jira_list_projects'),
    summary: 'List projects, or find one by project_name',
  },
  { method: 'GET', path: 'jira/projects/:project_key', tool: 'jira_get_project', summary: 'Get a project' },
  { method: 'GET', path: 'jira/issues', tool: 'jira_search_issues', summary: 'Search issues' },
  { method: 'POST', path: 'jira/issues', tool: 'jira_create_issue', summary: 'Create an issue' },
  { method: 'GET', path: 'jira/users', tool: 'jira_search_users', summary: 'Search users' },
  { method: 'GET', path: 'github/repos', tool: 'github_search_repositories', summary: 'Search repositories' },
  { method: 'GET', path: 'github/repos/:owner/:repo', tool: 'github_get_repository', summary: 'Get a repository' },
  { method: 'GET', path: 'github/commits', tool: 'github_list_commits', summary: 'List commits' },
  { method: 'GET', path: 'github/issues', tool: 'github_list_issues', summary: 'List issues' },
  { method: 'POST', path: 'github/issues', tool: 'github_create_issue', summary: 'Create an issue' },
  { method: 'GET', path: 'github/pullrequests', tool: 'github_list_pull_requests', summary: 'List pull requests' },
  { method: 'POST', path: 'slack/message', tool: 'slack_send_message', summary: 'Send a message' },
  { method: 'GET', path: 'slack/channels', tool: 'slack_list_channels', summary: 'List channels' },
  { method: 'GET', path: 'slack/users', tool: 'slack_list_users', summary: 'List users' },
]

const endpoints: Readonly<Record<string, string>> = Object.fromEntries(
  routes.flatMap(({ path, tool }) =>
    (typeof tool === 'string' ? [tool] : ['jira_find_project', 'jira_list_projects']).map((name) => [name, `/api/integrations/${path}`]),
  ),
)

export function seedRoutes(app: RestApp, deps: RestDeps): void {
  for (const route of routes) toolRoute(app, deps, route)
  managementRoutes(app, deps)
}

function toolRoute(app: RestApp, { tools }: RestDeps, { method, path, tool, summary }: SeedRoute): void {
  app.route({
    method,
    url: `/api/integrations/${path}`,
    config: { access: 'tools:call:*' },
    schema: { tags: ['Integrations by name'], summary },
    handler: async (request, reply) => {
      const { principal, query, params, body, headers } = request as FastifyRequest
      const { integration, ...asked } = query as Record<string, unknown>
      const given = { ...(body as object | undefined), ...(params as object) }
      const name = typeof tool === 'string' ? tool : tool(asked)
      const { input_schema: schema } = tools.registry.describe(await tools.find(principal.workspaceId, name))
      const key = headers['idempotency-key']
      const approval = headers['hub-approval']
      const outcome = await tools.invoke(
        principal,
        name,
        { ...coerce(asked, schema), ...given },
        {
          transport: 'rest',
          integration: typeof integration === 'string' ? integration : undefined,
          idempotencyKey: typeof key === 'string' ? key : undefined,
          approval: typeof approval === 'string' ? approval : undefined,
        },
      )
      return reply.header('hub-invocation-id', outcome.invocationId).send(outcome.output)
    },
  })
}

function managementRoutes(app: RestApp, { integrations, tools }: RestDeps): void {
  const tags = ['Integrations by name']
  const params = z.object({ name: z.string() })
  const any = z.record(z.string(), z.unknown())

  app.get('/api/integrations', {
    config: { access: 'integrations:read' },
    schema: { tags, summary: 'List integrations', response: { 200: z.object({ items: z.array(any), next_cursor: z.null() }) } },
    handler: async ({ principal }) => ({
      items: (await integrations.list(principal.workspaceId)).map(renderIntegration),
      next_cursor: null,
    }),
  })
  app.get('/api/integrations/tools', {
    config: { access: 'tools:read' },
    schema: { tags, summary: 'The tool registry, aliases included', response: { 200: z.object({ items: z.array(any) }) } },
    handler: async ({ principal }) => ({
      items: (await tools.list(principal, {})).flatMap((tool) => {
        const { description, input_schema: parameters_schema } = tools.registry.describe(tool)
        const endpoint = endpoints[tool.name] ?? `/api/v1/tools/${tool.name}/invoke`
        return [tool.name, ...tool.aliases].map((name) => ({ name, description, service: 'integrations', endpoint, parameters_schema }))
      }),
    }),
  })
  app.post('/api/integrations/:name/configure', {
    config: { access: 'integrations:write' },
    schema: {
      tags,
      summary: 'Make or change the integration of this name',
      params,
      body: z.strictObject({
        integration_type: z.string().optional().describe('Connector; the name itself when left out.'),
        auth_type: z.string().optional(),
        credential: z.union([z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))]).optional(),
        config: any.optional(),
        enabled: z.boolean().optional(),
      }),
      response: { 200: any },
    },
    handler: async ({ principal, params: { name }, body }) => {
      const { auth_type: authType, credential, config, enabled } = body
      const there = (await integrations.list(principal.workspaceId)).some((row) => row.name === name)
      const row = there
        ? await integrations.update(principal, name, { authType, credential, config, enabled })
        : await integrations.create(principal, { name, connector: body.integration_type ?? name, authType, credential, config, enabled })
      return renderIntegration(row)
    },
  })
  app.get('/api/integrations/:name/status', {
    config: { access: 'integrations:read' },
    schema: { tags, summary: 'Status of the integration of this name', params, response: { 200: any } },
    handler: async ({ principal, params: { name } }) => renderIntegration(await integrations.get(principal.workspaceId, name)),
  })
  app.post('/api/integrations/:name/test', {
    config: { access: 'integrations:write' },
    schema: { tags, summary: 'Test the connection', params, response: { 200: any } },
    handler: async ({ principal, params: { name } }) => integrations.test(principal, name),
  })
}

/** A query string holds only texts; the tool's schema says which of them mean numbers, booleans or lists. */
function coerce(query: Record<string, unknown>, schema: Record<string, unknown>): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, { type?: string }>
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const type = properties[name]?.type
      if (type === 'array') return [name, [value].flat()]
      if (typeof value !== 'string') return [name, value]
      if ((type === 'integer' || type === 'number') && value.trim() !== '' && Number.isFinite(Number(value))) return [name, Number(value)]
      if (type === 'boolean' && (value === 'true' || value === 'false')) return [name, value === 'true']
      return [name, value]
    }),
  )
}
