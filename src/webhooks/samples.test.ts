import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { testHub, type TestHub } from '#test'

suite('a sample of a webhook', () => {
  let hub: TestHub
  before(async () => {
    hub = await testHub()
    await create('octo', 'github')
  })
  after(() => hub[Symbol.asyncDispose]())

  const create = async (name: string, connector: string, more: object = {}): Promise<void> => {
    const reply = await hub.call('POST', '/api/v1/integrations', { name, integration_type: connector, access_token: 'a-token', ...more })
    assert.equal(reply.statusCode, 201, reply.body)
  }
  const send = (name: string, body: object = {}) => hub.call('POST', `/api/v1/webhooks/${name}/sample`, body)
  const event = async (id: string): Promise<any> => (await hub.call('GET', `/api/v1/events/${id}`)).json()

  test('is refused without a secret, with what to do, and nothing is stored', async () => {
    const refused = await send('octo')
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'credential_missing'], refused.body)
    assert.match(refused.json().hint, /webhook_secret/)
    assert.deepEqual((await hub.call('GET', '/api/v1/events?integration=octo')).json().items, [])
    assert.deepEqual((await hub.call('GET', '/api/v1/webhooks/rejections')).json().items, [])
  })

  test('is a new event each time, starts the flows that its preview names, and can be told from a real one', async () => {
    const secret = 'the-secret-of-octo-0123'
    assert.equal((await hub.call('PATCH', '/api/v1/integrations/octo', { config: { webhook_secret: secret } })).statusCode, 200)
    const source = 'id: on-issue\non:\n  - event: github.issues\nsteps:\n  - id: it\n    transform: event.data.issue.title\n'
    const saved = await hub.call('POST', '/api/v1/flows', { source })
    assert.ok(saved.statusCode < 300, saved.body)

    const preview = (await hub.call('POST', '/api/v1/webhooks/octo/test', { sample: 'issues' })).json()
    assert.deepEqual([preview.type, preview.subject], ['github.issues', 'octo-org/hello-world#1'])
    assert.equal(preview.matches.length, 1)

    const sent = [await send('octo', { event: 'issues' }), await send('octo', { event: 'github.issues' })]
    for (const { statusCode, body } of sent) assert.equal(statusCode, 202, body)
    const [first, second] = await Promise.all(sent.map((reply) => event(reply.json().event_id)))
    assert.notEqual(first.id, second.id)
    assert.equal(first.headers['hub-sample'], 'true')
    assert.equal(first.integration, 'octo')
    assert.doesNotMatch(JSON.stringify(first), new RegExp(secret))

    // What was sent once is a duplicate the second time, as with any delivery.
    const { headers, body } = first
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    const again = await hub.rest.inject({
      method: 'POST',
      url: '/api/v1/webhooks/octo',
      payload: Buffer.from(body),
      headers: { ...headers, 'x-hub-signature-256': signature },
    })
    assert.deepEqual(again.json(), { status: 'duplicate' })

    await hub.hub.dispatch()
    assert.equal((await event(first.id)).effects.length, 1)
  })

  test('is refused for a type that the connector has no sample of, and for a connector without webhooks', async () => {
    const unknown = await send('octo', { event: 'fork' })
    assert.equal(unknown.statusCode, 400)
    assert.match(unknown.json().detail, /ping, issues, pull_request, push/)
    await create('site', 'http', { config: { base_url: 'http://127.0.0.1:9' } })
    assert.match((await send('site')).json().detail, /sends no webhooks/)
  })

  test('passes the checks of every connector that declares one', async () => {
    const settings: Readonly<Record<string, object>> = {
      slack: {},
      gitlab: {},
      jira: {
        config: { base_url: 'https://example.atlassian.net' },
        credential: { username: 'a', api_token: 'b' },
        access_token: undefined,
      },
      zulip: {
        config: { site: 'https://chat.example.com' },
        credential: { email: 'a@example.com', api_key: 'b' },
        access_token: undefined,
      },
      webhook: { credential: { secret: 'a-long-enough-secret' }, config: { verification: 'stripe' }, access_token: undefined },
    }
    for (const [name, more] of Object.entries(settings)) {
      await create(name, name, more)
      if (name !== 'webhook')
        await hub.call('PATCH', `/api/v1/integrations/${name}`, { config: { webhook_secret: 'a-long-enough-secret' } })
      const [first, second] = [await send(name), await send(name)]
      assert.equal(first.statusCode, 202, `${name}: ${first.body}`)
      assert.equal(second.statusCode, 202, `${name}: ${second.body}`)
      assert.notEqual(first.json().event_id, second.json().event_id)
    }
  })

  test('is not sent without the scope, nor to the integration of another workspace', async () => {
    const made = await hub.call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['events:read', 'integrations:read'] })
    const reader = hub.with({ token: made.json<{ token: string }>().token })
    assert.equal((await reader.call('POST', '/api/v1/webhooks/octo/sample', {})).statusCode, 403)
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })).statusCode, 201)
    const elsewhere = hub.with({ headers: { 'hub-workspace': 'elsewhere' } })
    assert.equal((await elsewhere.call('POST', '/api/v1/webhooks/octo/sample', {})).statusCode, 404)
    const { id } = (await hub.call('GET', '/api/v1/integrations/octo')).json<{ id: string }>()
    assert.equal((await elsewhere.call('POST', `/api/v1/webhooks/${id}/sample`, {})).statusCode, 404)
  })
})
