import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { firstPerson, idOf, invited, oauthHub, simpleBrowser } from '#test'
import { authorizeAs } from '../standins/authorize-as.ts'

const codeOf = (answer: { statusCode: number; json: () => unknown }): [number, string] => [
  answer.statusCode,
  (answer.json() as { code: string }).code,
]

const evil = 'https://evil.example'
const past = new Date(Date.now() - 60_000).toISOString()
const ownTokens = { access_token: 'of-the-caller', refresh_token: 'of-the-caller-too', expires_at: past }

suite('a token that may change integrations, and not credentials,', () => {
  test('cannot lead the secret of an application, or the tokens of a person, to addresses of its own', async () => {
    await using setup = await oauthHub()
    const { hub } = setup
    await hub.call('PUT', '/api/v1/credentials/jira-oauth-app', { data: { client_id: 'jira', client_secret: 'secret-of-jira' } })
    const { token } = (await hub.call('POST', '/api/v1/tokens', { name: 'narrow', scopes: ['integrations:write'] })).json<{
      token: string
    }>()
    const narrow = hub.with({ token })
    const made = [
      {
        integration_type: 'http',
        auth_type: 'oauth2',
        credential: ownTokens,
        config: { base_url: evil, oauth: { token_url: `${evil}/t` } },
      },
      {
        integration_type: 'http',
        auth_type: 'oauth2',
        config: { base_url: evil, oauth: { token_url: `${evil}/t`, revoke_url: `${evil}/r` } },
      },
      { integration_type: 'jira', auth_type: 'oauth2', credential: ownTokens, config: { base_url: 'https://x.example', auth_url: evil } },
      { integration_type: 'jira', auth_type: 'oauth2', config: { base_url: 'https://x.example', gateway_url: evil } },
      { integration_type: 'github', auth_type: 'oauth2', config: { api_url: `${evil}/api/v3` } },
    ]
    for (const body of made)
      assert.deepEqual(
        codeOf(await narrow.call('POST', '/api/v1/integrations', { name: 'led', ...body })),
        [403, 'scope_missing'],
        JSON.stringify(body),
      )
    const changes = [
      { base_url: evil },
      { oauth: { authorize_url: setup.server.endpoints.authorization, token_url: `${evil}/t` } },
      { oauth: { authorize_url: setup.server.endpoints.authorization, token_url: setup.server.endpoints.token, client: 'jira-oauth-app' } },
    ]
    for (const config of changes)
      assert.deepEqual(
        codeOf(await narrow.call('PATCH', '/api/v1/integrations/api', { config })),
        [403, 'scope_missing'],
        JSON.stringify(config),
      )
    // First an integration that nobody connects by OAuth, then one that is.
    const plain = {
      name: 'plain',
      integration_type: 'http',
      auth_type: 'none',
      config: { base_url: evil, oauth: { token_url: `${evil}/t` } },
    }
    assert.equal((await narrow.call('POST', '/api/v1/integrations', plain)).statusCode, 201)
    assert.deepEqual(codeOf(await narrow.call('PATCH', '/api/v1/integrations/plain', { auth_type: 'oauth2', credential: ownTokens })), [
      403,
      'scope_missing',
    ])
    // What it may do: name nothing, or rename.
    assert.equal((await narrow.call('POST', '/api/v1/integrations', { integration_type: 'github', auth_type: 'oauth2' })).statusCode, 201)
    assert.equal((await narrow.call('PATCH', '/api/v1/integrations/api', { name: 'renamed' })).statusCode, 200)
  })
})

suite('a link', () => {
  test('does not lead a token to an address of the API that was written after it was made', async () => {
    await using setup = await oauthHub()
    const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    const { pathname } = new URL(made.url)
    const browser = simpleBrowser(setup.address)
    const authorize = (await browser.post(pathname, {})).headers.get('location')!
    const second = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    assert.equal((await setup.hub.call('PATCH', '/api/v1/integrations/api', { config: { base_url: evil } })).statusCode, 200)
    assert.equal((await browser.post(new URL(second.url).pathname, {})).status, 410)
    const end = await browser.get(await authorizeAs(authorize, { account: 'ada' }))
    assert.match(await end.text(), /were changed meanwhile/)
    assert.equal((await setup.integration()).connection.state, 'not_connected')
  })

  test('that is revoked ends what somebody began with it', async () => {
    await using setup = await oauthHub()
    const made = (await setup.hub.call('POST', '/api/v1/integrations/api/connect', {})).json<{ id: string; url: string }>()
    const browser = simpleBrowser(setup.address)
    const authorize = (await browser.post(new URL(made.url).pathname, {})).headers.get('location')!
    assert.equal((await setup.hub.call('DELETE', `/api/v1/connections/${made.id}`)).statusCode, 204)
    const end = await browser.get(await authorizeAs(authorize, { account: 'ada' }))
    assert.match(await end.text(), /Cancelled/)
    assert.equal((await setup.integration()).connection.state, 'not_connected')
  })

  test('of a person ends with their role', async () => {
    await using setup = await oauthHub()
    const ada = await firstPerson(setup.hub)
    const grace = await invited(ada, setup.address, { name: 'Grace', role: 'admin' })
    const made = (await grace.call('POST', '/api/v1/integrations/api/connect', {})).json() as { url: string }
    const { pathname } = new URL(made.url)
    const browser = simpleBrowser(setup.address)
    assert.equal((await browser.get(pathname)).status, 200)
    assert.equal((await ada.call('PATCH', `/api/v1/members/${await idOf(grace)}`, { role: 'viewer' })).status, 200)
    assert.equal((await browser.post(pathname, {})).status, 410)
  })

  test('is made only under names of the hub', async () => {
    await using setup = await oauthHub()
    const elsewhere = setup.hub.with({ headers: { host: 'evil.example' } })
    const refused = await elsewhere.call('POST', '/api/v1/integrations/api/connect', { return_url: 'http://evil.example/phish' })
    assert.deepEqual(codeOf(refused), [403, 'redirect_refused'])
    const made = (await elsewhere.call('POST', '/api/v1/integrations/api/connect', {})).json<{ url: string }>()
    assert.ok(!made.url.includes('evil'), made.url)
  })
})

test('those who ask about a device code at the same time end in one connection', async () => {
  await using setup = await oauthHub()
  const attempt = (await setup.hub.call('POST', '/api/v1/integrations/api/connect/device', {})).json<{
    id: string
    verification_uri: string
    interval_seconds: number
  }>()
  await authorizeAs(attempt.verification_uri, { account: 'ada' })
  await new Promise((resolve) => setTimeout(resolve, attempt.interval_seconds * 1000 + 100))
  const look = () => setup.hub.call('GET', `/api/v1/connections/${attempt.id}`)
  await Promise.all(Array.from({ length: 8 }, look))
  assert.equal((await look()).json<{ status: string }>().status, 'connected')
  assert.equal(setup.server.asked['urn:ietf:params:oauth:grant-type:device_code'], 1)
})
