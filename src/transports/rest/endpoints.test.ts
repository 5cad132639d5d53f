import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { createEventPublisher } from '#events/publish'
import { startReceiver, testHub, type Receiver, type TestHub } from '#test'

interface Endpoint {
  readonly id: string
  readonly secret: string
  readonly enabled: boolean
  readonly public_key: string | null
}

interface Delivery {
  readonly id: string
  readonly status: string
  readonly event: string
  readonly attempts: number
}

suite('outbound endpoints over REST', () => {
  let hub: TestHub
  let receiver: Receiver

  before(async () => {
    hub = await testHub({ HUB_EGRESS_ALLOW: '127.0.0.1' })
    receiver = await startReceiver()
  })
  after(async () => {
    await receiver[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
  })

  const create = async (more: object = {}): Promise<Endpoint> => {
    const reply = await hub.call('POST', '/api/v1/endpoints', { url: `${receiver.url}/in`, types: ['token.*'], ...more })
    assert.equal(reply.statusCode, 201, reply.payload)
    return reply.json()
  }
  const happen = async (type: string, data: Record<string, unknown> = {}): Promise<void> => {
    const { db, dispatch } = hub.hub
    const { workspaceId } = await hub.hub.access.operator('tester')
    await db.transaction((trx) => createEventPublisher({ ...hub.hub, ...hub.hub.telemetry }).publish(trx, [{ workspaceId, type, data }]))
    await dispatch()
  }
  const deliveriesOf = async (id: string): Promise<Delivery[]> =>
    (await hub.call('GET', `/api/v1/deliveries?endpoint=${id}`)).json<{ items: Delivery[] }>().items
  const tokenWith = async (scopes: string[], more: object = {}, workspace?: string): Promise<string> => {
    const headers = workspace === undefined ? {} : { 'hub-workspace': workspace }
    const reply = await hub.with({ headers }).call('POST', '/api/v1/tokens', { name: 'made', scopes, ...more })
    assert.equal(reply.statusCode, 201, reply.payload)
    return reply.json<{ token: string }>().token
  }

  test('deliveries are counted by endpoint and state, in their own workspace only', async () => {
    const good = await create({ types: ['counted.*'] })
    const bad = await create({ types: ['counted.*'], url: `${receiver.url}/gone` })
    receiver.answer = ({ path }) => (path === '/gone' ? 410 : 204)
    await happen('counted.once')
    await happen('counted.twice')
    await hub.hub.outbound.drain()
    receiver.answer = 204
    const counts = async (token?: string) => {
      const reply = await (token === undefined ? hub : hub.with({ token })).call('GET', '/api/v1/deliveries/counts?from=-1h')
      assert.equal(reply.statusCode, 200, reply.payload)
      return reply.json<{ items: { endpoint: string; delivered: number; dead: number; pending: number }[] }>().items
    }
    const all = await counts()
    assert.equal(all.find(({ endpoint }) => endpoint === good.id)?.delivered, 2)
    const { delivered, dead, pending } = all.find(({ endpoint }) => endpoint === bad.id)!
    assert.deepEqual([delivered, dead + pending], [0, 2])
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'counted-elsewhere' })).statusCode, 201)
    assert.deepEqual(await counts(await tokenWith(['events:read'], {}, 'counted-elsewhere')), [])
    const refused = await hub.with({ token: await tokenWith(['tools:read']) }).call('GET', '/api/v1/deliveries/counts')
    assert.equal(refused.statusCode, 403)
    for (const { id } of [good, bad]) assert.equal((await hub.call('DELETE', `/api/v1/endpoints/${id}`)).statusCode, 204)
  })

  test('the secret is told when it is made and when it is rotated, and nowhere else', async () => {
    const made = await create()
    assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{32}$/)
    const reply = await hub.call('POST', `/api/v1/endpoints/${made.id}/rotate`)
    assert.equal(reply.statusCode, 200, reply.payload)
    const rotated = reply.json<Endpoint>()
    assert.match(rotated.secret, /^whsec_/)
    const given = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
    const own = await create({ secret: given })
    assert.equal(own.secret, null)
    const pair = await create({ signature: 'v1a' })
    assert.deepEqual([pair.secret, pair.public_key?.slice(0, 5)], [null, 'whpk_'])
    await happen('token.used')
    await hub.hub.outbound.drain()
    const secrets = [made.secret, rotated.secret, given].map((secret) => secret.slice('whsec_'.length))
    const [delivery] = await deliveriesOf(made.id)
    const paths = [
      'endpoints',
      `endpoints/${made.id}`,
      'deliveries',
      `deliveries/${delivery!.id}`,
      'audit?limit=200',
      'credentials',
      'events',
    ]
    for (const path of paths) {
      const { statusCode, payload } = await hub.call('GET', `/api/v1/${path}`)
      assert.equal(statusCode, 200)
      for (const secret of secrets) assert.ok(!payload.includes(secret), path)
      assert.ok(!payload.includes('whsk_'), path)
    }
    for (const { id } of [made, own, pair]) assert.equal((await hub.call('DELETE', `/api/v1/endpoints/${id}`)).statusCode, 204)
    const names = (await hub.call('GET', '/api/v1/credentials')).payload
    assert.ok(!names.includes('endpoint-'), 'the credentials went with the endpoints')
  })

  test('a test is sent at once and tells what came back', async () => {
    const made = await create()
    receiver.answer = { status: 418, body: 'short and stout' }
    const reply = (await hub.call('POST', `/api/v1/endpoints/${made.id}/test`)).json<{
      ok: boolean
      status: number
      response: { body: string }
    }>()
    assert.deepEqual([reply.ok, reply.status, reply.response.body], [false, 418, 'short and stout'])
    const sent = receiver.received.at(-1)!
    assert.equal((new Webhook(made.secret).verify(sent.body, sent.headers as never) as { type: string }).type, 'hub.test')
    assert.deepEqual(await deliveriesOf(made.id), [])
    receiver.answer = 204
    await hub.call('DELETE', `/api/v1/endpoints/${made.id}`)
  })

  test('one that is disabled gets nothing, and what is retried goes again', async () => {
    const made = await create()
    await hub.call('PATCH', `/api/v1/endpoints/${made.id}`, { enabled: false })
    await happen('token.used')
    assert.deepEqual(await deliveriesOf(made.id), [])
    await hub.call('PATCH', `/api/v1/endpoints/${made.id}`, { enabled: true, types: ['token.used'] })
    for (const type of ['token.used', 'token.used', 'token.other']) await happen(type)
    assert.equal(await hub.hub.outbound.drain(), 2)
    const [first] = await deliveriesOf(made.id)
    const retried = await hub.call('POST', `/api/v1/deliveries/${first!.id}/retry`)
    assert.deepEqual([retried.statusCode, retried.json<Delivery>().status], [202, 'pending'])
    assert.equal(await hub.hub.outbound.drain(), 1)
    const range = await hub.call('POST', '/api/v1/deliveries/retry', { endpoint: made.id, status: 'delivered' })
    assert.equal(range.json<{ retried: number }>().retried, 2)
    assert.equal(await hub.hub.outbound.drain(), 2)
    assert.deepEqual((await deliveriesOf(made.id)).map(({ status, attempts }) => [status, attempts]).toSorted(), [
      ['delivered', 2],
      ['delivered', 3],
    ])
    await hub.call('DELETE', `/api/v1/endpoints/${made.id}`)
    assert.equal((await hub.call('GET', `/api/v1/deliveries/${first!.id}`)).statusCode, 404)
  })

  test('stored events are replayed to one endpoint as new deliveries, by its types and filter, any number of times', async () => {
    const from = new Date().toISOString()
    for (const n of [1, 2, 3]) await happen('replayed.thing', { n })
    await happen('replayed.other', { n: 9 })
    const made = await create({ types: ['replayed.thing'], filter: 'event.data.n > 1' })
    const seen = receiver.received.length
    for (let times = 0; times < 2; times++) {
      const reply = await hub.call('POST', `/api/v1/endpoints/${made.id}/replay`, { from })
      assert.deepEqual([reply.statusCode, reply.json()], [202, { replayed: 2, next: null }])
      assert.equal(await hub.hub.outbound.drain(), 2)
    }
    const got = receiver.received.slice(seen)
    const numbers = got.map(({ body }) => (JSON.parse(body) as { data: { n: number } }).data.n)
    assert.deepEqual(numbers.toSorted(), [2, 2, 3, 3])
    assert.equal(new Set(got.map(({ headers }) => headers['webhook-id'])).size, 4)
    // Beside what a replay of the event itself makes.
    const { events } = hub.hub
    for (let times = 0; times < 2; times++) {
      await events.replay(await hub.hub.access.operator('tester'), { types: ['replayed.thing'], transform: 'then' })
      await hub.hub.dispatch()
      assert.equal(await hub.hub.outbound.drain(), 2)
    }
    await hub.call('DELETE', `/api/v1/endpoints/${made.id}`)
  })

  test('what cannot be is refused by name', async () => {
    const wrong: readonly [object, string][] = [
      [{ url: 'nonsense' }, 'url'],
      [{ url: 'https://user:password@example.com/' }, 'url'],
      [{ url: 'https://example.com/#part' }, 'url'],
      [{ types: [] }, 'types'],
      [{ types: ['no spaces'] }, 'types.0'],
      [{ filter: 'event.data.(' }, 'filter'],
      [{ transform: '$eval("1")' }, 'transform'],
      [{ secret: 'whsec_short' }, 'secret'],
      [{ secret: `whsk_${Buffer.alloc(32).toString('base64')}` }, 'secret'],
      [{ signature: 'v1a', secret: `whsec_${Buffer.alloc(32).toString('base64')}` }, 'secret'],
      [{ signature: 'v1a', secret: `whsk_${Buffer.alloc(64).toString('base64')}` }, 'secret'],
    ]
    for (const [body, path] of wrong) {
      const reply = await hub.call('POST', '/api/v1/endpoints', { url: 'https://example.com/', ...body })
      assert.equal(reply.statusCode, 400, `${JSON.stringify(body)} ${reply.payload}`)
      assert.ok(
        reply.json<{ errors: { path: string }[] }>().errors.some((error) => error.path.endsWith(path)),
        reply.payload,
      )
    }
    for (const url of ['http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'ftp://example.com/'])
      assert.equal((await hub.call('POST', '/api/v1/endpoints', { url })).json<{ code: string }>().code, 'address_refused', url)
    assert.equal((await hub.call('GET', '/api/v1/endpoints')).json<{ items: unknown[] }>().items.length, 0)
  })

  test('nobody sees or changes those of another workspace, nor without the scope', async () => {
    const made = await create()
    await happen('token.used')
    await hub.hub.outbound.drain()
    const [delivery] = await deliveriesOf(made.id)
    await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const stranger = await tokenWith(['admin'], {}, 'elsewhere')
    const reader = await tokenWith(['events:read'])
    const other = await tokenWith(['integrations:write', 'credentials:write', 'tools:call'])
    const readOnly = await tokenWith(['events:write'], { read_only: true })
    const from = new Date(0).toISOString()
    const ways: readonly ['GET' | 'POST' | 'PATCH' | 'DELETE', string, object?][] = [
      ['GET', `endpoints/${made.id}`],
      ['PATCH', `endpoints/${made.id}`, { url: 'https://attacker.example/' }],
      ['POST', `endpoints/${made.id}/rotate`, {}],
      ['POST', `endpoints/${made.id}/test`],
      ['POST', `endpoints/${made.id}/replay`, { from }],
      ['GET', `deliveries/${delivery!.id}`],
      ['POST', `deliveries/${delivery!.id}/retry`],
      ['POST', 'deliveries/retry', { endpoint: made.id, status: 'delivered' }],
      ['DELETE', `endpoints/${made.id}`],
    ]
    for (const [method, path, body] of ways) {
      const asked = (token: string) => hub.with({ token }).call(method, `/api/v1/${path}`, body)
      assert.equal((await asked(stranger)).statusCode, 404, `${method} ${path}`)
      assert.equal((await asked(other)).statusCode, 403, `${method} ${path}`)
      if (method === 'GET') continue
      assert.equal((await asked(reader)).statusCode, 403, `${method} ${path}`)
      assert.equal((await asked(readOnly)).statusCode, 403, `${method} ${path}`)
    }
    for (const path of ['endpoints', `deliveries?endpoint=${made.id}`])
      assert.deepEqual((await hub.with({ token: stranger }).call('GET', `/api/v1/${path}`)).json<{ items: unknown[] }>().items, [])
    const range = await hub.with({ token: stranger }).call('POST', '/api/v1/deliveries/retry', { status: 'delivered', from })
    assert.equal(range.json<{ retried: number }>().retried, 0)
    assert.equal((await hub.with({ token: readOnly }).call('POST', '/api/v1/endpoints', { url: receiver.url })).statusCode, 403)

    // Nor does what happens in one workspace get to the endpoints of another.
    const theirs = await hub.with({ token: stranger }).call('POST', '/api/v1/endpoints', { url: `${receiver.url}/theirs` })
    await happen('token.used')
    await hub.hub.outbound.drain()
    assert.ok(receiver.received.every(({ path }) => path !== '/theirs'))
    await hub.with({ token: stranger }).call('DELETE', `/api/v1/endpoints/${theirs.json<Endpoint>().id}`)
    await hub.call('DELETE', `/api/v1/endpoints/${made.id}`)
  })
})
