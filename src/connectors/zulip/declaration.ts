import { z } from 'zod'
import { auth, defineConnector, targetOf } from '#kit'
import { events, webhook } from './webhook.ts'

export const zulip = defineConnector({
  name: 'zulip',
  title: 'Zulip',
  description: 'Messages to streams and people, streams, users, reactions and uploads of a Zulip organisation.',
  aliases: ['zulip-message'],
  sendsTo: 'private',
  connect:
    'Make a bot under Settings, Personal, Bots, and store its e-mail and API key as a credential {"email": "…", "api_key": "…"}; name the server in config.site.',
  config: z.object({ site: z.url({ protocol: /^https?$/ }).describe('The organisation’s address, e.g. https://chat.example.com.') }),
  auth: [
    auth.basic({
      title: 'Bot e-mail and API key',
      username: { name: 'email', describe: 'E-mail of the bot.' },
      password: { name: 'api_key', describe: 'Its API key.' },
      aliases: { username: 'email', bot_email: 'email', password: 'api_key', key: 'api_key', token: 'api_key' },
    }),
  ],
  ids: [
    { pattern: /(?<!\w):[a-z][\w+-]{1,40}:(?!\w)/, fields: ['emoji_name'], words: 'emoji' },
    {
      pattern: /(?<![\w.-])[\w-]{1,60}\.(?:pdf|png|jpe?g|gif|csv|xlsx?|docx?|pptx?|zip|log|txt)(?!\w)/,
      fields: ['filename'],
      words: 'file',
    },
    { pattern: /(?<![\w#])#[a-z][\w-]{0,79}/, fields: ['stream'], words: 'channel' },
    { pattern: /(?<![\w.@-])@[a-z][\w.-]{0,79}/, fields: ['to', 'user'], words: 'someone' },
    { pattern: /#\*\*[^*]{1,80}\*\*/, fields: ['stream'], words: 'stream' },
  ],
  targets: {
    channel: targetOf(['stream'], (text) => text.trim().replace(/^#/, '').toLowerCase()),
    recipients: targetOf(['to', 'principals'], (text) => text.trim().toLowerCase()),
  },
  baseUrl: ({ site }) => `${site.replace(/\/+$/, '')}/api/v1`,
  responseRules: {
    // Zulip answers 400 for most errors, so they are distinguished by `code`.
    errorIn: (body, status) => {
      const {
        result,
        code,
        msg,
        'retry-after': wait,
      } = (body ?? {}) as { result?: string; code?: string; msg?: string; 'retry-after'?: number }
      if (result !== 'error' || typeof msg !== 'string') return undefined
      if (code === 'RATE_LIMIT_HIT')
        return { code: 'vendor_rate_limited', message: msg, ...(wait === undefined ? {} : { retryAfter: Math.ceil(wait) }) }
      if (code === 'UNAUTHORIZED' || code === 'INVALID_API_KEY' || code === 'USER_DEACTIVATED' || code === 'REALM_DEACTIVATED')
        return { code: 'vendor_unauthorized', message: msg }
      if (code === 'STREAM_DOES_NOT_EXIST' || (status === 400 && /^(Invalid (message|channel|stream)|No such user)/i.test(msg)))
        return { code: 'vendor_not_found', message: msg }
      if (code === 'REACTION_ALREADY_EXISTS' || code === 'REACTION_DOES_NOT_EXIST') return { code: 'vendor_conflict', message: msg }
      if (/permission|not allowed|not authorized/i.test(msg)) return { code: 'vendor_forbidden', message: msg }
      return undefined
    },
    message: (body) => (body as { msg?: string } | undefined)?.msg,
    limit: (headers) => {
      const [remaining, reset, limit] = [headers['x-ratelimit-remaining'], headers['x-ratelimit-reset'], headers['x-ratelimit-limit']]
      return remaining === undefined || reset === undefined
        ? undefined
        : { limit: Number(limit), remaining: Number(remaining), resetAt: new Date(Number(reset) * 1000) }
    },
  },
  wellKnownCredentials: ['zulip-credentials'],
  environment: {
    ZULIP_SITE: { description: 'Zulip server.', names: 'url' },
    ZULIP_EMAIL: { description: 'E-mail address of the Zulip bot.' },
    ZULIP_API_KEY: { description: 'API key of the Zulip bot.', secret: true },
  },
  fromEnvironment: ({ ZULIP_SITE, ZULIP_EMAIL, ZULIP_API_KEY }) => ({
    credential: { email: ZULIP_EMAIL, api_key: ZULIP_API_KEY },
    config: { site: ZULIP_SITE },
  }),
  test: async ({ http }) => {
    const { full_name: name } = await http.get<{ full_name: string }>('/users/me')
    return { account: name }
  },
  webhook,
  events,
})
