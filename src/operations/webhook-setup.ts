import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { hubError } from '#errors'
import type { IntegrationRow } from '#integrations'
import type { Connector } from '#kit'
import { setupResult, setupToolName } from '#tools'
import { webhookPath } from './addresses.ts'
import { operation, plain, type OperationContext } from './operation.ts'
import { anyObject, reference } from './shared.ts'

const resultSchema = z.object({
  status: z.enum(['created', 'updated']).describe('updated: a webhook with this URL was there already.'),
  hook_id: z.string().describe('Its id at the outside system.'),
  url: z.string().describe('Where it sends to.'),
  events: z.array(z.string()),
  settings_url: z.string().nullable().describe('Where people see it at the outside system.'),
  invocation_id: z.string().describe('The call in the journal.'),
})

export const setupWebhook = operation({
  name: 'integrations.setup_webhook',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Create the webhook of an integration at its outside system, or update it',
  description:
    'It sends to this hub and is signed with the secret of the integration, which is made if there is none. A webhook with the same URL is updated, so there is never a second one. It is a call with the credential of the integration: it also needs the scope tools:call, and policies, approvals and limits apply to it.',
  input: z.strictObject({
    id: reference.describe('Id, unique name or number of the integration.'),
    input: anyObject.default({}).describe('What setup_schema of integrations.setup asks for, such as the repository.'),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .describe('The address of the webhook, where the outside system reaches this hub under another one than HUB_PUBLIC_URL.'),
    approval: reference.optional().describe('Id of the approval that covers this call.'),
  }),
  output: plain(resultSchema),
  http: { method: 'POST', path: '/api/v1/integrations/:id/webhook', headers: { 'hub-approval': 'approval' } },
  example: { id: 'github', input: { owner: 'octocat', repo: 'hello-world' } },
  run: async (context, { id, input, url: given, approval }) => {
    const { integrations, tools, principal, transport, addresses } = context
    const row = await integrations.get(principal.workspaceId, id)
    const connector = integrations.connector(row.connector)
    const { webhook, title } = connector
    if (!webhook) throw hubError('invalid_input', { detail: `${title} sends no webhooks` })
    if (!webhook.setup)
      throw hubError('invalid_input', {
        detail: `${title} has no API with which the hub could create its webhook`,
        hint: `enter the URL and the secret there: GET /api/v1/integrations/${row.id}/setup`,
      })
    const url = given ?? `${addresses.publicUrl ?? addresses.listening}${webhookPath(row)}`
    requireReachable(url, row, connector)
    const { invocationId, output } = await integrations.settingUpWebhook(row, async () =>
      tools.invoke(principal, setupToolName(connector), input, {
        transport,
        integration: row.id,
        approval,
        webhookTarget: { url, secret: await secretFor(context, row) },
      }),
    )
    const { created, settings_url: settings = null, ...made } = setupResult.parse(output)
    return { status: created ? ('created' as const) : ('updated' as const), ...made, settings_url: settings, invocation_id: invocationId }
  },
})

/**
 * Refuses an address of this machine unless the outside system is on it too. The origin of the request is never taken instead: whoever sends
 * the request chooses it, and the webhook would go there.
 */
function requireReachable(url: string, { config }: IntegrationRow, { title, baseUrl }: Connector): void {
  if (!isLoopback(url) || isLoopback(baseUrl?.(config) ?? '')) return
  throw hubError('invalid_input', {
    detail: `${title} cannot reach ${new URL(url).origin}, which is an address of this machine only`,
    hint: 'set HUB_PUBLIC_URL, or give the address of the webhook as url',
    errors: [{ path: 'url', message: `must be an address at which ${title} reaches the hub` }],
  })
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname)
}

/** Made only where there is none, because webhooks that exist are signed with the present one. */
async function secretFor({ webhooks, integrations, principal }: OperationContext, { id }: IntegrationRow): Promise<string> {
  const present = await webhooks.secretOf(id)
  if (present !== undefined) return present
  const secret = randomBytes(32).toString('hex')
  await integrations.update(principal, id, { config: { webhook_secret: secret } })
  return secret
}
