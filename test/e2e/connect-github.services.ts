import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Environment } from '#config'
import { connectByLink, expireGrant, nothingGranted, storedGrant, testHub, type TestHub } from '#test'
import { freePort } from '#test/faults'
import { githubStandIn, type GitHubStandIn } from '../standins/github.ts'

interface Setup extends AsyncDisposable {
  readonly hub: TestHub
  readonly github: GitHubStandIn
  readonly address: string
}

/** A hub and a GitHub that know each other's addresses. The environment names an OAuth App. */
async function setup(options: { readonly expiringTokens?: boolean } = {}, env: Environment = {}): Promise<Setup> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/oauth/callback`
  const github = stack.use(await githubStandIn({ redirectUris: [callback], appCallback: callback, ...options }))
  const hub = stack.use(
    await testHub({
      HUB_EGRESS_ALLOW: '127.0.0.1',
      GITHUB_API_URL: github.url,
      GITHUB_CLIENT_ID: github.oauth.clientId,
      GITHUB_CLIENT_SECRET: github.oauth.clientSecret,
      ...env,
    }),
  )
  const address = await hub.address(port)
  const owned = stack.move()
  return { hub, github, address, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

type Calling = Pick<TestHub, 'call'>

async function makeIntegration(hub: Calling, more: object = {}): Promise<void> {
  const made = await hub.call('POST', '/api/v1/integrations', { name: 'github', integration_type: 'github', auth_type: 'oauth2', ...more })
  assert.equal(made.statusCode, 201, made.body)
}

const readRepository = (hub: Calling) =>
  hub.call('POST', '/api/v1/tools/github_get_repository/invoke', { input: { owner: 'octocat', repo: 'hello-world' } })

const userStatus = async ({ url }: GitHubStandIn, token: unknown): Promise<number> =>
  (await fetch(`${url}/user`, { headers: { authorization: `Bearer ${String(token)}` } })).status

suite('an OAuth App of GitHub', () => {
  test('that the environment names acts as the person, renews what expires, and gives everything back at the end', async () => {
    await using given = await setup({ expiringTokens: true })
    const { hub, github, address } = given
    await makeIntegration(hub)
    const end = await connectByLink(hub, { address, integration: 'github', account: 'octocat' })
    assert.match(end.text, /Connected as octocat/)
    assert.equal((await readRepository(hub)).statusCode, 200)
    const first = await storedGrant(hub, 'github')
    assert.match(String(first.data['access_token']), /^ghu_/)

    await expireGrant(hub, first)
    const answers = await Promise.all([1, 2, 3].map(() => readRepository(hub)))
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [200, 200, 200],
    )
    assert.equal(github.seen.filter(({ path }) => path === '/login/oauth/access_token').length, 2)
    const second = await storedGrant(hub, 'github')
    assert.notEqual(second.data['refresh_token'], first.data['refresh_token'])
    assert.deepEqual(
      [await userStatus(github, first.data['access_token']), await userStatus(github, second.data['access_token'])],
      [401, 200],
    )

    assert.equal((await hub.call('DELETE', '/api/v1/integrations/github')).statusCode, 204)
    assert.equal(await userStatus(github, second.data['access_token']), 401)
  })

  test('whose refresh token GitHub ended asks for a person', async () => {
    await using given = await setup({ expiringTokens: true })
    const { hub, address } = given
    await makeIntegration(hub)
    await connectByLink(hub, { address, integration: 'github', account: 'octocat' })
    const grant = await storedGrant(hub, 'github')
    await expireGrant(hub, { ...grant, data: { ...grant.data, refresh_token: 'ghr_ended' } })
    const failed = await readRepository(hub)
    assert.deepEqual([failed.statusCode, failed.json<{ code: string }>().code], [409, 'reconnect_needed'])
  })

  test('that a credential of another workspace names serves that workspace alone', async () => {
    await using given = await setup({}, { GITHUB_CLIENT_ID: '', GITHUB_CLIENT_SECRET: '' })
    const { hub, github, address } = given
    await hub.call('POST', '/api/v1/workspaces', { name: 'team' })
    const team = hub.with({ headers: { 'hub-workspace': 'team' } })
    const { clientId: client_id, clientSecret: client_secret } = github.oauth
    assert.equal((await team.call('PUT', '/api/v1/credentials/github-oauth-app', { data: { client_id, client_secret } })).statusCode, 200)
    for (const caller of [hub, team]) await makeIntegration(caller, { config: { api_url: github.url } })
    const end = await connectByLink(team, { address, integration: 'github', account: 'octocat' })
    assert.equal(end.status, 200, end.text)
    const { data, version } = await storedGrant(hub, 'github', 'team')
    assert.match(String(data['access_token']), /^gho_/)
    assert.equal(data['refresh_token'], undefined)
    assert.ok(version >= 1)
    assert.equal((await readRepository(team)).statusCode, 200)

    assert.equal((await readRepository(hub)).json<{ code: string }>().code, 'not_connected')
    const { url } = (await hub.call('POST', '/api/v1/integrations/github/connect', {})).json<{ url: string }>()
    const refused = await fetch(`${address}${new URL(url).pathname}`, { method: 'POST', headers: { origin: address } })
    assert.match(await refused.text(), /oauth_client_missing/)
  })

  for (const [what, change] of [
    ['the person refuses', undefined],
    ['a code is not the one that GitHub gave', (back: URL) => back.searchParams.set('code', 'guessed')],
  ] as const)
    test(`stores nothing when ${what}`, async () => {
      await using given = await setup()
      const { hub, address } = given
      await makeIntegration(hub)
      const end = await connectByLink(hub, {
        address,
        integration: 'github',
        account: 'octocat',
        ...(change ? { change } : { deny: true }),
      })
      assert.match(end.text, /Nothing was stored/)
      await nothingGranted(hub, 'github', [])
    })

  test('whose secret is wrong stores nothing, and says what to check', async () => {
    await using given = await setup({}, { GITHUB_CLIENT_SECRET: 'not-the-secret-of-the-app' })
    const { hub, address } = given
    await makeIntegration(hub)
    const end = await connectByLink(hub, { address, integration: 'github', account: 'octocat' })
    assert.match(end.text, /incorrect_client_credentials/)
    assert.match(end.text, /client secret/)
    assert.ok(!end.text.includes('not-the-secret'))
    await nothingGranted(hub, 'github', [])
  })
})

suite('a GitHub App', () => {
  async function appSetup(): Promise<Setup> {
    const given = await setup()
    const { app, url } = given.github
    const stored = await given.hub.call('PUT', '/api/v1/credentials/github-app', {
      data: {
        client_id: app.clientId,
        client_secret: app.clientSecret,
        app_id: app.id,
        private_key: app.privateKey,
        slug: app.slug,
      },
    })
    assert.equal(stored.statusCode, 200, stored.body)
    await makeIntegration(given.hub, { auth_type: 'github_app', config: { api_url: url } })
    return given
  }

  test('is installed by a person, and acts with tokens of that installation', async () => {
    await using given = await appSetup()
    const { hub, github, address } = given
    const end = await connectByLink(hub, { address, integration: 'github', account: 'octocat' })
    assert.match(end.text, /Connected as octocat \(GitHub App\)/)
    const { data } = await storedGrant(hub, 'github')
    assert.deepEqual([data['installation_id'], data['access_token']], [github.app.installation, undefined])
    for (let call = 0; call < 2; call++) assert.equal((await readRepository(hub)).statusCode, 200)
    const bought = github.seen.filter(({ path }) => path.endsWith('/access_tokens'))
    assert.deepEqual(
      bought.map(({ path }) => path),
      [`/app/installations/${github.app.installation}/access_tokens`],
    )
    assert.equal((await hub.call('DELETE', '/api/v1/integrations/github')).statusCode, 204)
  })

  test('is refused with the number of an installation that the person cannot reach', async () => {
    await using given = await appSetup()
    const { hub, address } = given
    const change = (back: URL): void => back.searchParams.set('installation_id', '78')
    const end = await connectByLink(hub, { address, integration: 'github', account: 'octocat', change })
    assert.match(end.text, /cannot reach an installation/)
    await nothingGranted(hub, 'github', ['github-app'])
    assert.equal((await readRepository(hub)).json<{ code: string }>().code, 'not_connected')
  })
})
