import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '#lib/clock'
import { testHub, toolEnvironment, type TestHub } from '#test'
import { until } from '#test/faults'

/** A hub that works, with no bus but its own. */
async function workingHub(env: Record<string, string> = {}): Promise<{ hub: TestHub; [Symbol.asyncDispose](): Promise<void> }> {
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await testHub(env))
  stack.use(await hub.hub.engine.start(hub.hub.work))
  const owned = stack.move()
  return { hub, [Symbol.asyncDispose]: async () => owned.disposeAsync() }
}

const receiving = `
id: receiving
on:
  - bus: orders
    filter: event.data.total > 10
    parameters:
      total: \${{ event.data.total }}
parameters:
  type: object
  properties: { total: { type: number } }
steps:
  - id: seen
    transform: \${{ parameters.total * 2 }}
outputs:
  twice: \${{ steps.seen.output }}
`
const sending = `
id: sending
steps:
  - id: tell
    emit:
      type: shop.sold
      subject: customer-1
      topic: orders
      data: { total: 21 }
`

async function runOf(hub: TestHub, flow: string, fits: (run: Record<string, any>) => boolean): Promise<Record<string, any>> {
  return until(
    `there is such a run of ${flow}`,
    async () => {
      const { items } = (await hub.call('GET', `/api/v1/runs?flow=${flow}&limit=50`)).json<{ items: { id: string; status: string }[] }>()
      for (const { id, status } of items) {
        if (status !== 'completed') continue
        const run = (await hub.call('GET', `/api/v1/runs/${id}`)).json<Record<string, any>>()
        if (fits(run)) return run
      }
      return undefined
    },
    20_000,
  )
}

