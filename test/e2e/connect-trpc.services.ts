import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Environment } from '#config'
import { nothingGranted, storedGrant, testHub, trpcClient, trpcError, type TestHub } from '#test'
import { authorizeAs } from '../standins/authorize-as.ts'
import { githubStandIn, type GitHubStandIn } from '../standins/github.ts'

/** Pages of an application of one's own. */
const app = 'http://localhost:5173'
const callback = `${app}/auth-callback?provider=GitHub`

interface Setup extends AsyncDisposable {
  readonly hub: TestHub
  readonly github: GitHubStandIn
  readonly address: string
}

async function setup(env: Environment = {}): Promise<Setup> {
  await using stack = new AsyncDisposableStack()
  const github = stack.use(await githubStandIn({ redirectUris: [callback] }))
  const hub = stack.use(
    await testHub({
      HUB_EGRESS_ALLOW: '127.0.0.1',
      GITHUB_API_URL: github.url,
      GITHUB_CLIENT_ID: github.oauth.clientId,
      GITHUB_CLIENT_SECRET: github.oauth.clientSecret,
      GITHUB_INTEGRATION_REDIRECT_URI: callback,
      ...env,
    }),
  )
  const address = await hub.address()
  const owned = stack.move()
  return { hub, github, address, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const asked = { workspaceId: 'default', features: ['issues', 'prs', 'code'], redirectUrl: callback, providerType: 'GitHub' }

/** Walks over GitHub's pages, and returns what the application finds in the address of its page. */
async function visit(authUrl: string, deny = false): Promise<{ code: string; state: string }> {
  const { searchParams: found } = new URL(await authorizeAs(authUrl, { account: 'octocat', deny }))
  return { code: found.get('code') ?? '', state: found.get('state') ?? '' }
}

const codeOf = async (call: Promise<unknown>): Promise<string | undefined> => (await trpcError(call)).data?.problem.code

const readRepository = (hub: Pick<TestHub, 'call'>) =>
  hub.call('POST', '/api/v1/tools/github_get_repository/invoke', { input: { owner: 'octocat', repo: 'hello-world' } })

suite('an application connects GitHub on pages of its own', () => {
  test('in the workspace that it names, by name and by id, with the rights of the features', async () => {
    await using given = await setup()
    const { hub, address } = given
    const client = trpcClient(address)
    const { id } = (await hub.hub.access.workspaces.find({ name: 'default' }))!
    let integrationId: string | undefined
    for (const [workspaceId, features, scopes] of [
      ['default', ['issues', 'prs', 'code'], 'repo'],
      [id, ['projects', 'organizations'], 'project read:org'],
    ] as const) {
      const begun = await client.integrations.initProviderAuth.mutate({ ...asked, workspaceId, features: [...features] })
      const { searchParams: query } = new URL(begun.authUrl)
      assert.deepEqual([query.get('scope'), query.get('redirect_uri'), query.get('state')], [scopes, callback, begun.state])
      integrationId ??= begun.integrationId
      assert.equal(begun.integrationId, integrationId)
      const done = await client.integrations.completeProviderAuth.mutate(await visit(begun.authUrl))
      assert.deepEqual(done, { success: true, integrationId, attemptId: begun.attemptId, account: 'octocat', status: 'connected' })
      const { data } = await storedGrant(hub, 'github')
      assert.ok(!JSON.stringify(done).includes(String(data['access_token'])))
      assert.equal((await readRepository(hub)).statusCode, 200)
    }
  })

  test('in another workspace than its own, if it may, and in no other', async () => {
    await using given = await setup()
    const { hub, github, address } = given
    await hub.call('POST', '/api/v1/workspaces', { name: 'team' })
    const team = hub.with({ headers: { 'hub-workspace': 'team' } })
    const { clientId: client_id, clientSecret: client_secret } = github.oauth
    await team.call('PUT', '/api/v1/credentials/github-oauth-app', { data: { client_id, client_secret } })
    const config = { api_url: github.url }
    await team.call('POST', '/api/v1/integrations', { name: 'github', integration_type: 'github', auth_type: 'oauth2', config })
    const client = trpcClient(address)
    const { authUrl } = await client.integrations.initProviderAuth.mutate({ ...asked, workspaceId: 'team' })
    assert.equal((await client.integrations.completeProviderAuth.mutate(await visit(authUrl))).success, true)
    assert.equal((await readRepository(team)).statusCode, 200)
    assert.equal((await hub.call('GET', '/api/v1/integrations/github')).statusCode, 404)
  })

  test('with a page of HUB_CORS_ORIGINS, and with no other one', async () => {
    await using given = await setup({ GITHUB_INTEGRATION_REDIRECT_URI: '', HUB_CORS_ORIGINS: app })
    const client = trpcClient(given.address)
    const { authUrl } = await client.integrations.initProviderAuth.mutate(asked)
    assert.equal((await client.integrations.completeProviderAuth.mutate(await visit(authUrl))).success, true)
    for (const redirectUrl of [
      'http://localhost:5174/auth-callback',
      'https://evil.example/auth-callback',
      'http://localhost.evil.example:5173/',
    ])
      assert.equal(await codeOf(client.integrations.initProviderAuth.mutate({ ...asked, redirectUrl })), 'redirect_refused', redirectUrl)
  })
})

suite('nothing is stored when', () => {
  test('another caller, another workspace, a made-up state or a code of somebody else completes it', async () => {
    await using given = await setup()
    const { hub, address } = given
    const client = trpcClient(address)
    const begun = await client.integrations.initProviderAuth.mutate(asked)
    const { code, state } = await visit(begun.authUrl)
    assert.equal(await codeOf(client.integrations.completeProviderAuth.mutate({ code, state: 'a-made-up-state' })), 'attempt_unknown')
    const { token } = (
      await hub.call('POST', '/api/v1/tokens', { name: 'other', scopes: ['integrations:write', 'credentials:write'] })
    ).json<{ token: string }>()
    const other = trpcClient(address, { token })
    assert.equal(await codeOf(other.integrations.completeProviderAuth.mutate({ code, state })), 'attempt_unknown')
    // The state was spent by somebody who should not have had it.
    assert.equal(await codeOf(client.integrations.completeProviderAuth.mutate({ code, state })), 'attempt_unknown')
    await nothingGranted(hub, 'github', [])

    const again = await client.integrations.initProviderAuth.mutate(asked)
    assert.equal(
      await codeOf(client.integrations.completeProviderAuth.mutate({ code: 'somebody-else’s', state: again.state })),
      'oauth_failed',
    )
    await nothingGranted(hub, 'github', [])

    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const third = await client.integrations.initProviderAuth.mutate(asked)
    const made = await hub
      .with({ headers: { 'hub-workspace': 'elsewhere' } })
      .call('POST', '/api/v1/tokens', { name: 'there', scopes: ['integrations:write', 'credentials:write'] })
    const there = trpcClient(address, { token: made.json<{ token: string }>().token })
    assert.equal(await codeOf(there.integrations.completeProviderAuth.mutate(await visit(third.authUrl))), 'attempt_unknown')
    await nothingGranted(hub, 'github', [])
  })

  test('a caller names a workspace that is not theirs, or lacks the right', async () => {
    await using given = await setup()
    const { hub, address } = given
    const { id } = (await hub.call('POST', '/api/v1/workspaces', { name: 'theirs' })).json<{ id: string }>()
    const tokenOf = async (scopes: string[]): Promise<string> =>
      (await hub.call('POST', '/api/v1/tokens', { name: scopes.join('-'), scopes })).json<{ token: string }>().token
    const writer = trpcClient(address, { token: await tokenOf(['integrations:write', 'credentials:write']) })
    for (const workspaceId of ['theirs', id, 'none'])
      assert.equal(await codeOf(writer.integrations.initProviderAuth.mutate({ ...asked, workspaceId })), 'not_found')
    const reader = trpcClient(address, { token: await tokenOf(['integrations:read']) })
    assert.equal(await codeOf(reader.integrations.initProviderAuth.mutate(asked)), 'scope_missing')
    assert.equal((await hub.call('GET', '/api/v1/integrations/github')).statusCode, 404)
  })

  test('a code is used twice, or the person refuses', async () => {
    await using given = await setup()
    const { hub, address } = given
    const client = trpcClient(address)
    const refused = await client.integrations.initProviderAuth.mutate(asked)
    const { code: none, state } = await visit(refused.authUrl, true)
    assert.equal(none, '')
    assert.equal(await codeOf(client.integrations.completeProviderAuth.mutate({ code: 'x', state })), 'oauth_failed')
    await nothingGranted(hub, 'github', [])
    const begun = await client.integrations.initProviderAuth.mutate(asked)
    const answer = await visit(begun.authUrl)
    assert.equal((await client.integrations.completeProviderAuth.mutate(answer)).success, true)
    const { version } = await storedGrant(hub, 'github')
    assert.equal(await codeOf(client.integrations.completeProviderAuth.mutate(answer)), 'attempt_unknown')
    const next = await client.integrations.initProviderAuth.mutate(asked)
    assert.equal(await codeOf(client.integrations.completeProviderAuth.mutate({ ...answer, state: next.state })), 'oauth_failed')
    assert.equal((await storedGrant(hub, 'github')).version, version)
  })
})
