import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { browserAt, connectByLink, expireGrant, firstPerson, storedGrant, testHub, type Browser, type TestHub } from '#test'
import { freePort, until } from '#test/faults'
import { authorizeAs } from '../standins/authorize-as.ts'
import { keycloak, missingKeycloak, type Keycloak } from '../standins/keycloak.ts'

const missing = await missingKeycloak()

const codeOf = (answer: { json: () => unknown }): string => (answer.json() as { code: string }).code

suite('at a real Keycloak', { skip: missing ?? false }, () => {
  let server: Keycloak
  let hub: TestHub
  let address: string
  let signInPort: number

  before(async () => {
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    signInPort = await freePort()
    server = await keycloak({
      redirectUris: [`${address}/oauth/callback`],
      signInRedirectUris: [`http://127.0.0.1:${signInPort}/auth/callback/sso`],
    })
    hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
    await hub.address(port)
    for (const [name, { id: client_id, secret: client_secret }] of [
      ['http-oauth-app', server.clients.api],
      ['keycloak-devices', server.clients.device],
    ] as const) {
      const stored = await hub.call('PUT', `/api/v1/credentials/${name}`, { data: { client_id, client_secret } })
      assert.equal(stored.statusCode, 200, stored.body)
    }
  })
  after(async () => {
    await hub?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  async function makeIntegration(name: string, more: object = {}): Promise<void> {
    const base = `${server.issuer}/protocol/openid-connect`
    const made = await hub.call('POST', '/api/v1/integrations', {
      name,
      integration_type: 'http',
      auth_type: 'oauth2',
      config: {
        base_url: base,
        oauth: {
          authorize_url: `${base}/auth`,
          token_url: `${base}/token`,
          device_url: `${base}/auth/device`,
          revoke_url: `${base}/revoke`,
          scopes: ['openid', 'email'],
          ...more,
        },
      },
    })
    assert.equal(made.statusCode, 201, made.body)
  }

  const whoAmI = (integration: string) =>
    hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/userinfo' }, integration })
  const emailOf = (answer: Awaited<ReturnType<typeof whoAmI>>): string =>
    answer.json<{ output: { body: { email: string } } }>().output.body.email
  const opens = async (token: unknown): Promise<boolean> =>
    (await fetch(`${server.issuer}/protocol/openid-connect/userinfo`, { headers: { authorization: `Bearer ${String(token)}` } })).ok

  test('an integration is connected by a person, whose refresh token is used once, and the deletion takes everything back', async () => {
    await makeIntegration('by-code')
    const end = await connectByLink(hub, { address, integration: 'by-code' })
    assert.equal(end.status, 200, end.text)
    const called = await whoAmI('by-code')
    assert.equal(called.statusCode, 200, called.body)
    assert.equal(emailOf(called), 'ada@example.com')

    const first = await storedGrant(hub, 'by-code')
    await expireGrant(hub, first)
    assert.equal((await whoAmI('by-code')).statusCode, 200)
    const second = await storedGrant(hub, 'by-code')
    assert.notEqual(second.data['refresh_token'], first.data['refresh_token'])
    assert.ok(await opens(second.data['access_token']))
    assert.equal((await hub.call('DELETE', '/api/v1/integrations/by-code')).statusCode, 204)
    assert.equal(await opens(second.data['access_token']), false)
  })

  test('an older refresh token, and a permission that an administrator ended, ask for a person', async () => {
    await makeIntegration('ended')
    await connectByLink(hub, { address, integration: 'ended' })
    const first = await storedGrant(hub, 'ended')
    await expireGrant(hub, first)
    assert.equal((await whoAmI('ended')).statusCode, 200)
    const second = await storedGrant(hub, 'ended')
    await expireGrant(hub, { ...second, data: { ...second.data, refresh_token: first.data['refresh_token'] } })
    assert.equal(codeOf(await whoAmI('ended')), 'reconnect_needed')

    await connectByLink(hub, { address, integration: 'ended' })
    assert.equal((await whoAmI('ended')).statusCode, 200)
    await server.logOut('ada')
    assert.equal(codeOf(await whoAmI('ended')), 'reconnect_needed')
  })

  test('an integration is connected by a code for a device', async () => {
    await makeIntegration('by-device', { client: 'keycloak-devices' })
    const begun = await hub.call('POST', '/api/v1/integrations/by-device/connect/device', {})
    assert.equal(begun.statusCode, 201, begun.body)
    const { id, verification_uri: uri } = begun.json<{ id: string; verification_uri: string }>()
    await authorizeAs(uri, { account: 'ada' })
    const ended = await until('the device is connected', async () => {
      const now = (await hub.call('GET', `/api/v1/connections/${id}`)).json<{ status: string }>()
      return now.status !== 'waiting' && now
    })
    assert.equal(ended.status, 'connected', JSON.stringify(ended))
    assert.equal(emailOf(await whoAmI('by-device')), 'ada@example.com')
  })

  test('nothing is stored when the person refuses, and there is no way to Keycloak without the challenge that it wants', async () => {
    await makeIntegration('refused')
    // Keycloak does not ask ada again, who has allowed this client before.
    const denied = await connectByLink(hub, { address, integration: 'refused', account: 'eve', deny: true })
    assert.match(denied.text, /Not allowed/)
    const state = async (): Promise<unknown> => {
      const shown = (await hub.call('GET', '/api/v1/integrations/refused')).json<{ credential: unknown; connection: { state: string } }>()
      return [shown.credential, shown.connection.state]
    }
    assert.deepEqual(await state(), [null, 'not_connected'])
    await makeIntegration('without-challenge', { pkce: false })
    const end = await connectByLink(hub, { address, integration: 'without-challenge' })
    assert.match(end.text, /code_challenge_method/)
    assert.match(end.text, /Nothing was stored/)
  })

  test('people sign in who were invited under their address, and nobody whose address Keycloak has not verified', async () => {
    const { id, secret } = server.clients.signIn
    await using signOn = await testHub({ HUB_OIDC_ISSUER: server.issuer, HUB_OIDC_CLIENT_ID: id, HUB_OIDC_CLIENT_SECRET: secret })
    const home = await signOn.address(signInPort)
    const owner = await firstPerson(signOn, 'Owner')

    /** Where the browser arrives in the hub. */
    async function signIn(account: string, browser: Browser): Promise<string | null> {
      const way = { provider: 'sso', callbackURL: '/account', errorCallbackURL: '/sign-in' }
      const started = await browser.call('POST', '/auth/sign-in/social', way)
      assert.equal(started.status, 200, started.text)
      const back = new URL(await authorizeAs(String(started.json()['url']), { account }))
      assert.equal(back.origin, home)
      return (await browser.call('GET', back.pathname + back.search)).headers.get('location')
    }

    const stranger = browserAt(home)
    assert.match(String(await signIn('ada', stranger)), /error=invitation_needed/)
    assert.equal((await stranger.call('GET', '/api/v1/users/me')).status, 401)
    for (const { email } of Object.values(server.users))
      assert.equal((await owner.call('POST', '/api/v1/invitations', { email, role: 'member' })).status, 201)
    const ada = browserAt(home)
    assert.match(String(await signIn('ada', ada)), /\/account$/)
    const me = (await ada.call('GET', '/api/v1/users/me')).json()
    assert.deepEqual([me['email'], me['role']], [server.users.ada.email, 'member'])
    const eve = browserAt(home)
    assert.match(String(await signIn('eve', eve)), /error=email_not_verified/)
    assert.equal((await eve.call('GET', '/api/v1/users/me')).status, 401)
  })
})
