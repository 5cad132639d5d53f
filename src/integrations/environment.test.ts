import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Environment } from '#config'
import { freshDatabase, testHub, type TestHub } from '#test'

interface Shown {
  readonly name: string
  readonly integration_type: string
  readonly credential: string | null
  readonly config: Readonly<Record<string, unknown>>
}

const enterprise = 'https://github.example/api/v3'
const publicApi = 'https://api.github.com'

type Caller = Pick<TestHub, 'call'>

const store = async (caller: Caller, name: string, data: object): Promise<void> => {
  const reply = await caller.call('POST', '/api/v1/credentials', { name, data })
  assert.equal(reply.statusCode, 201, reply.payload)
}
const list = async (caller: Caller): Promise<Shown[]> => (await caller.call('GET', '/api/v1/integrations')).json().items
const configsOf = async (caller: Caller): Promise<Record<string, Shown['config']>> =>
  Object.fromEntries((await list(caller)).map(({ name, config }) => [name, config]))

const addresses: Environment = {
  GITHUB_API_URL: enterprise,
  JIRA_BASE_URL: 'https://jira.example',
  MANAGERQ_URL: 'https://managerq.example',
}

suite('the environment and a stored credential together', () => {
  test('make an integration: the credential’s values go to the address that the environment names', async () => {
    await using hub = await testHub(addresses)
    await store(hub, 'github-pat', { personal_access_token: 'an-enterprise-token' })
    await store(hub, 'jira-credentials', { username: 'ann@example.com', api_token: 'a-jira-token' })
    await store(hub, 'managerq-service-token', { token: 'a-service-token' })
    assert.deepEqual(await configsOf(hub), {
      github: { api_url: enterprise },
      jira: { base_url: 'https://jira.example', api_version: '3' },
      managerq: { base_url: 'https://managerq.example', tasks_path: '/v1/tasks' },
    })
  })

  test('keep the address that the credential itself names', async () => {
    await using hub = await testHub(addresses)
    await store(hub, 'github-pat', { token: 'a-public-token', api_url: publicApi })
    assert.deepEqual(await configsOf(hub), { github: { api_url: publicApi } })
  })

  test('say nothing of another workspace', async () => {
    await using hub = await testHub(addresses)
    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const there = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    await store(there, 'github-pat', { token: 'a-public-token' })
    await store(there, 'jira-credentials', { username: 'ann@example.com', api_token: 'a-jira-token' })
    assert.deepEqual(await configsOf(there), { github: { api_url: publicApi } })
  })

  test('complete the settings of a request that leaves the address out', async () => {
    await using hub = await testHub({ ...addresses, SMTP_HOST: 'mail.example', SMTP_PORT: '2525' })
    const create = async (body: object) => (await hub.call('POST', '/api/v1/integrations', body)).json<Shown>()
    assert.deepEqual((await create({ integration_type: 'github', access_token: 'an-enterprise-token' })).config, { api_url: enterprise })
    const other = { name: 'public', integration_type: 'github', access_token: 'a-public-token', config: { api_url: publicApi } }
    assert.deepEqual((await create(other)).config, { api_url: publicApi })
    // The port belongs to the mail server of the environment, not to another one.
    const mail = await create({ name: 'mail', integration_type: 'smtp', config: { host: 'other.example' }, auth_type: 'none' })
    assert.deepEqual([mail.config['host'], mail.config['port']], ['other.example', 587])
  })

  test('apply at the next start to an integration that exists; what the credential names stays', async () => {
    await using database = await freshDatabase()
    const { url } = database
    {
      await using hub = await testHub({ DATABASE_URL: url })
      await store(hub, 'github-pat', { token: 'an-enterprise-token' })
      await store(hub, 'jira-credentials', { username: 'ann@example.com', api_token: 'a-jira-token', base_url: 'https://other.example' })
      await configsOf(hub)
      await hub.call('PATCH', '/api/v1/integrations/github', { config: { default_labels: ['hub'] } })
      assert.deepEqual((await configsOf(hub))['github'], { api_url: publicApi, default_labels: ['hub'] })
    }
    await using hub = await testHub({ DATABASE_URL: url, ...addresses })
    const { github, jira } = await configsOf(hub)
    assert.deepEqual(github, { api_url: enterprise, default_labels: ['hub'] })
    assert.equal(jira?.['base_url'], 'https://other.example')
  })

  test('keep what was changed in an integration at the next start', async () => {
    await using database = await freshDatabase()
    const env = { DATABASE_URL: database.url, ...addresses, SMTP_HOST: 'mail.example', SMTP_PORT: '2525' }
    const chosen = { jira: 'https://chosen.example', github: 'https://chosen.example/api/v3' }
    {
      await using hub = await testHub({ DATABASE_URL: database.url })
      await store(hub, 'github-pat', { token: 'an-enterprise-token' })
      await store(hub, 'jira-credentials', { username: 'ann@example.com', api_token: 'a-jira-token', base_url: 'https://jira.example' })
      await store(hub, 'smtp-credentials', { username: 'ann', password: 'a-mail-password', host: 'mail.example' })
      await configsOf(hub)
      for (const [name, config] of Object.entries({
        jira: { base_url: chosen.jira },
        github: { api_url: chosen.github },
        smtp: { host: 'other.example' },
      })) {
        const reply = await hub.call('PATCH', `/api/v1/integrations/${name}`, { config })
        assert.equal(reply.statusCode, 200, reply.payload)
      }
    }
    await using hub = await testHub(env)
    const { jira, github, smtp } = await configsOf(hub)
    assert.deepEqual([jira?.['base_url'], github?.['api_url']], [chosen.jira, chosen.github])
    assert.deepEqual([smtp?.['host'], smtp?.['port']], ['other.example', 587])
  })

  test('leave the settings of an integration alone that no variable is for, also after a start', async () => {
    await using database = await freshDatabase()
    const env = { DATABASE_URL: database.url, GITHUB_TOKEN: 'an-enterprise-token' }
    {
      await using hub = await testHub({ ...env, GITHUB_API_URL: enterprise })
      await hub.call('PATCH', '/api/v1/integrations/github', { config: { default_labels: ['hub'] } })
    }
    {
      await using hub = await testHub({ ...env, GITHUB_API_URL: enterprise })
      assert.deepEqual((await configsOf(hub))['github'], { api_url: enterprise, default_labels: ['hub'] })
    }
    // Without its variable, the address is the default again.
    await using hub = await testHub(env)
    assert.deepEqual((await configsOf(hub))['github'], { api_url: publicApi, default_labels: ['hub'] })
  })

  test('make no integration where variables are missing, and no credential where none is needed', async () => {
    await using hub = await testHub({ JIRA_USERNAME: 'ann@example.com', JIRA_API_TOKEN: 'a-jira-token', SMTP_HOST: 'mail.example' })
    assert.deepEqual(
      (await list(hub)).map(({ name, credential }) => [name, credential]),
      [['smtp', null]],
    )
  })
})

