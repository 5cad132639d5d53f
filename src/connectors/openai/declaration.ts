import { z } from 'zod'
import { auth, defineConnector } from '#kit'

export const openai = defineConnector({
  name: 'openai',
  title: 'OpenAI-compatible agent',
  description: 'Any chat model behind an OpenAI-compatible endpoint: OpenAI itself, or a local server by its base URL.',
  sendsTo: 'private',
  connect:
    'Make an API key at your provider and store it as a credential {"api_key": "…"}; for a local server name its base URL in config.base_url.',
  config: z.object({
    base_url: z
      .url({ protocol: /^https?$/ })
      .default('https://api.openai.com/v1')
      .describe('The endpoint, up to and with /v1.'),
    model: z.string().min(1).max(200).optional().describe('The model for calls that do not name one.'),
  }),
  auth: [
    auth.token({ title: 'API key', describe: 'The key.', aliases: ['api_key'] }),
    // Local servers often need no authentication.
    auth.none(),
  ],
  baseUrl: ({ base_url }) => base_url,
  responseRules: { message: (body) => (body as { error?: { message?: string } } | undefined)?.error?.message },
  environment: {
    OPENAI_BASE_URL: { description: 'OpenAI-compatible endpoint.', names: 'url' },
    OPENAI_API_KEY: { description: 'API key for that endpoint.', secret: true },
    OPENAI_MODEL: { description: 'Model to use when a call names none.' },
  },
  fromEnvironment: ({ OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL }) => ({
    credential: OPENAI_API_KEY || OPENAI_BASE_URL ? { token: OPENAI_API_KEY } : undefined,
    config: { base_url: OPENAI_BASE_URL, model: OPENAI_MODEL },
  }),
  test: async ({ http }) => {
    const { data } = await http.get<{ data: unknown[] }>('/models')
    return { account: `${data.length} models` }
  },
})
