import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { oauthHub, simpleBrowser, type OAuthHub } from '#test'
import { until } from '#test/faults'
import { authorizeAs } from '../standins/authorize-as.ts'

interface Connection {
  readonly status: string
  readonly problem: { code: string; detail: string; hint?: string } | null
}

const codeOf = (answer: { json: () => unknown }): string => (answer.json() as { code: string }).code

async function nothingStored(setup: OAuthHub): Promise<void> {
  const { credential, connection } = await setup.integration()
  assert.deepEqual([credential, connection.state], [null, 'not_connected'])
  const { items } = (await setup.hub.call('GET', '/api/v1/credentials')).json<{ items: { name: string }[] }>()
  assert.deepEqual(
    items.map(({ name }) => name),
    ['http-oauth-app'],
  )
}

suite('a person connects an integration', () => {
  test('by a link, and a tool acts with their account', async () => {
    await using setup = await oauthHub()
    const { hub } = setup
    const before = await setup.call()
    assert.deepEqual([before.statusCode, codeOf(before)], [409, 'not_connected'])
    const end = await setup.connect()
    assert.equal(end.status, 200, end.text)
    assert.match(end.text, /Connected/)
    assert.equal((await setup.integration()).connection.state, 'connected')
    const state = await hub.call('GET', `/api/v1/connections/${end.link}`)
    assert.equal(state.json<Connection>().status, 'connected')
    const called = await setup.call()
    assert.equal(called.statusCode, 200)
    assert.equal(called.json<{ output: { body: { account: string } } }>().output.body.account, 'ada')
    const { items } = (await hub.call('GET', '/api/v1/audit?limit=20')).json<{ items: { action: string }[] }>()
    assert.ok(items.some(({ action }) => action === 'integration.connected'))
  })

  test('with a code for a device, which the hub asks for no more often than the provider allows', async () => {
    await using setup = await oauthHub()
    const begun = await setup.hub.call('POST', '/api/v1/integrations/api/connect/device', {})
    assert.equal(begun.statusCode, 201, begun.body)
    const attempt = begun.json<Connection & { id: string; user_code: string; verification_uri: string; interval_seconds: number }>()
    assert.deepEqual(Object.keys(attempt).length, 10)
    await authorizeAs(attempt.verification_uri, { account: 'ada' })
    const ended = await until('the device is connected', async () => {
      const now = (await setup.hub.call('GET', `/api/v1/connections/${attempt.id}`)).json<Connection>()
      return now.status !== 'waiting' && now
    })
    assert.equal(ended.status, 'connected', JSON.stringify(ended))
    assert.ok(setup.server.asked['urn:ietf:params:oauth:grant-type:device_code']! <= 3)
    assert.equal((await setup.call()).statusCode, 200)
  })

  test('again, which keeps the integration and its name', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    const before = await setup.integration()
    await setup.connect({ account: 'grace' })
    const after = await setup.integration()
    assert.equal(after.id, before.id)
    assert.equal((await setup.call()).json<{ output: { body: { account: string } } }>().output.body.account, 'grace')
  })

  test('and its deletion takes the permission back at the provider', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    const { items } = (await setup.hub.call('GET', '/api/v1/credentials')).json<{ items: { name: string }[] }>()
    const own = items.find(({ name }) => name.startsWith('integration-'))!
    const { workspaceId } = await setup.hub.hub.access.operator('test')
    const { access_token: token } = (await setup.hub.hub.credentials.read(workspaceId, own.name))!
    const api = (): Promise<Response> => fetch(setup.server.endpoints.api, { headers: { authorization: `Bearer ${String(token)}` } })
    assert.equal((await api()).status, 200)
    assert.equal((await setup.hub.call('DELETE', '/api/v1/integrations/api')).statusCode, 204)
    assert.equal((await api()).status, 401)
  })
})

