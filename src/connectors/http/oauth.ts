import { z } from 'zod'
import { auth, hubError, secret, type Authorization, type CredentialValues, type OAuthProvider } from '#kit'
import { ownHeader } from './headers.ts'
import { atSteps } from './json-path.ts'

const url = z.url({ protocol: /^https?$/ })
const parameters = z.record(z.string().max(100), z.string().max(2000))

/** The authorization server of an API, and what is special about it. */
export const oauthConfig = z.strictObject({
  authorize_url: url.optional().describe('Where a person is asked.'),
  token_url: url.describe('Where codes and refresh tokens are exchanged.'),
  device_url: url.optional().describe('Where a device code comes from, if the provider offers that.'),
  revoke_url: url.optional().describe('Where a token is taken back (RFC 7009).'),
  client: z.string().min(1).max(100).default('http-oauth-app').describe('The credential with client_id and client_secret.'),
  scopes: z.array(z.string().min(1).max(200)).max(100).default([]),
  scope_separator: z.enum([' ', ',']).default(' '),
  pkce: z.boolean().default(true),
  client_authentication: z.enum(['basic', 'body', 'none']).default('basic').describe('How the client id and secret are sent to token_url.'),
  token_body: z.enum(['form', 'json']).default('form').describe('What token_url reads.'),
  authorize_parameters: parameters.default({}).describe('More parameters for authorize_url, such as {"access_type": "offline"}.'),
  token_parameters: parameters.default({}).describe('More parameters for token_url, such as {"audience": "…"}.'),
  tokens_at: z.string().max(200).optional().describe('Where in the answer of token_url the tokens are, such as data.auth.'),
  send_token: z
    .strictObject({
      in: z.enum(['header', 'query']).default('header'),
      name: ownHeader.default('authorization'),
      prefix: z.string().max(50).default('Bearer '),
    })
    .optional()
    .describe('How requests carry the access token; in the header Authorization, after Bearer, when left out.'),
})

type OAuthConfig = z.output<typeof oauthConfig>

function configOf(config: Readonly<Record<string, unknown>>): OAuthConfig | undefined {
  const { oauth } = config
  return oauth === undefined ? undefined : oauthConfig.parse(oauth)
}

function providerOf(config: Readonly<Record<string, unknown>>): OAuthProvider | undefined {
  const oauth = configOf(config)
  return (
    oauth && {
      authorizeUrl: oauth.authorize_url,
      tokenUrl: oauth.token_url,
      deviceUrl: oauth.device_url,
      revokeUrl: oauth.revoke_url,
      scopes: oauth.scopes,
      scopeSeparator: oauth.scope_separator,
      pkce: oauth.pkce,
      clientAuthentication: oauth.client_authentication,
      tokenBody: oauth.token_body,
      authorizeParameters: oauth.authorize_parameters,
      tokenParameters: oauth.token_parameters,
      tokensAt: oauth.tokens_at?.split('.'),
    }
  )
}

function authorizationOf(config: Readonly<Record<string, unknown>>, accessToken: string): Authorization {
  const { in: place, name, prefix } = configOf(config)?.send_token ?? { in: 'header', name: 'authorization', prefix: 'Bearer ' }
  return place === 'query' ? { query: { [name]: accessToken } } : { headers: { [name]: `${prefix}${accessToken}` } }
}

/** A person allows it on the pages of a provider that the config describes. */
export const anyProvider = auth.oauth2({
  title: 'OAuth, as config.oauth describes',
  clientCredential: (config) => configOf(config)?.client ?? 'http-oauth-app',
  provider: providerOf,
  authorize: ({ credential, config }) => authorizationOf(config, String(credential['access_token'])),
})

/** The hub itself is the client, and no person is asked. */
export const clientCredentials = auth.custom({
  type: 'oauth2_client_credentials',
  title: 'OAuth client credentials, as config.oauth describes',
  fields: z.object({ client_id: z.string().min(1).describe('Client id.'), client_secret: secret('Client secret.') }),
  async authorize({ credential, config, http, remember }) {
    const oauth = configOf(config)
    if (!oauth) throw hubError('invalid_input', { errors: [{ path: 'config.oauth', message: 'is needed: it names token_url' }] })
    const token = await remember('client credentials', async () => {
      const { access_token: value, expires_in: seconds = 3600 } = await http
        .request<TokenAnswer>({ method: 'POST', path: oauth.token_url, ...grantOf(oauth, credential), repeatable: 'state' })
        .then(({ data }) => tokensOf(data, oauth.tokens_at))
      return { value, expiresAt: new Date(Date.now() + seconds * 1000) }
    })
    return authorizationOf(config, token)
  },
})

interface TokenAnswer {
  readonly access_token: string
  readonly expires_in?: number
}

/** The request for a token of the client itself, in the form that the provider reads. */
function grantOf(
  { scopes, scope_separator, token_parameters, client_authentication, token_body }: OAuthConfig,
  credential: CredentialValues,
) {
  const { client_id: id, client_secret: key } = credential as Record<'client_id' | 'client_secret', string>
  const fields = {
    grant_type: 'client_credentials',
    ...(scopes.length > 0 ? { scope: scopes.join(scope_separator) } : {}),
    ...(client_authentication === 'body' ? { client_id: id, client_secret: key } : {}),
    ...token_parameters,
  }
  const pair = [id, key].map(encodeURIComponent).join(':')
  return {
    headers: client_authentication === 'basic' ? { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } : {},
    ...(token_body === 'json' ? { json: fields } : { form: fields }),
  }
}

function tokensOf(answer: unknown, at: string | undefined): TokenAnswer {
  const found = atSteps(answer, at?.split('.') ?? [])
  const { access_token: token } = (found ?? {}) as Partial<TokenAnswer>
  if (typeof token !== 'string') throw hubError('vendor_invalid_response', { detail: 'the answer of token_url has no access token' })
  return found as TokenAnswer
}
