import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Connector, LegacyPath } from '#kit'
import { renderIntegration } from './integrations.ts'
import type { RestApp, RestDeps } from './server.ts'

/**
 * The older spelling of the API, under /api/integrations. A path that a connector declares is one tool call; the others are calls of the
 * integrations module. The answer is the tool's output itself; the id of the invocation is in a header.
 */
export function seedRoutes(app: RestApp, deps: RestDeps): void {
  for (const { name, legacyPaths = [] } of deps.integrations.connectors)
    for (const path of legacyPaths) toolRoute(app, deps, { connector: name, ...path })
  managementRoutes(app, deps)
}

function toolRoute(
  app: RestApp,
  { tools }: RestDeps,
  { connector, method, path, action, ifQuery, summary }: LegacyPath & { connector: string },
): void {
  app.route({
    method,
    url: path,
    config: { access: 'tools:call:*' },
    schema: { tags: ['Integrations by name'], summary },
    handler: async (request, reply) => {
      const { principal, query, params, body, headers } = request as FastifyRequest
      const { integration, ...asked } = query as Record<string, unknown>
      const given = { ...(body as object | undefined), ...(params as object) }
      const name = `${connector}_${ifQuery && ifQuery.parameter in asked ? ifQuery.action : action}`
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
  const endpoints = legacyEndpoints(integrations.connectors)

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

/** The legacy path of each tool that has one. */
function legacyEndpoints(connectors: readonly Connector[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    connectors.flatMap(({ name, legacyPaths = [] }) =>
      legacyPaths.flatMap(({ path, action, ifQuery }) =>
        [action, ...(ifQuery ? [ifQuery.action] : [])].map((tool) => [`${name}_${tool}`, path]),
      ),
    ),
  )
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
