import assert from 'node:assert/strict'
import { oauthServer, type OAuthServer } from '../standins/oauth-server.ts'
import type { OAuthServerOptions } from '../standins/oauth/configuration.ts'
import { authorizeAs } from '../standins/authorize-as.ts'
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
    async connect({ account = 'ada', deny = false, integration = 'api' } = {}) {
      const answer = await hub.call('POST', `/api/v1/integrations/${integration}/connect`, {})
      assert.equal(answer.statusCode, 201, answer.body)
      const { id: link, url } = answer.json<{ id: string; url: string }>()
      const { pathname } = new URL(url)
      const browser = simpleBrowser(address)
      const page = await browser.get(pathname)
      assert.equal(page.status, 200)
      const sent = await browser.post(pathname, {})
      assert.equal(sent.status, 303, await sent.text())
      const back = await authorizeAs(sent.headers.get('location')!, { account, deny })
      const end = await browser.get(back)
      return { status: end.status, text: await end.text(), link }
    },
    call: (integration = 'api') => hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/me' }, integration }),
    integration: async (name = 'api') => (await hub.call('GET', `/api/v1/integrations/${name}`)).json(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What a browser does with the hub's pages: it keeps cookies, names the origin of its forms, and follows no redirect. */
export interface SimpleBrowser {
  get(url: string): Promise<Response>
  post(url: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export function simpleBrowser(origin: string): SimpleBrowser {
  const cookies = new Map<string, string>()
  const send = async (
    url: string,
    init: { method?: string; body?: URLSearchParams; headers?: Readonly<Record<string, string>> },
  ): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...init.headers, ...(cookie === '' ? {} : { cookie }) }
    const response = await fetch(new URL(url, origin), { ...init, redirect: 'manual', headers })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return response
  }
  return {
    get: (url) => send(url, {}),
    post: (url, form, headers = {}) => send(url, { method: 'POST', body: new URLSearchParams(form), headers: { origin, ...headers } }),
  }
}
