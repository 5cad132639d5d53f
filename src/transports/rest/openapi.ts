import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteShorthandOptions } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { problemSchema } from './problem.ts'
import { withToolPaths, type DocumentedTool } from './tool-paths.ts'

export async function addOpenApi(app: FastifyInstance, version: string, tools: () => DocumentedTool[]): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'IntegrationHub',
        version,
        description: 'The API of IntegrationHub. Errors are RFC 9457 problems; [/docs/errors](/docs/errors) lists all of them.',
      },
      security: [{ token: [] }],
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of the hub: `ih_…`.' } },
        schemas: { Problem: structuredClone(problemSchema) as never },
      },
    },
    transform: (input) => {
      const { schema, url } = jsonSchemaTransform(input)
      if (schema.hide) return { schema, url }
      const access = input.route.config?.access
      const problem = {
        description: 'Problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }
      return {
        url,
        schema: {
          ...schema,
          ...(access === 'public'
            ? { security: [] }
            : { description: [schema.description, `Scope: \`${access}\`.`].filter(Boolean).join('\n\n') }),
          response: { ...(schema.response as object | undefined), default: problem },
        },
      }
    },
  })

  let document: string | undefined
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(withToolPaths(app.swagger(), tools()))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}

/**
 * The API reader's package takes 40 MB of memory, so it is loaded when somebody opens the page, into a server of its own that never listens.
 */
export function addDocs(app: FastifyInstance): void {
  let reader: Promise<FastifyInstance> | undefined
  const route: RouteShorthandOptions = { config: { access: 'public' }, schema: { hide: true } }
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    reader ??= openReader()
    const { statusCode, headers, rawPayload } = await (await reader).inject({ method: 'GET', url: request.url })
    if (headers.location !== undefined) reply.header('location', headers.location)
    return reply
      .code(statusCode)
      .header('content-type', headers['content-type'] ?? 'text/plain')
      .send(rawPayload)
  }
  for (const url of ['/docs', '/docs/', '/docs/js/scalar.js']) app.get(url, route, answer)
  app.addHook('onClose', async () => {
    await (await reader)?.close()
  })
}

async function openReader(): Promise<FastifyInstance> {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  const reader = Fastify()
  await reader.register(reference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      telemetry: false,
      withDefaultFonts: false,
      agent: { disabled: true },
      showDeveloperTools: 'never',
    } as never,
    hooks: {},
  })
  return reader
}