test('the bus inside the hub, through flows and the API', async (t) => {
  await using working = await workingHub()
  const { hub } = working
  for (const source of [receiving, sending]) {
    const saved = await hub.with({ headers: { 'content-type': 'application/yaml' } }).call('POST', '/api/v1/flows', source)
    assert.equal(saved.statusCode, 201, saved.body)
  }
  // Its consumer begins within two seconds.
  await until(
    'a message becomes an event',
    async () => {
      await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'orders', data: { total: 1 } })
      const { items } = (await hub.call('GET', '/api/v1/events?type=bus.orders')).json<{ items: unknown[] }>()
      return items.length > 0 ? true : undefined
    },
    20_000,
  )

  await t.test('a message starts the flow that the topic triggers, with its data', async () => {
    const sent = await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'orders', key: 'a', data: { total: 12 } })
    assert.equal(sent.statusCode, 201)
    const run = await runOf(hub, 'receiving', ({ outputs }) => outputs?.twice === 24)
    assert.equal(run['trigger'].kind, 'bus')
    const event = (await hub.call('GET', `/api/v1/events/${run['trigger'].event_id}`)).json<Record<string, any>>()
    assert.deepEqual([event['type'], event['delivery_id']], ['bus.orders', sent.json<{ id: string }>().id])
  })

  await t.test('a step that emits to a topic starts the flow that receives it', async () => {
    assert.equal((await hub.call('POST', '/api/v1/flows/sending/trigger', {})).statusCode, 202)
    await runOf(hub, 'receiving', ({ outputs }) => outputs?.twice === 42)
  })

  await t.test('what waits is empty in the end, and the last messages are told', async () => {
    const { items } = (await hub.call('GET', '/api/v1/buses')).json<{ items: Record<string, unknown>[] }>()
    assert.deepEqual(
      items.map(({ name, status, waiting }) => [name, status, waiting]),
      [['local', 'connected', 0]],
    )
    const messages = (await hub.call('GET', '/api/v1/buses/messages')).json<{ items: Record<string, unknown>[] }>().items
    assert.ok(messages.some(({ direction, topic, outcome }) => direction === 'in' && topic === 'orders' && outcome === 'stored'))
    assert.ok(messages.some(({ direction, topic }) => direction === 'out' && topic === 'orders'))
  })

  await t.test('a message that is no JSON, or too large, is refused before it is published', async () => {
    const large = { topic: 'orders', data: 'x'.repeat(900_000) }
    assert.equal((await hub.call('POST', '/api/v1/buses/local/messages', large)).statusCode, 201)
    assert.equal((await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'a b', data: 1 })).statusCode, 400)
    assert.equal((await hub.call('POST', '/api/v1/buses/nothing/messages', { topic: 'a', data: 1 })).statusCode, 400)
    const unknown = await hub.call('POST', '/api/v1/buses/amqp/messages', { topic: 'a', data: 1 })
    assert.deepEqual([unknown.statusCode, unknown.json<{ code: string }>().code], [404, 'bus_unknown'])
    assert.equal((await hub.call('POST', '/api/v1/buses/pulsar/ping')).statusCode, 404)
    assert.equal((await hub.call('DELETE', '/api/v1/buses/amqp')).statusCode, 404)
  })

  await t.test('the messages of another workspace stay there', async () => {
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'other' })).statusCode, 201)
    const other = hub.with({ headers: { 'hub-workspace': 'other' } })
    const before = (await hub.call('GET', '/api/v1/events?type=bus.orders&limit=200')).json<{ items: unknown[] }>().items.length
    assert.equal((await other.call('POST', '/api/v1/buses/local/messages', { topic: 'orders', data: { total: 50 } })).statusCode, 201)
    await sleep(500)
    assert.equal((await hub.call('GET', '/api/v1/events?type=bus.orders&limit=200')).json<{ items: unknown[] }>().items.length, before)
    const theirs = (await other.call('GET', '/api/v1/buses/messages')).json<{ items: { topic: string }[] }>().items
    assert.deepEqual(
      theirs.map(({ topic }) => topic),
      ['orders'],
    )
  })

  await t.test('a token needs the scope of each operation', async () => {
    const made = await hub.call('POST', '/api/v1/tokens', { name: 'reader', scopes: ['events:read'] })
    const reader = hub.with({ token: made.json<{ token: string }>().token })
    assert.equal((await reader.call('GET', '/api/v1/buses')).statusCode, 200)
    assert.equal((await reader.call('POST', '/api/v1/buses/local/messages', { topic: 'a', data: 1 })).statusCode, 403)
    assert.equal((await reader.call('DELETE', '/api/v1/buses/local')).statusCode, 403)
    const nobody = await hub.call('POST', '/api/v1/tokens', { name: 'nobody', scopes: ['flows:read'] })
    const none = hub.with({ token: nobody.json<{ token: string }>().token })
    for (const path of ['buses', 'buses/messages', 'buses/local/topics/orders/stream'])
      assert.equal((await none.call('GET', `/api/v1/${path}`)).statusCode, 403, path)
  })

  await t.test('whoever follows a topic gets its messages beside the flow', async () => {
    const address = await hub.address()
    const headers = { authorization: `Bearer test-administrator-token` }
    const aborting = new AbortController()
    const reply = await fetch(`${address}/api/v1/buses/local/topics/followed/stream`, { headers, signal: aborting.signal })
    assert.equal(reply.status, 200)
    const text = (async () => {
      let all = ''
      for await (const part of reply.body!.pipeThrough(new TextDecoderStream())) {
        all += part
        if (all.includes('\n\n') && all.includes('data: ')) return all
      }
      return all
    })()
    await sleep(100)
    await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'followed', key: 'k', data: { a: 1 } })
    const [, data = ''] = /data: (.+)/.exec(await text) ?? []
    const { topic, key, data: content } = JSON.parse(data) as Record<string, unknown>
    assert.deepEqual([topic, key, content], ['followed', 'k', { a: 1 }])
    aborting.abort()
  })

  await t.test('a flow that is deleted receives nothing any more', async () => {
    assert.equal((await hub.call('DELETE', '/api/v1/flows/receiving')).statusCode, 204)
    await until(
      'the topic is not received any more',
      async () => {
        const before = (await hub.call('GET', '/api/v1/events?type=bus.orders&limit=200')).json<{ items: unknown[] }>().items.length
        await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'orders', data: { total: 1 } })
        await sleep(200)
        const after = (await hub.call('GET', '/api/v1/events?type=bus.orders&limit=200')).json<{ items: unknown[] }>().items.length
        return after === before ? true : undefined
      },
      20_000,
    )
  })
})

test('a connector that receives a topic', async () => {
  await using working = await workingHub(toolEnvironment)
  const { hub } = working
  const made = await hub.call('POST', '/api/v1/integrations', {
    integration_type: 'probe',
    name: 'my-probe',
    access_token: 'probe-secret-token',
    config: { base_url: 'http://127.0.0.1:9' },
  })
  assert.equal(made.statusCode, 201, made.body)
  const event = await until(
    'the topic is received',
    async () => {
      await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'probe-orders', data: { total: 5 } })
      const { items } = (await hub.call('GET', '/api/v1/events?type=probe.order')).json<{ items: Record<string, unknown>[] }>()
      return items[0]
    },
    20_000,
  )
  assert.deepEqual([event['connector'], event['integration']], ['probe', 'my-probe'])
  const { data } = (await hub.call('GET', `/api/v1/events/${String(event['id'])}`)).json<{ data: unknown }>()
  assert.deepEqual(data, { total: 5 })

  // An integration that is off receives nothing.
  assert.equal((await hub.call('PATCH', '/api/v1/integrations/my-probe', { enabled: false })).statusCode, 200)
  const count = async (): Promise<number> =>
    (await hub.call('GET', '/api/v1/events?type=probe.order&limit=200')).json<{ items: unknown[] }>().items.length
  await until(
    'the topic is not received any more',
    async () => {
      const before = await count()
      await hub.call('POST', '/api/v1/buses/local/messages', { topic: 'probe-orders', data: { total: 6 } })
      await sleep(200)
      return (await count()) === before ? true : undefined
    },
    20_000,
  )
})
