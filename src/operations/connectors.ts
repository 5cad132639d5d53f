import { z } from 'zod'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import { nearest } from '#lib/nearest'
import { operation, view } from './operation.ts'
import { allOf, anyObject, jsonSchemaOf, pageOf } from './shared.ts'

const connectorView = view(
  z.object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    aliases: z.array(z.string()),
    connect: z.string(),
    config_schema: anyObject,
    auth: z.array(
      z.object({
        type: z.string(),
        title: z.string(),
        fields_schema: anyObject,
        aliases: z.record(z.string(), z.string()),
        oauth: z
          .object({ features: z.record(z.string(), z.array(z.string())), client_variables: z.array(z.string()), redirect_path: z.string() })
          .nullable()
          .describe('For what a person allows: which features there are and their scopes, and which variables name the application.'),
      }),
    ),
    credentials: z.array(z.string()),
    actions: z.array(z.object({ name: z.string(), title: z.string(), effect: z.string() })),
    events: z.array(z.string()),
    features: z.array(z.string()),
  }),
  ({ name, title, description, aliases, connect, ...connector }: Connector) => ({
    name,
    title,
    description,
    connect,
    aliases: [...aliases],
    config_schema: jsonSchemaOf(connector.config),
    auth: connector.auth.map((method) => ({
      type: method.type,
      title: method.title,
      fields_schema: jsonSchemaOf(method.fields),
      aliases: { ...method.aliases },
      oauth: method.oauth
        ? {
            features: Object.fromEntries(Object.entries(method.oauth.features ?? {}).map(([feature, of]) => [feature, [...of]])),
            client_variables: Object.values(method.oauth.environment ?? {}),
            redirect_path: '/oauth/callback',
          }
        : null,
    })),
    credentials: [...connector.wellKnownCredentials],
    actions: Object.entries(connector.actions).map(([action, { title: label, effect }]) => ({
      name: `${name}_${action}`,
      title: label,
      effect,
    })),
    events: Object.keys(connector.events ?? {}),
    features: ['tools', ...(connector.webhook ? ['webhooks'] : []), ...Object.keys(connector.sources)],
  }),
)

export const listConnectors = operation({
  name: 'connectors.list',
  scope: 'tools:read',
  effect: 'read',
  summary: 'List what can be connected',
  input: z.strictObject({}),
  output: pageOf(connectorView),
  http: { method: 'GET', path: '/api/v1/connectors' },
  example: {},
  run: async ({ integrations }) => allOf(integrations.connectors),
})

export const getConnector = operation({
  name: 'connectors.get',
  scope: 'tools:read',
  effect: 'read',
  summary: 'Get one connector',
  input: z.strictObject({ connector: z.string() }),
  output: connectorView,
  http: { method: 'GET', path: '/api/v1/connectors/:connector' },
  example: { connector: 'github' },
  run: async ({ integrations }, { connector }) => {
    const found = integrations.findConnector(connector)
    if (found) return found
    const names = integrations.connectors.map(({ name }) => name)
    throw hubError('not_found', {
      detail: `there is no connector "${connector}"; similar names: ${nearest(connector, names, 3).join(', ')}`,
    })
  },
})