suite('nothing is stored when', () => {
  test('the person refuses, and the page says so', async () => {
    await using setup = await oauthHub()
    const end = await setup.connect({ deny: true })
    assert.match(end.text, /Not allowed/)
    assert.match(end.text, /Nothing was stored/)
    await nothingStored(setup)
    const state = (await setup.hub.call('GET', `/api/v1/connections/${end.link}`)).json<Connection>()
    assert.deepEqual([state.status, state.problem!.code], ['denied', 'oauth_denied'])
    assert.ok(state.problem!.hint)
  })

  test('the provider gives fewer rights than were asked for', async () => {
    await using setup = await oauthHub({ granted: ['read'] })
    const end = await setup.connect()
    assert.match(end.text, /missing: write/)
    await nothingStored(setup)
  })

  test('the provider gives no refresh token for a token that expires', async () => {
    await using setup = await oauthHub({ refreshTokens: 'never' })
    const end = await setup.connect()
    assert.match(end.text, /no refresh token/)
    await nothingStored(setup)
  })

  for (const fault of ['error', 'invalid-grant', 'malformed', 'rate-limited', 'lost'] as const) {
    test(`the token endpoint fails: ${fault}`, async () => {
      await using setup = await oauthHub()
      setup.server.tokenFaults.next = fault
      const end = await setup.connect()
      assert.equal(end.status, 502)
      assert.match(end.text, /Not connected/)
      await nothingStored(setup)
      const { problem } = (await setup.hub.call('GET', `/api/v1/connections/${end.link}`)).json<Connection>()
      assert.ok(problem?.hint, JSON.stringify(problem))
    })
  }
})

suite('the way back from the provider', () => {
  /** A person at the provider's door: what the hub made, and where the provider sends them back to. */
  async function atTheDoor(setup: OAuthHub) {
    const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ id: string; url: string }>()
    const browser = simpleBrowser(setup.address)
    const { pathname } = new URL(made.url)
    const sent = await browser.post(pathname, {})
    const authorize = sent.headers.get('location')!
    return { browser, pathname, link: made.id, authorize, back: await authorizeAs(authorize, { account: 'ada' }) }
  }

  test('is open once: the same answer again, a wrong state and another browser get nothing', async () => {
    await using setup = await oauthHub()
    const { browser, back } = await atTheDoor(setup)
    const wrong = new URL(back)
    wrong.searchParams.set('state', 'A'.repeat(43))
    const other = simpleBrowser(setup.address)
    for (const [who, url] of [
      [browser, wrong.href],
      [browser, `${setup.address}/oauth/callback`],
      [browser, `${setup.address}/oauth/callback?state=&code=x`],
    ] as const) {
      const refused = await who.get(url)
      assert.equal(refused.status, 404)
      assert.match(await refused.text(), /attempt_unknown/)
    }
    const stolen = await other.get(back)
    assert.equal(stolen.status, 404, 'a browser that did not begin it')
    await nothingStored(setup)
    // The attempt was spent by the foreign browser: whoever has the code may be an attacker.
    assert.equal((await browser.get(back)).status, 404)

    const again = await atTheDoor(setup)
    assert.equal((await again.browser.get(again.back)).status, 200)
    assert.equal((await again.browser.get(again.back)).status, 404)
    assert.equal(setup.server.asked['authorization_code'], 1)
  })

  test('is closed after ten minutes', async () => {
    await using setup = await oauthHub()
    const { browser, back } = await atTheDoor(setup)
    await setup.hub.hub.db.sql
      .updateTable('oauthAttempts')
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .execute()
    assert.equal((await browser.get(back)).status, 404)
    await nothingStored(setup)
  })

  test('ends an attempt that was cancelled meanwhile without storing anything', async () => {
    await using setup = await oauthHub()
    const { browser, back } = await atTheDoor(setup)
    const { items } = { items: await setup.hub.hub.db.sql.selectFrom('oauthAttempts').select('id').execute() }
    assert.equal((await setup.hub.call('DELETE', `/api/v1/connections/${items[0]!.id}`)).statusCode, 204)
    const page = await browser.get(back)
    assert.match(await page.text(), /Cancelled/)
    await nothingStored(setup)
  })

  test('leads nowhere when whoever made the link has lost their rights', async () => {
    await using setup = await oauthHub()
    const { hub } = setup
    const token = (await hub.call('POST', '/api/v1/tokens', { name: 'maker', scopes: ['integrations:write', 'credentials:write'] })).json<{
      id: string
      token: string
    }>()
    const made = (await hub.with({ token: token.token }).call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    const browser = simpleBrowser(setup.address)
    const { pathname } = new URL(made.url)
    const authorize = (await browser.post(pathname, {})).headers.get('location')!
    const back = await authorizeAs(authorize, { account: 'ada' })
    await hub.call('DELETE', `/api/v1/tokens/${token.id}`)
    const end = await browser.get(back)
    assert.match(await end.text(), /may not connect any more/)
    await nothingStored(setup)
  })
})

