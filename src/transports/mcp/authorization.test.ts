import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import { fieldsOf, firstPerson, mcpRequest, registerApp, testHub, textOf, type Browser, type TestHub } from '#test'

const redirectUrl = 'https://client.example/callback'

interface Provider extends OAuthClientProvider {
  readonly sent: URL[]
  readonly kept: { client?: StoredOAuthClientInformation; tokens?: StoredOAuthTokens }
}

/** What the official client keeps of an authorization, and where it sends its person. */
function createProvider(): Provider {
  const sent: URL[] = []
  const kept: Provider['kept'] = {}
  let verifier = ''
  let found: OAuthDiscoveryState | undefined
  return {
    sent,
    kept,
    redirectUrl,
    clientMetadata: { client_name: 'Official client', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (url) => void sent.push(url),
    saveCodeVerifier: (text) => void (verifier = text),
    codeVerifier: () => verifier,
    saveDiscoveryState: (state) => void (found = state),
    discoveryState: () => found,
  }
}

suite('signing in instead of a token', () => {
  let hub: TestHub
  let address = ''
  let ada: Browser
  before(async () => {
    hub = await testHub()
    address = await hub.address()
    ada = await firstPerson(hub)
  })
  after(() => hub[Symbol.asyncDispose]())

  /** The person allows what the client asks for at the address that it opened. */
  const allowAt = async (url: URL): Promise<URLSearchParams> => {
    assert.equal(url.origin, address)
    const asks = await ada.call('GET', url.href)
    const page = await ada.call('GET', asks.headers.get('location')!)
    assert.match(page.text, /Official client/)
    const answer = await ada.form('/oauth/consent', { ...fieldsOf(page.text), decision: 'allow' })
    const back = new URL(answer.headers.get('location')!)
    assert.equal(back.origin + back.pathname, redirectUrl)
    return back.searchParams
  }

  for (const mode of ['legacy', { pin: '2026-07-28' }] as const)
    test(`the official client finds the way by itself, asks again for a scope, and refreshes: ${JSON.stringify(mode)}`, async () => {
      const provider = createProvider()
      const url = new URL(`${address}/mcp`)
      const connected = async (): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> => {
        const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
        const transport = new StreamableHTTPClientTransport(url, { authProvider: provider })
        try {
          await client.connect(transport)
        } catch (error) {
          assert.ok(error instanceof UnauthorizedError, String(error))
          await transport.finishAuth(await allowAt(provider.sent.at(-1)!))
          return connected()
        }
        return { client, transport }
      }
      const { client, transport } = await connected()
      assert.equal(provider.sent.length, 1)
      assert.equal(provider.sent[0]!.searchParams.get('scope'), 'tools:call')
      assert.equal(provider.sent[0]!.searchParams.get('resource'), `${address}/mcp`)
      assert.ok((await client.listTools()).tools.length > 0)

      // A tool that needs a scope which the app was not allowed.
      const call = { name: 'hub_list_integrations', arguments: {} }
      await assert.rejects(client.callTool(call), UnauthorizedError)
      assert.deepEqual(new Set(provider.sent[1]!.searchParams.get('scope')!.split(' ')), new Set(['tools:call', 'integrations:read']))
      await transport.finishAuth(await allowAt(provider.sent[1]!))
      assert.match(textOf(await client.callTool(call)), /items/)

      const before = provider.kept.tokens!
      await fetch(`${address}/oauth/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: before.access_token, client_id: provider.kept.client!.client_id }),
      })
      assert.match(textOf(await client.callTool(call)), /items/)
      assert.notEqual(provider.kept.tokens!.access_token, before.access_token)
      assert.equal(provider.sent.length, 2)
      await client.close()
    })

  test('a hub says where to sign in under every address where clients look', async () => {
    const metadata = async (path: string): Promise<Record<string, unknown>> => {
      const response = await fetch(address + path)
      assert.equal(response.status, 200, path)
      return (await response.json()) as Record<string, unknown>
    }
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/mcp',
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/mcp',
      '/mcp/.well-known/openid-configuration',
    ]) {
      const { issuer, code_challenge_methods_supported: methods, ...more } = await metadata(path)
      assert.deepEqual([issuer, methods], [address, ['S256']])
      // There are no ID tokens. Only the form of OpenID needs an answer to that.
      assert.deepEqual(more['id_token_signing_alg_values_supported'], path.includes('openid') ? [] : undefined)
    }
    const resource = await metadata('/.well-known/oauth-protected-resource/mcp?toolset=http')
    assert.deepEqual([resource['resource'], resource['authorization_servers']], [`${address}/mcp?toolset=http`, [address]])
  })

  test('an app that was allowed a scope which its person then loses cannot use it, and one whose person is no member any more is refused', async () => {
    const app = await registerApp(address, { redirect_uris: ['https://app.example/callback'] })
    const { access_token: token, refresh_token } = await app.tokens(ada)
    assert.ok((await mcpRequest(address, { token, method: 'tools/list' })).result)
    const call = { token, method: 'tools/call', params: { name: 'http_request', arguments: { path: '/' } } }
    await hub.hub.db.pool.query('update hub.people set hub_admin = false')
    await hub.hub.db.pool.query(`update hub.members set role = 'viewer'`)
    const until = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
      const end = Date.now() + 1000
      while (!(await isTrue())) assert.ok(Date.now() < end, what)
    }
    await until('the lost scope has no effect', async () => /scope_missing/.test(JSON.stringify(await mcpRequest(address, call))))
    await hub.hub.db.pool.query('delete from hub.members')
    await until('it is refused', async () => /token_invalid/.test(JSON.stringify(await mcpRequest(address, call))))
    assert.equal((await app.token({ grant_type: 'refresh_token', refresh_token })).error, 'invalid_grant')
  })
})
