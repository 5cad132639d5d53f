import { z } from 'zod'
import { auth, defineConnector } from '#kit'

export const managerq = defineConnector({
  name: 'managerq',
  title: 'managerQ',
  description: 'The Q Platform’s agents: managerQ hands a prompt to an agent and keeps its result.',
  sendsTo: 'private',
  connect:
    'Store a service token of managerQ as credential managerq-service-token {"token": "<JWT>", "base_url": "https://…"}, or set MANAGERQ_URL and MANAGERQ_TOKEN.',
  config: z.object({
    base_url: z.url({ protocol: /^https?$/ }).describe('The managerQ service.'),
    tasks_path: z
      .string()
      .startsWith('/')
      .default('/v1/tasks')
      .describe('Where tasks are submitted; a task is then at this path and its id.'),
  }),
  auth: [auth.token({ title: 'Service token', describe: 'A JWT for the managerQ service.', aliases: ['service_token', 'jwt'] })],
  baseUrl: ({ base_url }) => base_url,
  wellKnownCredentials: ['managerq-service-token'],
  environment: {
    MANAGERQ_URL: { description: 'managerQ service.', names: 'url' },
    MANAGERQ_TOKEN: { description: 'managerQ service token.', secret: true },
  },
  fromEnvironment: ({ MANAGERQ_URL, MANAGERQ_TOKEN }) => ({ credential: { token: MANAGERQ_TOKEN }, config: { base_url: MANAGERQ_URL } }),
  test: async ({ http }) => {
    await http.get('/health', { accept: 'text' })
    return { account: 'managerQ' }
  },
})
