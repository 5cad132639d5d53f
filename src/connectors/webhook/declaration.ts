import { z } from 'zod'
import { auth, defineConnector, refuseSameBody, secret } from '#kit'
import { hook, verification } from './hook.ts'

/** For any sender: an integration is one hook, with its own verification, event type and answer. */
export const webhook = defineConnector({
  name: 'webhook',
  title: 'Webhook',
  description: 'Receives webhooks from any system: one integration per hook, which defines the signature, the event and the answer.',
  connect:
    'Make an integration of type webhook with the secret as its credential {"secret": "…"}, and point the sender at /api/v1/webhooks/NAME. Unsigned deliveries are never taken.',
  config: z.object({
    verification: verification.describe('How the sender proves itself: a provider’s name, or the parts of a scheme.'),
    type: z
      .union([
        z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a name'),
        z.strictObject({ header: z.string().min(1).max(100) }),
        z.strictObject({ path: z.string().min(1).max(200) }),
      ])
      .optional()
      .describe(
        'The event’s type after `webhook.`: a name, or the header or body path that contains it. The integration’s name when left out.',
      ),
    dedupe: z
      .union([z.strictObject({ header: z.string().min(1).max(100) }), z.strictObject({ path: z.string().min(1).max(200) })])
      .optional()
      .describe(
        'What identifies a repeated delivery: a header or a path in the JSON body. When left out, the id that the scheme defines, or else the complete body.',
      ),
    refuse_same_body: refuseSameBody,
    transform: z
      .string()
      .max(20_000)
      .optional()
      .describe('JSONata over {body, headers} that returns the event’s data, or {type, subject, data}.'),
    reply: z
      .strictObject({ status: z.int().min(200).max(299).default(200), body: z.unknown() })
      .optional()
      .describe('What the sender is answered; ${{ }} in it sees event.id and body.'),
  }),
  auth: [
    auth.custom({
      type: 'webhook_secret',
      title: 'Shared secret',
      fields: z.object({
        secret: secret('What the sender signs with; user:password for basic.'),
        previous_secret: secret('The previous secret, until all senders use the new one.').optional().meta({ secret: true }),
      }),
      aliases: { token: 'secret', access_token: 'secret', webhook_secret: 'secret' },
      authorize: () => ({}),
    }),
  ],
  webhook: hook,
  events: { '*': 'The events of the sender. The config of the hook defines the type.' },
})
