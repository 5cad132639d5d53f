import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createKeyring, type Credentials } from '#credentials'
import { createEgress } from '#http'
import { createOAuth } from '#oauth'
import { expireGrant, oauthHub, storedGrant, testHub, type OAuthHub, type TestHub } from '#test'
import { until } from '#test/faults'

const codeOf = (answer: { json: () => unknown }): string => (answer.json() as { code: string }).code

const stored = ({ hub }: OAuthHub) => storedGrant(hub, 'api')

const expire = async (setup: OAuthHub, at: Date): Promise<void> => expireGrant(setup.hub, await stored(setup), at.getTime())

const past = (): Date => new Date(Date.now() - 1000)

const callAt = (hub: TestHub) => hub.call('POST', '/api/v1/tools/http_request/invoke', { input: { path: '/me' }, integration: 'api' })

suite('an access token', () => {
  test('that has expired is renewed before it is used, once for 50 calls of two processes', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await using other = await testHub({ DATABASE_URL: setup.hub.hub.config.DATABASE_URL, HUB_EGRESS_ALLOW: '127.0.0.1' })
    await expire(setup, past())
    const before = await stored(setup)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => callAt(index % 2 === 0 ? setup.hub : other)))
    assert.deepEqual(
      [...new Set(answers.map(({ statusCode }) => statusCode))],
      [200],
      answers.find(({ statusCode }) => statusCode !== 200)?.body,
    )
    assert.equal(setup.server.asked['refresh_token'], 1)
    const after = await stored(setup)
    assert.notEqual(after.data['refresh_token'], before.data['refresh_token'], 'the provider rotates it')
    assert.ok(Date.parse(String(after.data['expires_at'])) > Date.now())
  })

  test('that expires soon is renewed beside a call, which does not wait for it', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await expire(setup, new Date(Date.now() + 30_000))
    setup.server.tokenFaults.next = 'held'
    assert.equal((await setup.call()).statusCode, 200)
    await until('the refresh is held', async () => setup.server.tokenFaults.held === 1)
    setup.server.tokenFaults.release()
    await until('it is renewed', async () => Date.parse(String((await stored(setup)).data['expires_at'])) > Date.now() + 60_000)
    assert.equal(setup.server.asked['refresh_token'], 1)
  })

  test('that the outside system refuses before its time is renewed once, and the call is sent again', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    // The hub's clock is wrong, or the provider ended the token.
    const { name, data, version, workspaceId } = await stored(setup)
    const { access_token: _, ...rest } = data as Record<string, string>
    await setup.hub.hub.credentials.swap(workspaceId, name, { data: { ...rest, access_token: 'ended-by-the-provider' }, version })
    const answers = await Promise.all(Array.from({ length: 10 }, () => setup.call()))
    assert.deepEqual(
      answers.filter(({ statusCode }) => statusCode !== 200).map((answer) => answer.json()),
      [],
    )
    assert.equal(setup.server.asked['refresh_token'], 1)
    const { consecutive_errors: errors } = (await setup.hub.call('GET', '/api/v1/integrations/api/health')).json<{
      consecutive_errors: number
    }>()
    assert.equal(errors, 0)
  })

  test('is not renewed when the clock jumps back, and is when it jumps forward', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await expire(setup, new Date(Date.now() + 86_400_000))
    assert.equal((await setup.call()).statusCode, 200)
    assert.equal(setup.server.asked['refresh_token'], undefined)
    await expire(setup, new Date(Date.now() - 86_400_000))
    assert.equal((await setup.call()).statusCode, 200)
    assert.equal(setup.server.asked['refresh_token'], 1)
  })

  test('is hidden where the outside system repeats it, also after it was renewed', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await expire(setup, past())
    assert.equal((await setup.call()).statusCode, 200)
    const { data } = await stored(setup)
    const shown =
      (await setup.hub.call('GET', '/api/v1/integrations/api')).body + (await setup.hub.call('GET', '/api/v1/audit?limit=50')).body
    for (const field of ['access_token', 'refresh_token']) assert.ok(!shown.includes(String(data[field])), field)
  })
})

test('a process that looked just before another one renewed does not send the token that is spent', async () => {
  await using setup = await oauthHub()
  await setup.connect()
  const { hub } = setup.hub
  const { name, workspaceId, data } = await stored(setup)
  const { clients, endpoints } = setup.server
  const egress = createEgress({ allow: ['127.0.0.1'] })
  const keyring = createKeyring({ keys: [{ id: 'test', key: Buffer.alloc(32, 7) }], dataDir: '' })
  const renewable = {
    workspaceId,
    credential: name,
    connector: 'http',
    party: async () => ({
      client: { client_id: clients.basic.id, client_secret: clients.basic.secret },
      provider: { tokenUrl: endpoints.token, scopes: [], clientAuthentication: 'basic' as const },
    }),
    onLost: async () => undefined,
  }
  const processWith = async (credentials: Credentials) =>
    (await createOAuth({ db: hub.db, credentials, keyring, egress, ...hub.telemetry }, { timeoutMs: 5000, redisUrl: undefined })).refresher
  const first = await processWith(hub.credentials)
  let looks = 0
  const second = await processWith({
    ...hub.credentials,
    async readVersion(workspace, credential) {
      const seen = await hub.credentials.readVersion(workspace, credential)
      // The other one does all of its work after this look.
      if (looks++ === 0) await first.renew(renewable, seen!.data)
      return seen
    },
  })
  const renewed = await second.renew(renewable, data as Record<string, string>)
  assert.equal(setup.server.asked['refresh_token'], 1)
  assert.equal(renewed['access_token'], (await stored(setup)).data['access_token'])
  await egress.close()
})

