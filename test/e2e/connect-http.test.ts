import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { connectByLink, expireGrant, storedGrant, testHub, type TestHub } from '#test'
import { upstream, type RecordedRequest, type Upstream } from '#kit/testing'

const client = { id: 'odd client', secret: 'secret:of the odd client' }

interface OddProvider extends Upstream {
  /** Ends every access token that was given before. */
  endTokens(): void
  readonly asked: readonly Record<string, string>[]
}

/** A provider that does everything in another way than the standard says: its tokens are deep in the answer, its scopes have commas, its bodies are JSON. */
async function oddProvider(): Promise<OddProvider> {
  const living = new Set<string>()
  const refreshable = new Set<string>()
  const codes = new Map<string, URLSearchParams>()
  const asked: Record<string, string>[] = []
  let count = 0

  const token = ({ headers, json }: RecordedRequest) => {
    const fields = (json ?? {}) as Record<string, string>
    asked.push(fields)
    const refused = (error: string) => ({ status: 200, body: { error: { message: error }, ok: false } })
    if (!headers['content-type']?.includes('json') || headers.authorization !== undefined) return refused('not as this provider wants it')
    if (fields['client_id'] !== client.id || fields['client_secret'] !== client.secret)
      return { status: 401, body: { error: 'invalid_client' } }
    if (fields['audience'] !== 'the-api') return refused('no audience')
    const { grant_type: grant, code = '', refresh_token: refresh = '' } = fields
    if (grant === 'authorization_code' && !codes.delete(code)) return { status: 400, body: { error: 'invalid_grant' } }
    if (grant === 'refresh_token' && !refreshable.delete(refresh)) return { status: 400, body: { error: 'invalid_grant' } }
    const [access, next] = [`odd-access-${++count}-0123456789`, `odd-refresh-${count}-0123456789`]
    living.add(access)
    const person = grant === 'client_credentials' ? {} : { refresh_token: next, scope: 'read,write' }
    if (grant !== 'client_credentials') refreshable.add(next)
    return { body: { ok: true, data: { auth: { access_token: access, expires_in: 600, ...person } } } }
  }

  const server = await upstream((request) => {
    const { path, query } = request
    if (path === '/authorize') {
      codes.set(`code-${codes.size}`, query)
      const back = new URL(query.get('redirect_uri')!)
      back.search = new URLSearchParams({ code: `code-${codes.size - 1}`, state: query.get('state')! }).toString()
      return { status: 302, headers: { location: back.href } }
    }
    if (path === '/token') return token(request)
    if (path === '/api/me') return living.has(query.get('key') ?? '') ? { body: { account: 'odd' } } : { status: 401, body: {} }
    return { status: 404, body: {} }
  })
  return Object.assign(server, { asked, endTokens: () => living.clear() })
}

interface Setup extends AsyncDisposable {
  readonly hub: TestHub
  readonly provider: OddProvider
}

