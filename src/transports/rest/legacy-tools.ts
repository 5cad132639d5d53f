import type { FastifyRequest } from 'fastify'
import { hubError } from '#errors'
import type { LegacyPath } from '#kit'
import { operations } from '#operations'
import { coerceTexts } from './coerce.ts'
import type { RestApp, RestDeps } from './types.ts'

/**
 * The older paths under /api/integrations that connectors declare: each is one tool call. The answer is the tool's output itself; the id of the
 * call is in a header.
 */
export function legacyToolRoutes(app: RestApp, deps: RestDeps): void {
  for (const { name, legacyPaths = [] } of deps.connectors)
    for (const path of legacyPaths) legacyToolRoute(app, deps, { ...path, connector: name })
}

function legacyToolRoute(app: RestApp, { tools, execute }: RestDeps, legacy: LegacyPath & { readonly connector: string }): void {
  const { connector, method, path, action, ifQuery, queryAliases = {}, summary } = legacy
  app.route({
    method,
    url: path,
    config: { access: operations.callTool.scope },
    schema: { tags: ['Integrations by name'], summary },
    handler: async (request, reply) => {
      const { principal, query, params, body, headers } = request as FastifyRequest
      const { integration: named, ...inPath } = params as Record<string, unknown>
      const { integration, ...given } = query as Record<string, unknown>
      requireSame(named, integration)
      const asked = withoutAliases(given, queryAliases)
      const name = `${connector}_${ifQuery && ifQuery.parameter in asked ? ifQuery.action : action}`
      const { input_schema: schema } = tools.registry.describe(await tools.find(principal.workspaceId, name))
      const outcome = await execute({ principal, transport: 'rest' }, operations.callTool, {
        name,
        input: { ...coerceTexts(asked, schema), ...(body as object | undefined), ...inPath },
        integration: textOf(named ?? integration),
        idempotency_key: textOf(headers['idempotency-key']),
        approval: textOf(headers['hub-approval']),
        session: textOf(headers['hub-session']),
      })
      return reply.header('hub-invocation-id', outcome.invocation_id ?? '').send(outcome.output)
    },
  })
}

/** The path and the query may both name the integration, but not two of them. */
function requireSame(inPath: unknown, inQuery: unknown): void {
  if (inPath === undefined || inQuery === undefined || inPath === inQuery) return
  throw hubError('invalid_input', { errors: [{ path: 'integration', message: 'contradicts the path, which names an integration too' }] })
}

/** An alias that stands beside its field stays as it is, so that the tool refuses it by name. */
function withoutAliases(query: Readonly<Record<string, unknown>>, aliases: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const field = Object.hasOwn(aliases, name) ? aliases[name]! : name
      return field in query ? [name, value] : [field, value]
    }),
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
