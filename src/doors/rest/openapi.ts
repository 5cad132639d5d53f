import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { problemSchema } from './problem.ts'

export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'IntegrationHub',
        version,
        description: 'The hands of AI agents. Errors are RFC 9457 problems; every one is listed at [/docs/errors](/docs/errors).',
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
    document ??= JSON.stringify(app.swagger())
    return reply.type('application/json; charset=utf-8').send(document)
  })
}

/** The reader's page comes with the package and is read only when somebody opens it. */
export async function addDocs(app: FastifyInstance): Promise<void> {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  await app.register(reference, {
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
}