suite('a link', () => {
  test('is used once, can be revoked, and refuses a form of another site', async () => {
    await using setup = await oauthHub()
    const make = async () => {
      const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ id: string; url: string }>()
      return { id: made.id, path: new URL(made.url).pathname }
    }
    const browser = simpleBrowser(setup.address)
    const { id, path } = await make()
    const foreign = await browser.post(path, {}, { origin: 'https://evil.example' })
    assert.equal(foreign.status, 403)
    assert.equal((await browser.post(path, {})).status, 303)
    assert.equal((await browser.post(path, {})).status, 410)
    assert.equal((await browser.get(path)).status, 410)
    assert.equal((await setup.hub.call('GET', `/api/v1/connections/${id}`)).json<Connection>().status, 'waiting')

    const revoked = await make()
    assert.equal((await setup.hub.call('DELETE', `/api/v1/connections/${revoked.id}`)).statusCode, 204)
    assert.equal((await browser.get(revoked.path)).status, 410)
    assert.equal((await browser.get(`/connect/${'x'.repeat(43)}`)).status, 410)
  })

  test('does not lead to a provider that was put into the integration after it was made', async () => {
    await using setup = await oauthHub()
    const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    const changed = await setup.hub.call('PATCH', '/api/v1/integrations/api', {
      config: { oauth: { authorize_url: 'https://evil.example/a', token_url: 'https://evil.example/t' } },
    })
    assert.equal(changed.statusCode, 200, changed.body)
    assert.equal((await simpleBrowser(setup.address).post(new URL(made.url).pathname, {})).status, 410)
  })

  test('is made only for rights that its maker has, and leads back only to our own addresses', async () => {
    await using setup = await oauthHub({}, { HUB_CORS_ORIGINS: 'https://app.example.com' })
    const connect = (token: string | undefined, body: object) =>
      setup.hub.with(token === undefined ? {} : { token }).call('POST', '/api/v1/integrations/api/connect', body)
    const weak = (await setup.hub.call('POST', '/api/v1/tokens', { name: 'weak', scopes: ['integrations:write'] })).json<{
      token: string
    }>()
    const refused = await connect(weak.token, {})
    assert.deepEqual([refused.statusCode, codeOf(refused)], [403, 'scope_missing'], 'the config names the address that gets the secret')
    for (const return_url of ['https://evil.example/', 'http://localhost.evil.example', 'https://app.example.com.evil.example/']) {
      const answer = await connect(undefined, { return_url })
      assert.deepEqual([answer.statusCode, codeOf(answer)], [403, 'redirect_refused'], return_url)
    }
    assert.equal((await connect(undefined, { return_url: 'https://app.example.com/done' })).statusCode, 201)
    assert.equal((await connect(undefined, { return_url: 'javascript:alert(1)' })).statusCode, 400)
  })

  test('lets an application connect its own users, whose accounts are used only by name', async () => {
    await using setup = await oauthHub()
    const { hub } = setup
    const { config } = (await hub.call('GET', '/api/v1/integrations/api')).json<{ config: object }>()
    await setup.connect({ account: 'ada' })
    const make = (user: string) =>
      hub.call('POST', '/api/v1/integrations', {
        name: `api-${user}`,
        integration_type: 'http',
        auth_type: 'oauth2',
        config,
        external_user: user,
      })
    for (const user of ['42', '43']) assert.equal((await make(user)).statusCode, 201)
    const twice = await hub.call('POST', '/api/v1/integrations', {
      name: 'again',
      integration_type: 'http',
      auth_type: 'oauth2',
      config,
      external_user: '42',
    })
    assert.deepEqual([twice.statusCode, codeOf(twice)], [409, 'already_exists'])
    await setup.connect({ integration: 'api-42', account: 'grace' })
    const accountOf = async (integration: string | undefined) => {
      const answer = await hub.call('POST', '/api/v1/tools/http_request/invoke', {
        input: { path: '/me' },
        ...(integration ? { integration } : {}),
      })
      return answer.statusCode === 200 ? answer.json<{ output: { body: { account: string } } }>().output.body.account : codeOf(answer)
    }
    assert.equal(await accountOf(undefined), 'ada')
    assert.equal(await accountOf('user:42'), 'grace')
    assert.equal(await accountOf('user:43'), 'not_connected')
    assert.equal(await accountOf('user:44'), 'integration_unknown')
    const named = await hub.call('POST', '/api/v1/integrations', {
      name: 'user:44',
      integration_type: 'http',
      config: { base_url: 'https://x.example' },
    })
    assert.equal(named.statusCode, 400)
  })
})