suite('the webhook secret of the environment', () => {
  const signingSecret = 'a-signing-secret'
  const send = (hub: TestHub, secret = signingSecret, url = '/api/integrations/slack/webhook') => {
    const body = JSON.stringify({ type: 'event_callback', event_id: `Ev${Math.random()}`.replace('.', ''), event: { type: 'message' } })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
    const headers = { 'content-type': 'application/json', 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }
    return hub.rest.inject({ method: 'POST', url, payload: Buffer.from(body), headers })
  }

  test('counts for an integration that has none of its own, in the default workspace only', async () => {
    await using hub = await testHub({ SLACK_SIGNING_SECRET: signingSecret })
    const body = { integration_type: 'slack', credential: { bot_token: 'xoxb-a-bot-token' } }
    assert.equal((await hub.call('POST', '/api/v1/integrations', body)).statusCode, 201)
    assert.equal((await send(hub)).statusCode, 200)
    const [event] = (await hub.call('GET', '/api/v1/events')).json().items
    assert.deepEqual([event.type, event.integration], ['slack.message', 'slack'])

    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const there = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    assert.equal((await there.call('POST', '/api/v1/integrations', { ...body, name: 'slack-there' })).statusCode, 201)
    assert.equal((await send(hub, signingSecret, '/api/v1/webhooks/slack-there')).statusCode, 401)

    const own = { config: { webhook_secret: 'a-secret-of-its-own' } }
    assert.equal((await hub.call('PATCH', '/api/v1/integrations/slack', own)).statusCode, 200)
    assert.deepEqual([(await send(hub)).statusCode, (await send(hub, 'a-secret-of-its-own')).statusCode], [401, 200])
  })

  test('counts as long as its variable is set, and a copy that an earlier version stored is deleted', async () => {
    await using database = await freshDatabase()
    const env = { DATABASE_URL: database.url, SLACK_BOT_TOKEN: 'xoxb-a-bot-token' }
    {
      await using hub = await testHub({ ...env, SLACK_SIGNING_SECRET: signingSecret })
      assert.equal((await send(hub)).statusCode, 200)
      const copy = 'environment-slack-webhook'
      await store(hub, copy, { token: signingSecret })
      await hub.hub.db.pool.query(`update hub.integrations set webhook_credential = $1`, [copy])
    }
    await using hub = await testHub(env)
    assert.equal((await send(hub)).statusCode, 401)
    const names = (await hub.call('GET', '/api/v1/credentials')).json().items.map(({ name }: { name: string }) => name)
    assert.deepEqual(names, ['environment-slack'])
  })
})

test('a variable that is not valid stops the start with a message that names the connector and the setting, and no value', async () => {
  const env = { JIRA_BASE_URL: 'https://me:a-password@jira.example', JIRA_USERNAME: 'me', JIRA_API_TOKEN: 'a-token-of-jira' }
  await assert.rejects(testHub(env), (error: Error) => {
    assert.match(
      error.message,
      /^what the environment variables say of Jira is not valid: base_url must not hold a user name or a password/,
    )
    return !/a-password|a-token/.test(error.message)
  })
})
