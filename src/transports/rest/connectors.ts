import { z } from 'zod'
import type { Connector } from '#kit'
import { hubError } from '#errors'
import { nearest } from '#lib/nearest'
import type { RestApp, RestDeps } from './server.ts'

const schema = z.record(z.string(), z.unknown())
const connectorShape = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  aliases: z.array(z.string()),
  connect: z.string(),
  config_schema: schema,
  auth: z.array(z.object({ type: z.string(), title: z.string(), fields_schema: schema, aliases: z.record(z.string(), z.string()) })),
  credentials: z.array(z.string()),
  actions: z.array(z.object({ name: z.string(), title: z.string(), effect: z.string() })),
  events: z.array(z.string()),
  features: z.array(z.string()),
})

export function connectorRoutes(app: RestApp, { integrations }: RestDeps): void {
  const tags = ['Integrations']
  app.get('/api/v1/connectors', {
    config: { access: 'tools:read' },
    schema: {
      tags,
      summary: 'What can be connected',
      response: { 200: z.object({ items: z.array(connectorShape), next_cursor: z.null() }) },
    },
    handler: async () => ({ items: integrations.connectors.map(render), next_cursor: null }),
  })
  app.get('/api/v1/connectors/:connector', {
    config: { access: 'tools:read' },
    schema: { tags, summary: 'One connector', params: z.object({ connector: z.string() }), response: { 200: connectorShape } },
    handler: async ({ params }) => {
      const found = integrations.connectors.find(({ name, aliases }) => name === params.connector || aliases.includes(params.connector))
      if (found) return render(found)
      const like = nearest(
        params.connector,
        integrations.connectors.map(({ name }) => name),
        3,
      )
      throw hubError('not_found', { detail: `there is no connector "${params.connector}"; the nearest: ${like.join(', ')}` })
    },
  })
}

function render({
  name,
  title,
  description,
  aliases,
  connect,
  config,
  auth,
  wellKnownCredentials,
  actions,
  events,
  webhook,
  sources,
}: Connector) {
  return {
    name,
    title,
    description,
    aliases: [...aliases],
    connect,
    config_schema: jsonSchema(config),
    auth: auth.map((method) => ({
      type: method.type,
      title: method.title,
      fields_schema: jsonSchema(method.fields),
      aliases: { ...method.aliases },
    })),
    credentials: [...wellKnownCredentials],
    actions: Object.entries(actions).map(([verb, action]) => ({ name: `${name}_${verb}`, title: action.title, effect: action.effect })),
    events: Object.keys(events ?? {}),
    features: ['tools', ...(webhook ? ['webhooks'] : []), ...Object.keys(sources ?? {})],
  }
}

function jsonSchema(type: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })
  return rest
}
