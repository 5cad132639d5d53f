import { z } from 'zod'
import { auth, defineConnector, targetOf } from '#kit'
import { bot, person } from './oauth.ts'
import { responseRules } from './response-rules.ts'
import { events, webhook } from './webhook.ts'

export const slack = defineConnector({
  name: 'slack',
  title: 'Slack',
  description: 'Messages, channels, users, reactions, files and views of a Slack workspace.',
  sendsTo: 'private',
  connect:
    'Make a Slack app, give its bot the scopes chat:write, channels:read, channels:history, users:read, users:read.email, reactions:write and files:write, install it, and store the bot token as a credential {"token": "xoxb-…"}.',
  config: z.object({
    api_url: z
      .url({ protocol: /^https?$/ })
      .default('https://slack.com/api')
      .describe('The Web API.'),
    default_channel: z.string().min(1).max(100).optional().describe('Where messages go that name no channel.'),
  }),
  auth: [auth.token({ title: 'Bot token', describe: 'A bot or user token.', aliases: ['bot_token'] }), bot, person],
  baseUrl: ({ api_url }) => api_url,
  ids: [
    { pattern: /(?<!\w):[a-z][\w+-]{1,40}:(?!\w)/, fields: ['ts'], words: 'emoji' },
    {
      pattern: /(?<![\w.-])[\w-]{1,60}\.(?:pdf|png|jpe?g|gif|csv|xlsx?|docx?|pptx?|zip|log|txt)(?!\w)/,
      fields: ['filename'],
      words: 'file',
    },
    { pattern: /(?<![\w#])#[a-z][\w-]{0,79}/, fields: ['channel'], words: 'channel' },
    { pattern: /(?<![\w.@-])@[a-z][\w.-]{0,79}/, fields: ['user', 'users'], words: 'someone' },
    { pattern: /(?<!\w)[uw](?=[a-z]{0,10}\d)[a-z\d]{6,10}(?!\w)/, fields: ['user', 'users'], words: 'user' },
  ],
  targets: {
    channel: targetOf(['channel'], (text) => text.trim().replace(/^#/, '').toLowerCase()),
    recipients: targetOf(['user', 'users'], (text) => text.trim().replace(/^@/, '').toLowerCase()),
  },
  responseRules,
  environment: {
    SLACK_BOT_TOKEN: { description: 'Slack bot token.', secret: true },
    SLACK_API_URL: { description: 'Slack API, if it is not https://slack.com/api.', names: 'url' },
    SLACK_CLIENT_ID: { description: 'Client id of the Slack app, to connect by OAuth.' },
    SLACK_CLIENT_SECRET: { description: 'Client secret of the Slack app.', secret: true },
    SLACK_SIGNING_SECRET: { description: 'Slack signing secret, for webhooks.', secret: true },
  },
  fromEnvironment: ({ SLACK_BOT_TOKEN, SLACK_API_URL }) => ({ credential: { token: SLACK_BOT_TOKEN }, config: { api_url: SLACK_API_URL } }),
  test: async ({ http }) => {
    const { user, team } = await http.post<{ user: string; team: string }>('/auth.test', {}, { effect: 'read' })
    return { account: `${user} in ${team}` }
  },
  legacyPaths: [
    { method: 'POST', path: '/api/integrations/slack/message', action: 'send_message', summary: 'Send a message' },
    { method: 'GET', path: '/api/integrations/slack/channels', action: 'list_channels', summary: 'List channels' },
    { method: 'GET', path: '/api/integrations/slack/users', action: 'list_users', summary: 'List users' },
  ],
  webhook,
  events,
})