suite('a refresh that fails', () => {
  for (const fault of ['error', 'malformed', 'rate-limited'] as const) {
    test(`for a moment (${fault}) is tried again after a while, and loses nothing`, async () => {
      await using setup = await oauthHub()
      await setup.connect()
      await expire(setup, past())
      setup.server.tokenFaults.next = fault
      const failed = await setup.call()
      assert.deepEqual([failed.statusCode, codeOf(failed)], [502, 'oauth_unavailable'], JSON.stringify(failed.json()))
      const { retry_after: wait } = failed.json<{ retry_after: number }>()
      assert.ok(wait >= 1 && wait <= 10, String(wait))
      // The next call does not ask the provider before that.
      const cooling = await setup.call()
      assert.equal(codeOf(cooling), 'oauth_unavailable')
      assert.equal(setup.server.asked['refresh_token'], undefined)
      await setup.hub.hub.db.sql.updateTable('oauthRefreshes').set({ retryAt: new Date() }).execute()
      assert.equal((await setup.call()).statusCode, 200)
      assert.equal((await setup.integration()).connection.state, 'connected')
    })
  }

  test('while the token is still valid does not fail a call', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await expire(setup, new Date(Date.now() + 4000))
    setup.server.tokenFaults.next = 'error'
    assert.equal((await setup.call()).statusCode, 200)
  })

  test('for good asks a person to connect again: a state, an event, and a refusal that says so', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    await setup.server.revokeAll('ada')
    await expire(setup, past())
    const failed = await setup.call()
    assert.deepEqual([failed.statusCode, codeOf(failed)], [409, 'reconnect_needed'])
    assert.match(failed.json<{ hint: string }>().hint, /hub connect/)
    const { connection } = await setup.integration()
    assert.equal(connection.state, 'reconnect_needed')
    assert.ok(connection.problem)
    const asked = setup.server.asked['refresh_token']
    assert.equal(codeOf(await setup.call()), 'reconnect_needed')
    assert.equal(setup.server.asked['refresh_token'], asked, 'nobody asks the provider again')
    const { items } = (await setup.hub.call('GET', '/api/v1/events?type=integration.reconnect_needed')).json<{ items: unknown[] }>()
    assert.equal(items.length, 1)

    await setup.connect()
    assert.equal((await setup.call()).statusCode, 200)
    assert.equal((await setup.integration()).connection.state, 'connected')
  })

  test('after a process stopped between the answer and its storage is told from other failures', async () => {
    await using setup = await oauthHub()
    await setup.connect()
    const { name, data, version, workspaceId } = await stored(setup)
    await expire(setup, past())
    // As a process leaves it that sent the refresh token and stopped: the provider has rotated it, and nobody knows the new one.
    const { clients, endpoints } = setup.server
    const used = await fetch(endpoints.token, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clients.basic.id}:${clients.basic.secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: String(data['refresh_token']) }),
    })
    assert.equal(used.status, 200)
    const long = new Date(Date.now() - 60_000)
    await setup.hub.hub.db.sql
      .insertInto('oauthRefreshes')
      .values({
        workspaceId,
        credential: name,
        version: version + 1,
        holder: 'stopped',
        leaseUntil: long,
        sentAt: long,
        retryAt: null,
        lastError: null,
      })
      .execute()
    const failed = await setup.call()
    assert.equal(codeOf(failed), 'reconnect_needed')
    assert.match((await setup.integration()).connection.problem!, /stopped after it had sent/)
  })

  test('of a process that is paused while another one renews stores nothing', async () => {
    await using setup = await oauthHub({ rotate: false })
    await setup.connect()
    await expire(setup, past())
    const { name, workspaceId } = await stored(setup)
    setup.server.tokenFaults.next = 'held'
    const slow = setup.call()
    await until('the refresh is held', async () => setup.server.tokenFaults.held === 1)
    // As after a pause: its lease has ended, and somebody else stored other tokens.
    const now = await setup.hub.hub.credentials.readVersion(workspaceId, name)
    const theirs = { ...now!.data, access_token: 'stored-by-somebody-else' }
    assert.ok(await setup.hub.hub.credentials.swap(workspaceId, name, { data: theirs, version: now!.version }))
    setup.server.tokenFaults.release()
    await slow
    assert.notEqual((await stored(setup)).version, now!.version)
    const { data } = await stored(setup)
    assert.ok(data['access_token'] === 'stored-by-somebody-else' || setup.server.asked['refresh_token']! > 1)
  })
})
