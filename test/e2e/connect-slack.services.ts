import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Environment } from '#config'
import { connectByLink, expireGrant, nothingGranted, storedGrant, testHub, type TestHub } from '#test'
import { freePort } from '#test/faults'
import { slackStandIn, type SlackStandIn } from '../standins/slack.ts'

interface Setup extends AsyncDisposable {
  readonly hub: TestHub
  readonly slack: SlackStandIn
  readonly address: string
}

async function setup(
  authType: 'oauth2' | 'oauth2_user',
  options: { readonly rotation?: boolean } = {},
  env: Environment = {},
): Promise<Setup> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const slack = stack.use(await slackStandIn({ redirectUris: [`http://127.0.0.1:${port}/oauth/callback`], ...options }))
  const hub = stack.use(
    await testHub({
      HUB_EGRESS_ALLOW: '127.0.0.1',
      SLACK_API_URL: slack.url,
      SLACK_CLIENT_ID: slack.oauth.clientId,
      SLACK_CLIENT_SECRET: slack.oauth.clientSecret,
      ...env,
    }),
  )
  const address = await hub.address(port)
  const made = await hub.call('POST', '/api/v1/integrations', { name: 'slack', integration_type: 'slack', auth_type: authType })
  assert.equal(made.statusCode, 201, made.body)
  const owned = stack.move()
  return { hub, slack, address, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const listChannels = ({ hub }: Setup) => hub.call('POST', '/api/v1/tools/slack_list_channels/invoke', { input: {} })

const connect = ({ hub, address }: Setup, more: { readonly change?: (back: URL) => void; readonly deny?: boolean } = {}) =>
  connectByLink(hub, { address, integration: 'slack', account: 'U000000001', ...more })

async function opens({ url }: SlackStandIn, token: unknown): Promise<boolean> {
  const headers = { authorization: `Bearer ${String(token)}` }
  return ((await (await fetch(`${url}/auth.test`, { method: 'POST', headers })).json()) as { ok: boolean }).ok
}

suite('Slack is connected', () => {
  for (const [who, authType, prefix] of [
    ['as a bot', 'oauth2', 'xoxe.xoxb-1-'],
    ['as a person', 'oauth2_user', 'xoxe.xoxp-1-'],
  ] as const)
    test(`${who}: tokens rotate, and the deletion ends the last one`, async () => {
      await using given = await setup(authType, { rotation: true })
      const { hub, slack } = given
      assert.equal((await listChannels(given)).json<{ code: string }>().code, 'not_connected')
      const end = await connect(given)
      assert.match(end.text, /Connected as/)
      const first = await storedGrant(hub, 'slack')
      assert.ok(String(first.data['access_token']).startsWith(prefix))
      assert.equal((await listChannels(given)).statusCode, 200)

      await expireGrant(hub, first)
      const called = await listChannels(given)
      assert.equal(called.statusCode, 200, called.body)
      const second = await storedGrant(hub, 'slack')
      assert.ok(String(second.data['access_token']).startsWith(prefix))
      assert.notEqual(second.data['refresh_token'], first.data['refresh_token'])

      // A refresh token that was used is of no use to anybody.
      await expireGrant(hub, { ...second, data: { ...second.data, refresh_token: first.data['refresh_token'] } })
      assert.equal((await listChannels(given)).json<{ code: string }>().code, 'reconnect_needed')
      assert.equal((await connect(given)).status, 200)
      const third = await storedGrant(hub, 'slack')
      assert.ok(await opens(slack, third.data['access_token']))
      assert.equal((await hub.call('DELETE', '/api/v1/integrations/slack')).statusCode, 204)
      assert.equal(await opens(slack, third.data['access_token']), false)
    })

  test('without rotation by a token that stays', async () => {
    await using given = await setup('oauth2')
    await connect(given)
    const { data } = await storedGrant(given.hub, 'slack')
    assert.deepEqual(Object.keys(data), ['access_token'])
    assert.equal((await listChannels(given)).statusCode, 200)
  })
})

suite('Slack is not connected, and nothing is stored,', () => {
  test('with a wrong client secret', async () => {
    await using given = await setup('oauth2', {}, { SLACK_CLIENT_SECRET: 'not-the-secret-of-the-app' })
    const end = await connect(given)
    assert.match(end.text, /bad_client_secret/)
    assert.match(end.text, /client secret/)
    await nothingGranted(given.hub, 'slack', [])
  })

  test('when the person refuses', async () => {
    await using given = await setup('oauth2_user')
    assert.match((await connect(given, { deny: true })).text, /Not allowed/)
    await nothingGranted(given.hub, 'slack', [])
  })

  test('with a code that somebody has used', async () => {
    await using given = await setup('oauth2')
    const { slack, hub } = given
    const used = await connect(given)
    const code = new URL(used.back).searchParams.get('code')!
    const again = await connect(given, { change: (back) => back.searchParams.set('code', code) })
    assert.match(again.text, /invalid_code/)
    assert.match(again.text, /Nothing was stored/)
    // What was stored before is still there, and works.
    assert.ok(await opens(slack, (await storedGrant(hub, 'slack')).data['access_token']))
    assert.equal((await listChannels(given)).statusCode, 200)
  })
})