async function setup(authType: 'oauth2' | 'oauth2_client_credentials', secret = client.secret): Promise<Setup> {
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' }))
  const provider = stack.use(await oddProvider())
  const stored = await hub.call('PUT', '/api/v1/credentials/odd-app', { data: { client_id: client.id, client_secret: secret } })
  assert.equal(stored.statusCode, 200, stored.body)
  const made = await hub.call('POST', '/api/v1/integrations', {
    name: 'odd',
    integration_type: 'http',
    auth_type: authType,
    ...(authType === 'oauth2' ? {} : { credential: 'odd-app' }),
    config: {
      base_url: `${provider.url}/api`,
      rate_limit_per_minute: 100_000,
      oauth: {
        authorize_url: `${provider.url}/authorize`,
        token_url: `${provider.url}/token`,
        client: 'odd-app',
        scopes: ['read', 'write'],
        scope_separator: ',',
        pkce: false,
        client_authentication: 'body',
        token_body: 'json',
        authorize_parameters: { access_type: 'offline' },
        token_parameters: { audience: 'the-api' },
        tokens_at: 'data.auth',
        send_token: { in: 'query', name: 'key' },
      },
    },
  })
  assert.equal(made.statusCode, 201, made.body)
  const owned = stack.move()
  return { hub, provider, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const call = ({ hub }: Setup) => hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/me' }, integration: 'odd' })
const codeOf = (answer: { json: () => unknown }): string => (answer.json() as { code: string }).code

suite('a provider with a way of its own', () => {
  test('is connected as its config describes, renewed, and its token is hidden where a URL is shown', async () => {
    await using given = await setup('oauth2')
    const { hub, provider } = given
    const end = await connectByLink(hub, { address: await hub.address(), integration: 'odd' })
    assert.equal(end.status, 200, end.text)
    const { query } = provider.requests.find(({ path }) => path === '/authorize')!
    assert.deepEqual([query.get('scope'), query.get('access_type'), query.get('code_challenge')], ['read,write', 'offline', null])
    assert.equal((await call(given)).statusCode, 200)
    const first = await storedGrant(hub, 'odd')
    await expireGrant(hub, first)
    const called = await call(given)
    assert.equal(called.statusCode, 200)
    const second = await storedGrant(hub, 'odd')
    assert.notEqual(second.data['refresh_token'], first.data['refresh_token'])
    assert.deepEqual(
      provider.asked.map(({ grant_type }) => grant_type),
      ['authorization_code', 'refresh_token'],
    )
    const api = provider.requests.filter(({ path }) => path === '/api/me')
    assert.deepEqual(
      api.map(({ query: sent, headers }) => [sent.get('key'), headers.authorization]),
      [first, second].map(({ data }) => [data['access_token'], undefined]),
    )

    // The URL of a failed request contains the token.
    const preview = await hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/none' }, integration: 'odd' })
    assert.equal(preview.statusCode >= 400, true)
    assert.ok(!preview.body.includes('odd-access'))
  })

  test('says what it refuses, and nothing is stored', async () => {
    await using given = await setup('oauth2', 'a wrong secret of the client')
    const { hub } = given
    const end = await connectByLink(hub, { address: await hub.address(), integration: 'odd' })
    assert.match(end.text, /invalid_client/)
    assert.ok(!end.text.includes('a wrong secret'))
    assert.equal(
      (await hub.call('GET', '/api/v1/integrations/odd')).json<{ connection: { state: string } }>().connection.state,
      'not_connected',
    )
  })
})

suite('client credentials', () => {
  test('buy a token that calls share, and another one when it is refused', async () => {
    await using given = await setup('oauth2_client_credentials')
    const { provider } = given
    for (let index = 0; index < 3; index++) assert.equal((await call(given)).statusCode, 200)
    assert.deepEqual(provider.asked, [
      { grant_type: 'client_credentials', scope: 'read,write', client_id: client.id, client_secret: client.secret, audience: 'the-api' },
    ])
    provider.endTokens()
    assert.equal((await call(given)).statusCode, 200)
    assert.equal(provider.asked.length, 2)
    assert.equal((await call(given)).statusCode, 200)
    assert.equal(provider.asked.length, 2)
  })

  test('buy one token for calls that begin together', async () => {
    await using given = await setup('oauth2_client_credentials')
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(given)))
    assert.deepEqual([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
    assert.equal(given.provider.asked.length, 1)
  })

  test('that are refused fail the call, say so, and show no secret', async () => {
    await using given = await setup('oauth2_client_credentials', 'a wrong secret of the client')
    const answer = await call(given)
    assert.equal(codeOf(answer), 'vendor_unauthorized', answer.statusCode.toString())
    assert.ok(!JSON.stringify(answer.json()).includes('a wrong secret'))
    assert.equal(given.provider.requests.filter(({ path }) => path === '/api/me').length, 0)
  })
})
