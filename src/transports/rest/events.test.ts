import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { hubError } from '#errors'
import { testHub, type TestHub } from '#test'
import { until } from '#test/faults'

const secret = 'long-enough-a-secret'
const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }

suite('events over REST', () => {
  let hub: TestHub
  before(async () => {
    hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
    await hook('orders', { transform: '{"type": "order", "data": {"was": body.n}}' })
  })
  after(() => hub[Symbol.asyncDispose]())

  const hook = async (name: string, config: object): Promise<void> => {
    const reply = await hub.call('POST', '/api/v1/integrations', {
      name,
      integration_type: 'webhook',
      credential: { secret },
      config: { verification: { kind: 'bearer' }, ...config },
    })
    assert.equal(reply.statusCode, 201, reply.payload)
  }
  const send = async (body: object, name = 'orders'): Promise<string> => {
    const reply = await hub.rest.inject({ method: 'POST', url: `/api/v1/webhooks/${name}`, payload: body, headers })
    assert.equal(reply.statusCode, 202, reply.payload)
    await hub.hub.dispatch()
    return reply.json().id
  }
  const event = async (id: string) => (await hub.call('GET', `/api/v1/events/${id}`)).json()
  const ofType = async (type: string): Promise<any[]> => (await hub.call('GET', `/api/v1/events?type=${type}`)).json().items

  test('a replay uses what the transformation made then, or makes it anew by that of now', async () => {
    const id = await send({ n: 1 })
    assert.deepEqual((await event(id)).data, { was: 1 })
    const verification = { kind: 'bearer' }
    const transform = '{"type": "order.new", "data": {"is": body.n}}'
    assert.equal((await hub.call('PATCH', '/api/v1/integrations/orders', { config: { verification, transform } })).statusCode, 200)
    const replay = async (how: 'then' | 'now') => {
      const reply = await hub.call('POST', `/api/v1/events/${id}/replay`, { transform: how })
      assert.deepEqual([reply.statusCode, reply.json()], [202, { replayed: 1 }])
      await hub.hub.dispatch()
      const { data, type, replays } = await event(id)
      return { data, type, replays }
    }
    assert.deepEqual(await replay('then'), { data: { was: 1 }, type: 'webhook.order', replays: 1 })
    assert.deepEqual(await replay('now'), { data: { is: 1 }, type: 'webhook.order.new', replays: 2 })
    assert.deepEqual((await replay('then')).data, { is: 1 })
    assert.equal((await hub.call('POST', '/api/v1/events/replay', {})).statusCode, 400)
    const range = await hub.call('POST', '/api/v1/events/replay', { integration: 'orders' })
    assert.deepEqual(range.json(), { replayed: 1 })
  })

  test('what came as a form is shown as what it says', async () => {
    await hook('form', { transform: undefined })
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams({ payload: '{"n":3}' }).toString()
    const reply = await hub.rest.inject({ method: 'POST', url: '/api/v1/webhooks/form', payload, headers: form })
    const { data, body } = await event(reply.json().id)
    assert.deepEqual([data, body], [{ n: 3 }, payload])
  })

  test('five failures in a row tell that the integration is disabled; told and disabled are one', async () => {
    const { integrations, access, db } = hub.hub
    const { workspaceId } = await access.operator('tester')
    await hub.call('POST', '/api/v1/integrations', {
      name: 'failing',
      integration_type: 'http',
      config: { base_url: 'http://127.0.0.1:1' },
    })
    const row = await integrations.get(workspaceId, 'failing')
    const once = () => integrations.health.failed(row, hubError('vendor_unreachable'))
    for (let count = 0; count < 4; count++) await once()
    await db.pool.query('alter table hub.event_queue rename to broken')
    await assert.rejects(once())
    await db.pool.query('alter table hub.broken rename to event_queue')
    assert.equal((await integrations.get(workspaceId, 'failing')).enabled, true)
    assert.equal((await ofType('integration.disabled')).length, 0)
    await once()
    await once()
    assert.equal((await integrations.get(workspaceId, 'failing')).enabled, false)
    const [told, ...more] = await ofType('integration.disabled')
    assert.deepEqual([told.subject, told.connector, told.integration, more], ['failing', 'hub', 'failing', []])
    assert.equal((await event(told.id)).data.reason, 'vendor_unreachable')
  })

  test('that a call is completed is told while somebody wants to hear it, and costs nothing otherwise', async () => {
    const call = () => hub.call('POST', '/api/v1/tools/hub_list_integrations/invoke', { input: {} })
    assert.equal((await call()).statusCode, 200)
    const { id } = (await hub.call('POST', '/api/v1/endpoints', { url: 'https://example.com/', types: ['invocation.completed'] })).json()
    const told = await until('it is told', async () => {
      await call()
      return (await ofType('invocation.completed'))[0]
    })
    assert.equal((await event(told.id)).data.tool, 'hub_list_integrations')
    assert.equal((await hub.call('DELETE', `/api/v1/endpoints/${id}`)).statusCode, 204)
    await until('nobody is told any more', async () => {
      const before = (await ofType('invocation.completed')).length
      await call()
      await new Promise((resolve) => setTimeout(resolve, 50))
      return (await ofType('invocation.completed')).length === before
    })
  })

  test('nothing of another workspace is seen, tried, replayed or changed by any route', async () => {
    const id = await send({ n: 2 })
    await hub.rest.inject({ method: 'POST', url: '/api/v1/webhooks/orders', payload: {} })
    assert.equal((await hub.call('GET', '/api/v1/webhooks/rejections?hook=orders')).json().items.length, 1)
    await hub.call('PUT', '/api/v1/retention', { events_days: 7 })
    await hub.call('POST', '/api/v1/workspaces', { name: 'strangers' })
    const made = await hub
      .with({ headers: { 'hub-workspace': 'strangers' } })
      .call('POST', '/api/v1/tokens', { name: 'stranger', scopes: ['events:read', 'events:write'] })
    const { token } = made.json()
    const ask = (method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown) => hub.with({ token }).call(method, url, body)
    assert.deepEqual((await ask('GET', '/api/v1/events')).json().items, [])
    assert.equal((await ask('GET', `/api/v1/events/${id}`)).statusCode, 404)
    assert.equal((await ask('POST', `/api/v1/events/${id}/replay`)).statusCode, 404)
    assert.deepEqual((await ask('POST', '/api/v1/events/replay', { type: '*' })).json(), { replayed: 0 })
    assert.deepEqual((await ask('GET', '/api/v1/webhooks/rejections')).json().items, [])
    assert.equal((await ask('GET', '/api/integrations/webhook/orders/logs')).statusCode, 404)
    for (const url of ['/api/integrations/webhook/orders/test', '/api/v1/webhooks/orders/test'])
      assert.equal((await ask('POST', url, { event_id: id })).statusCode, 404)
    assert.equal((await ask('PUT', '/api/v1/retention', { events_days: 1 })).statusCode, 200)
    assert.equal((await hub.call('GET', '/api/v1/retention')).json().events_days, 7)
    // An event of one workspace as the sample of another's hook.
    const theirs = await hub.with({ headers: { 'hub-workspace': 'strangers' } }).call('POST', '/api/v1/integrations', {
      name: 'theirs',
      integration_type: 'webhook',
      credential: { secret },
      config: { verification: 'github' },
    })
    assert.equal(theirs.statusCode, 201)
    assert.equal((await ask('POST', '/api/v1/webhooks/theirs/test', { event_id: id })).statusCode, 404)
    assert.equal((await event(id)).replays, 0)
  })

  test('who may only read changes nothing, and who may not read sees nothing', async () => {
    const tokenWith = async (scope: string): Promise<string> =>
      (await hub.call('POST', '/api/v1/tokens', { name: scope, scopes: [scope] })).json().token
    const [reader, writer, other] = await Promise.all(['events:read', 'events:write', 'tools:read'].map(tokenWith))
    const reads = [
      '/api/v1/events',
      '/api/v1/events/evt_x',
      '/api/v1/webhooks/rejections',
      '/api/integrations/webhook/orders/logs',
      '/api/v1/retention',
    ]
    const writes: ['POST' | 'PUT', string, object][] = [
      ['POST', '/api/v1/events/evt_x/replay', {}],
      ['POST', '/api/v1/events/replay', { type: 'nothing' }],
      ['POST', '/api/integrations/webhook/orders/test', { body: {} }],
      ['POST', '/api/v1/webhooks/orders/test', { body: {} }],
      ['PUT', '/api/v1/retention', {}],
    ]
    for (const url of reads) {
      assert.notEqual((await hub.with({ token: reader! }).call('GET', url)).statusCode, 403, url)
      assert.equal((await hub.with({ token: other! }).call('GET', url)).statusCode, 403, url)
      assert.equal((await hub.with({ token: null }).call('GET', url)).statusCode, 401, url)
    }
    for (const [method, url, body] of writes) {
      assert.notEqual((await hub.with({ token: writer! }).call(method, url, body)).statusCode, 403, url)
      for (const token of [other!, reader!]) assert.equal((await hub.with({ token }).call(method, url, body)).statusCode, 403, url)
      assert.equal((await hub.with({ token: null }).call(method, url, body)).statusCode, 401, url)
    }
  })
})
