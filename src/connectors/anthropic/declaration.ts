import { z } from 'zod'
import { auth, defineConnector } from '#kit'

export const anthropic = defineConnector({
  name: 'anthropic',
  title: 'Anthropic',
  description: 'Claude models through the Anthropic API.',
  sendsTo: 'private',
  connect: 'Make an API key in the Anthropic console and store it as a credential {"api_key": "…"}.',
  config: z.object({
    base_url: z
      .url({ protocol: /^https?$/ })
      .default('https://api.anthropic.com')
      .describe('The API, without /v1.'),
    model: z.string().min(1).max(200).optional().describe('The model for calls that do not name one.'),
  }),
  auth: [auth.apiKey({ in: 'header', name: 'x-api-key' })],
  baseUrl: ({ base_url }) => base_url,
  headers: { 'anthropic-version': '2023-06-01' },
  responseRules: {
    // 529 means overloaded. It is temporary, so the call may be repeated.
    errorIn: (_body, status) => (status === 529 ? { code: 'vendor_failed', message: 'overloaded' } : undefined),
    message: (body) => (body as { error?: { message?: string } } | undefined)?.error?.message,
  },
  environment: {
    ANTHROPIC_BASE_URL: { description: 'Anthropic API, if it is not https://api.anthropic.com.', names: 'url' },
    ANTHROPIC_API_KEY: { description: 'Anthropic API key.', secret: true },
    ANTHROPIC_MODEL: { description: 'Model to use when a call names none.' },
  },
  fromEnvironment: ({ ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_MODEL }) => ({
    credential: { api_key: ANTHROPIC_API_KEY },
    config: { base_url: ANTHROPIC_BASE_URL, model: ANTHROPIC_MODEL },
  }),
  test: async ({ http }) => {
    const { data } = await http.get<{ data: { id: string }[] }>('/v1/models')
    return { account: `${data.length} models` }
  },
})
