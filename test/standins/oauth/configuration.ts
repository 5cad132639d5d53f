import { exportJWK, generateKeyPair } from 'jose'
import type { AdapterFactory, Configuration } from 'oidc-provider'
import { deviceConfirmPage, deviceInputPage, page } from './pages.ts'

export interface Account {
  readonly email: string
  readonly email_verified: boolean
}

export interface OAuthServerOptions {
  /** Where the clients may be sent back to. */
  readonly redirectUris?: readonly string[]
  /** Who can sign in, each with any password. */
  readonly accounts?: Readonly<Record<string, Account>>
  /** What an account grants, whatever was asked for; everything by default. */
  readonly granted?: readonly string[]
  readonly accessTokenSeconds?: number
  /** Whether a refresh gives a new refresh token; the old one then revokes the whole grant when it is used again. True by default. */
  readonly rotate?: boolean
  /** Who gets a refresh token: everybody, those who asked for `offline_access`, or nobody. */
  readonly refreshTokens?: 'always' | 'offline_access' | 'never'
  /** Whether confidential clients need PKCE too; public ones always do. True by default. */
  readonly requirePkce?: boolean
  readonly tokens?: 'opaque' | 'jwt'
}

const apiScopes = ['read', 'write', 'admin'] as const

/** One client for each way to authenticate. */
export const clients = {
  basic: { id: 'basic-client', secret: 'secret-of-the-basic-client' },
  post: { id: 'post-client', secret: 'secret-of-the-post-client' },
  public: { id: 'public-client' },
} as const

/** The library's own store; named, because it warns where it is taken by default, and without types, because it has none. */
const memoryAdapter = 'oidc-provider/lib/adapters/memory_adapter.js' as string

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

export async function configurationOf(issuer: string, options: OAuthServerOptions): Promise<Configuration> {
  const { accessTokenSeconds = 3600, refreshTokens = 'always', rotate = true, requirePkce = true, tokens = 'opaque' } = options
  const accounts = accountsOf(options)
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const shared = {
    redirect_uris: [...(options.redirectUris ?? [`${issuer}/nowhere`])],
    response_types: ['code' as const],
  }
  const ownGrants = ['authorization_code', 'refresh_token', deviceGrant]
  const confidentialGrants = [...ownGrants, 'client_credentials']
  const { createMemoryAdapter } = (await import(memoryAdapter)) as { createMemoryAdapter(): AdapterFactory }
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key for tests'] },
    clients: [
      {
        ...shared,
        client_id: clients.basic.id,
        client_secret: clients.basic.secret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: confidentialGrants,
      },
      {
        ...shared,
        client_id: clients.post.id,
        client_secret: clients.post.secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: confidentialGrants,
      },
      { ...shared, client_id: clients.public.id, token_endpoint_auth_method: 'none', grant_types: ownGrants },
    ],
    scopes: ['openid', 'offline_access', 'email', ...apiScopes],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => {
      const account = accounts[id]
      return account && { accountId: id, claims: () => ({ sub: id, email: account.email, email_verified: account.email_verified }) }
    },
    pkce: { required: (_context, client) => requirePkce || client.tokenEndpointAuthMethod === 'none' },
    rotateRefreshToken: rotate,
    issueRefreshToken: (_context, client, source) =>
      client.grantTypeAllowed('refresh_token') &&
      (refreshTokens === 'always' || (refreshTokens === 'offline_access' && source.scopes.has('offline_access'))),
    expiresWithSession: () => false,
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 3600,
      Interaction: 600,
      IdToken: 3600,
      DeviceCode: 600,
      AuthorizationCode: 60,
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    renderError: (context, out) => {
      context.type = 'html'
      context.body = page('Refused', `<p>${out.error}: ${out.error_description ?? ''}</p>`)
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_context, client, token) => client.tokenEndpointAuthMethod !== 'none' || token.clientId === client.clientId,
      },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form) => {
          context.body = deviceInputPage(form)
        },
        userCodeConfirmSource: (context, form, ...[, , userCode]) => {
          context.body = deviceConfirmPage(form, userCode)
        },
        successSource: (context) => {
          context.body = page('Connected', '<p>You can close this page.</p>')
        },
      },
      resourceIndicators: {
        enabled: tokens === 'jwt',
        defaultResource: () => `${issuer}/api`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: apiScopes.join(' '),
          audience: `${issuer}/api`,
          accessTokenFormat: 'jwt',
          accessTokenTTL: accessTokenSeconds,
        }),
      },
    },
  }
}

export function accountsOf(options: OAuthServerOptions): Readonly<Record<string, Account>> {
  return (
    options.accounts ?? {
      ada: { email: 'ada@example.com', email_verified: true },
      mallory: { email: 'ada@example.org', email_verified: false },
    }
  )
}
