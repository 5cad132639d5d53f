import { z } from 'zod'
import { auth, defineConnector, secret } from '#kit'
import { ownHeader, headerValue } from './headers.ts'
import { anyProvider, clientCredentials, oauthConfig } from './oauth.ts'

/** Headers of the config may need a secret. The secret is stored in the credential, and a template inserts it. */
const template = auth.custom({
  type: 'template',
  title: 'Headers or query with secrets filled in',
  fields: z.object({ secret: secret('Replaces {{secret}} in the headers and the query of the config.') }),
  aliases: { token: 'secret', access_token: 'secret', api_key: 'secret' },
  authorize: ({ credential, config }) => {
    const fill = (values: unknown): Record<string, string> =>
      Object.fromEntries(
        Object.entries((values ?? {}) as Record<string, string>)
          .filter(([, value]) => value.includes('{{secret}}'))
          .map(([name, value]) => [name, value.replaceAll('{{secret}}', String(credential['secret']))]),
      )
    return { headers: fill(config['headers']), query: fill(config['query']) }
  },
})

export const http = defineConnector({
  name: 'http',
  title: 'HTTP',
  description: 'Any HTTP API: one integration per API, with its base URL, headers and authentication, and any request below that URL.',
  ids: [{ pattern: /\bhttps?:\/\/\S{1,200}/, fields: ['path'], words: 'url' }],
  sendsTo: 'public',
  connect:
    'Name the base URL in config.base_url, and store the credential that the API asks for: a token, user name and password, or an API key.',
  config: z.object({
    base_url: z.url({ protocol: /^https?$/ }).describe('Every request stays under this address.'),
    headers: z
      .record(ownHeader, headerValue.max(4096))
      .optional()
      .describe('Sent with every request; {{secret}} is filled in with auth type template.'),
    query: z.record(z.string(), z.string().max(4096)).optional().describe('Added to every request; {{secret}} likewise.'),
    test_path: z.string().max(2000).optional().describe('What the connection test gets; the base URL itself when left out.'),
    oauth: oauthConfig.optional().describe('The authorization server, for the auth types oauth2 and oauth2_client_credentials.'),
    rate_limit_per_minute: z.number().int().positive().optional().describe('Requests a minute; RATE_LIMIT_PER_MINUTE when left out.'),
  }),
  auth: [
    auth.none({ title: 'Nothing' }),
    auth.token({ title: 'Bearer token' }),
    auth.basic(),
    auth.apiKey({ in: 'header', name: 'x-api-key', title: 'API key in the X-API-Key header' }),
    { ...auth.apiKey({ in: 'query', name: 'api_key', title: 'API key in the query' }), type: 'api_key_query' },
    template,
    anyProvider,
    clientCredentials,
  ],
  baseUrl: ({ base_url }) => base_url,
  test: async ({ http: out, config }) => {
    const reply = await out.request({ method: 'GET', path: config.test_path ?? '', accept: 'bytes' })
    return { account: `${new URL(config.base_url).host} answered ${reply.status}` }
  },
})
