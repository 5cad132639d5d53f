import assert from 'node:assert/strict'
import { oauthServer, type OAuthServer } from '../standins/oauth-server.ts'
import type { OAuthServerOptions } from '../standins/oauth/configuration.ts'
import { connectByLink } from './connecting.ts'
import { testHub, type TestHub } from './hub.ts'
import type { Environment } from '#config'

/** A hub whose integration `api` is connected at an OAuth server that somebody else wrote. */
export interface OAuthHub extends AsyncDisposable {
  readonly hub: TestHub
  readonly server: OAuthServer
  readonly address: string
  /** Makes a link, opens it, walks over the provider's pages, and returns the page at the end. */
  connect(options?: {
    readonly account?: string
    readonly deny?: boolean
    readonly integration?: string
  }): Promise<{ status: number; text: string; link: string }>
  /** Calls the API of the provider as the integration. */
  call(integration?: string): Promise<{ statusCode: number; json: <T>() => T }>
  integration(
    name?: string,
  ): Promise<{ id: string; credential: string | null; connection: { state: string; account: string | null; problem: string | null } }>
}

const accounts = {
  ada: { email: 'ada@example.com', email_verified: true },
  grace: { email: 'grace@example.com', email_verified: true },
}

export async function oauthHub(options: OAuthServerOptions = {}, env: Environment = {}, settings: object = {}): Promise<OAuthHub> {
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1', ...env }))
  const address = await hub.address()
  const server = stack.use(await oauthServer({ redirectUris: [`${address}/oauth/callback`], accounts, ...options }))
  const { endpoints, clients } = server
  const stored = await hub.call('PUT', '/api/v1/credentials/http-oauth-app', {
    data: { client_id: clients.basic.id, client_secret: clients.basic.secret },
  })
  assert.equal(stored.statusCode, 200, stored.body)
  const made = await hub.call('POST', '/api/v1/integrations', {
    name: 'api',
    integration_type: 'http',
    auth_type: 'oauth2',
    config: {
      base_url: `${server.url}/api`,
      test_path: '/me',
      rate_limit_per_minute: 100_000,
      oauth: {
        authorize_url: endpoints.authorization,
        token_url: endpoints.token,
        device_url: endpoints.device,
        revoke_url: endpoints.revocation,
        scopes: ['read', 'write'],
        authorize_parameters: { resource: `${server.url}/api` },
        ...settings,
      },
    },
  })
  assert.equal(made.statusCode, 201, made.body)
  const owned = stack.move()
  return {
    hub,
    server,
    address,
    connect: ({ account = 'ada', deny = false, integration = 'api' } = {}) => connectByLink(hub, { address, integration, account, deny }),
    call: (integration = 'api') => hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/me' }, integration }),
    integration: async (name = 'api') => (await hub.call('GET', `/api/v1/integrations/${name}`)).json(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
