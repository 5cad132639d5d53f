import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { sharedHub, type TestHub } from '#test'

interface Shown {
  readonly id: string
  readonly credential: string
  readonly config: Readonly<Record<string, unknown>>
}

const enterprise = 'https://github.example/api/v3'
const publicApi = 'https://api.github.com'

suite('a change of an integration’s settings', () => {
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
  })

  const create = async (name: string, config: object): Promise<Shown> => {
    const body = { name, integration_type: 'github', credential: { token: 'an-enterprise-token' }, config }
    const reply = await hub.call('POST', '/api/v1/integrations', body)
    assert.equal(reply.statusCode, 201, reply.payload)
    return reply.json()
  }
  const patched = async (id: string, config: object): Promise<Shown['config']> => {
    const reply = await hub.call('PATCH', `/api/v1/integrations/${id}`, { config })
    assert.equal(reply.statusCode, 200, reply.payload)
    return reply.json<Shown>().config
  }
  const credentialNames = async (): Promise<string[]> =>
    (await hub.call('GET', '/api/v1/credentials')).json().items.map(({ name }: { name: string }) => name)

  test('keeps those that it does not name, so that setting a webhook secret does not send the token elsewhere', async () => {
    const { id } = await create('merged', { api_url: enterprise, default_labels: ['hub'] })
    assert.deepEqual(await patched(id, { webhook_secret: 'a-webhook-secret' }), { api_url: enterprise, default_labels: ['hub'] })
    assert.deepEqual(await patched(id, { auto_sync: true }), { api_url: enterprise, default_labels: ['hub'], auto_sync: true })
    const configured = await hub.call('POST', '/api/integrations/merged/configure', {
      config: { webhook_secret: 'another-webhook-secret' },
    })
    assert.deepEqual(configured.json<Shown>().config, { api_url: enterprise, default_labels: ['hub'], auto_sync: true })
  })

  test('removes those that are null, so that their defaults apply', async () => {
    const { id } = await create('removed', { api_url: enterprise, default_labels: ['hub'] })
    assert.deepEqual(await patched(id, { api_url: null, default_labels: null }), { api_url: publicApi })
  })

  test('replaces a setting as a whole, and changes nothing when the result does not fit', async () => {
    const config = { base_url: 'http://127.0.0.1:9', headers: { a: '1', b: '2' } }
    const { id } = (await hub.call('POST', '/api/v1/integrations', { name: 'whole', integration_type: 'http', config })).json<Shown>()
    assert.deepEqual(await patched(id, { headers: { c: '3' } }), { base_url: 'http://127.0.0.1:9', headers: { c: '3' } })
    for (const wrong of [{ base_url: null }, { base_ur: 'http://127.0.0.1:9' }, { headers: 3 }]) {
      const reply = await hub.call('PATCH', `/api/v1/integrations/${id}`, { config: { test_path: '/x', ...wrong } })
      assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_input'])
    }
    const shown = (await hub.call('GET', `/api/v1/integrations/${id}`)).json<Shown>()
    assert.deepEqual(shown.config, { base_url: 'http://127.0.0.1:9', headers: { c: '3' } })
  })

  test('stores nothing of what it names when one part is refused', async () => {
    const { id } = await create('refused', { webhook_secret: 'the-first-webhook-secret' })
    const { workspaceId } = await hub.hub.access.operator('tester')
    const stored = async () =>
      Promise.all([`integration-${id}`, `webhook-${id}`].map((name) => hub.hub.credentials.read(workspaceId, name, { fresh: true })))
    const before = await stored()
    const secret = 'the-second-webhook-secret'
    const other = { token: 'another-token' }
    for (const [change, code] of [
      [{ config: { webhook_secret: secret }, credential: 'no-such' }, 'credential_missing'],
      [{ config: { webhook_secret: secret }, credential: { other: 'x' } }, 'invalid_input'],
      [{ config: { webhook_secret: 'short' }, credential: other }, 'invalid_input'],
      [{ config: { webhook_secret: secret, api_url: 3 }, credential: other }, 'invalid_input'],
    ] as const) {
      const reply = await hub.call('PATCH', `/api/v1/integrations/${id}`, change)
      assert.equal(reply.json().code, code, reply.payload)
      assert.deepEqual(await stored(), before, reply.payload)
    }
  })

  test('forgets the webhook secret when it is null', async () => {
    const { id } = await create('unsigned', { webhook_secret: 'a-webhook-secret' })
    assert.ok((await credentialNames()).includes(`webhook-${id}`))
    await patched(id, { webhook_secret: null })
    assert.ok(!(await credentialNames()).includes(`webhook-${id}`))
    await patched(id, { webhook_secret: 'a-webhook-secret' })
    assert.ok((await credentialNames()).includes(`webhook-${id}`))
  })

  test('is not lost when another change is made at the same time', async () => {
    const { id } = await create('simultaneous', { api_url: enterprise })
    await Promise.all([patched(id, { auto_sync: true }), patched(id, { default_labels: ['x'] }), patched(id, { refuse_same_body: true })])
    const { config } = (await hub.call('GET', `/api/v1/integrations/${id}`)).json<Shown>()
    assert.deepEqual(config, { api_url: enterprise, auto_sync: true, default_labels: ['x'], refuse_same_body: true })
  })
})
