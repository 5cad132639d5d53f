import { z } from 'zod'
import type { IntegrationRow } from '#integrations'
import { baseOf, webhookPath } from './addresses.ts'
import { operation, plain, type OperationContext } from './operation.ts'
import { anyObject, jsonSchemaOf, reference } from './shared.ts'

const oauthSchema = z.object({
  callback_url: z.string().describe('What the application at the outside system needs as its redirect URL.'),
  credential: z.string().describe('The credential that names the application.'),
  fields: z.array(z.string()).describe('The fields of that credential.'),
  variables: z.array(z.string()).describe('Variables of the environment that name the application instead.'),
  problem: z
    .object({ code: z.string(), detail: z.string(), hint: z.string().optional() })
    .nullable()
    .describe('What has to be corrected before anybody can connect it.'),
})

const webhookSchema = z.object({
  url: z.string().describe('Where the outside system sends its webhooks.'),
  has_secret: z.boolean().describe('Without a secret, every delivery is refused.'),
  samples: z.array(z.string()).describe('The types of events of which a sample can be sent.'),
  setup_schema: anyObject
    .nullable()
    .describe(
      'What integrations.setup_webhook needs to know to create the webhook there; null where the outside system has no API for that.',
    ),
})

type WebhookSetup = z.output<typeof webhookSchema>
type OAuthSetup = z.output<typeof oauthSchema>

async function oauthOf({ integrations }: OperationContext, row: IntegrationRow, base: string): Promise<OAuthSetup | null> {
  const wanted = integrations.connecting.clientOf(row)
  if (!wanted) return null
  const problem = await integrations.connecting.problemWith(row)
  return {
    callback_url: `${base}/oauth/callback`,
    credential: wanted.credential,
    fields: [...wanted.fields],
    variables: [...wanted.variables],
    problem: problem
      ? { code: problem.code, detail: problem.message, ...(problem.details.hint === undefined ? {} : { hint: problem.details.hint }) }
      : null,
  }
}

async function webhookOf({ webhooks, integrations }: OperationContext, row: IntegrationRow, base: string): Promise<WebhookSetup | null> {
  const { webhook } = integrations.connector(row.connector)
  if (!webhook) return null
  return {
    url: `${base}${webhookPath(row)}`,
    has_secret: await webhooks.hasSecret(row.id),
    samples: Object.keys(webhook.samples ?? {}),
    setup_schema: webhook.setup ? jsonSchemaOf(webhook.setup.input) : null,
  }
}

export const integrationSetup = operation({
  name: 'integrations.setup',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get the addresses of an integration, and what is missing to connect it and to receive its webhooks',
  input: z.strictObject({ id: reference.describe('Id, unique name or number of the integration.') }),
  output: plain(
    z.object({
      oauth: oauthSchema.nullable().describe('Null where nobody connects it by OAuth.'),
      webhook: webhookSchema.nullable().describe('Null where the outside system sends no webhooks.'),
    }),
  ),
  http: { method: 'GET', path: '/api/v1/integrations/:id/setup' },
  example: { id: 'github' },
  run: async (context, { id }) => {
    const row = await context.integrations.get(context.principal.workspaceId, id)
    const base = baseOf(context)
    return { oauth: await oauthOf(context, row, base), webhook: await webhookOf(context, row, base) }
  },
})
