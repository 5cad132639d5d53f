import { z } from 'zod'
import { hubError } from '#errors'
import { defineAction, type Connector, type WebhookSetup } from '#kit'
import type { Tool } from './tool.ts'

/** The tool that sets up the webhook of an integration of this connector. */
export const setupToolName = ({ name }: Pick<Connector, 'name'>): string => `${name}_set_up_webhook`

export const setupResult = z.object({
  hook_id: z.string(),
  created: z.boolean(),
  url: z.string(),
  events: z.array(z.string()),
  settings_url: z.string().optional(),
})

/**
 * The setup of a webhook as a tool, so that scopes, policies, approvals, limits and the journal apply to it. It is called for
 * `integrations.setup_webhook`.
 */
export function setupTool(connector: Connector): Tool | undefined {
  const setup = connector.webhook?.setup
  if (!setup) return undefined
  const action = actionOf(connector, setup)
  return { name: setupToolName(connector), aliases: [], connector, action, origin: { kind: 'action', action } }
}

function actionOf({ title }: Connector, { input, example, run }: WebhookSetup) {
  return defineAction({
    title: 'Set up the webhook',
    description: `Makes ${title} send its webhooks to the hub, or updates the hook that does. Returns the hook.`,
    effect: 'write',
    // A hook that is there is found by its URL.
    idempotent: true,
    example,
    input,
    output: setupResult,
    run: async (context) => {
      const { target } = context
      if (!target) {
        throw hubError('invalid_input', {
          detail: 'this tool needs the address and the secret of the webhook, which only the hub has',
          hint: 'POST /api/v1/integrations/{id}/webhook, or hub webhook setup NAME',
        })
      }
      const { events, ...made } = await run(context, target)
      return { ...made, events: [...events], url: target.url }
    },
  })
}
