import { z } from 'zod'
import type { Webhooks } from '#webhooks'
import type { IntegrationRow } from '#integrations'
import { baseOf } from './addresses.ts'
import { operation, plain, type OperationContext } from './operation.ts'
import { reference } from './shared.ts'

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
})

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

async function webhookOf(webhooks: Webhooks, { id, name }: IntegrationRow, base: string): Promise<z.output<typeof webhookSchema>> {
  return { url: `${base}/api/v1/webhooks/${encodeURIComponent(name)}`, has_secret: await webhooks.hasSecret(id) }
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
    const { integrations, webhooks, principal } = context
    const row = await integrations.get(principal.workspaceId, id)
    const base = baseOf(context)
    const sends = integrations.connector(row.connector).webhook !== undefined
    return { oauth: await oauthOf(context, row, base), webhook: sends ? await webhookOf(webhooks, row, base) : null }
  },
})
