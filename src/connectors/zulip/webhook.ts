import { schemes, type WebhookDeclaration } from '#kit'

export const events: Readonly<Record<string, string>> = {
  message: 'Somebody mentioned the outgoing-webhook bot, or wrote to it.',
}

interface Payload {
  readonly bot_email?: unknown
  readonly message?: { readonly id?: unknown; readonly display_recipient?: unknown; readonly subject?: unknown } | null
}

export const webhook: WebhookDeclaration = {
  schemes: [schemes.zulip],
  secretCredentials: ['zulip-webhook-token'],
  identify({ digest, json }) {
    const { message, bot_email: bot } = (json() ?? {}) as Payload
    const id = message?.id
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) return { type: 'message', dedupeKey: digest }
    // A message that mentions two bots is sent once for each bot.
    return { type: 'message', dedupeKey: `message ${id} ${typeof bot === 'string' ? bot.slice(0, 320) : ''}`, deliveryId: String(id) }
  },
  samples: {
    message: (number) => ({
      headers: {},
      body: {
        bot_email: 'hub-bot@chat.example.com',
        trigger: 'mention',
        message: { id: number, display_recipient: 'general', subject: 'sample', content: '@**hub** a sample message' },
      },
    }),
  },
  subject(data) {
    const { message } = (data ?? {}) as Payload
    const { display_recipient: stream, subject: topic } = message ?? {}
    if (typeof stream !== 'string' || stream === '') return undefined
    return (typeof topic === 'string' ? `${stream}/${topic}` : stream).slice(0, 250)
  },
  // Zulip posts any other answer as a message of the bot.
  acknowledgement: { status: 200, body: { response_not_required: true } },
}
