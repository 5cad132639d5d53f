import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { HubError } from '#errors'
import { schemes, sign } from '#kit'
import { startReceiver, startSender, type Received, type Sender } from '#test'

const minute = 60_000
const hour = 60 * minute

/** What a receiver that uses the official library makes of it. */
function verified(secret: string, { headers, body }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>)
}

async function endpointAt(sender: Sender, url: string, more: object = {}) {
  return sender.outbound.endpoints.create(sender.operator, { url, ...more })
}

suite('deliveries to endpoints', { concurrency: true }, () => {
  test('an event arrives as a CloudEvent that the official library verifies, and is written down with its answer', async () => {
    await using receiver = await startReceiver({ status: 200, headers: { 'x-mine': 'yes' }, body: 'thank you' })
    await using sender = await startSender()
    const { endpoint, secret } = await endpointAt(sender, `${receiver.url}/hook?to=me`)
    await sender.happen('thing.happened', { n: 1, text: 'naïve' }, 'a/b#1')
    assert.equal(await sender.drain(), 1)
    const [got] = receiver.received
    assert.equal(got!.path, '/hook?to=me')
    assert.equal(got!.headers['content-type'], 'application/cloudevents+json; charset=utf-8')
    const event = verified(secret!, got!) as Record<string, unknown>
    assert.deepEqual(
      { specversion: event['specversion'], type: event['type'], subject: event['subject'], id: event['id'] },
      { specversion: '1.0', type: 'thing.happened', subject: 'a/b#1', id: got!.headers['webhook-id'] },
    )
    assert.throws(() => verified(secret!, { ...got!, body: got!.body.replace('"n":1', '"n":2') }))
    const [delivery] = await sender.deliveries(endpoint.id)
    assert.deepEqual([delivery!.status, delivery!.attempts, delivery!.lastStatus], ['delivered', 1, 200])
    const { log } = await sender.outbound.deliveries.get(sender.operator.workspaceId, delivery!.id)
    assert.equal(log.length, 1)
    assert.equal(log[0]!.request['body'], got!.body)
    assert.deepEqual([log[0]!.response!['status'], log[0]!.response!['body']], [200, 'thank you'])
    assert.equal((log[0]!.response!['headers'] as Record<string, string>)['x-mine'], 'yes')
    assert.equal(await sender.drain(), 0)
  })

  test('v1a is verified with the public key that is shown, and its private key is shown to nobody', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint, secret } = await endpointAt(sender, receiver.url, { signature: 'v1a' })
    assert.equal(secret, null)
    await sender.happen('thing.happened')
    await sender.drain()
    const { headers, body } = receiver.received[0]!
    const x = Buffer.from(endpoint.publicKey!.slice('whpk_'.length), 'base64').toString('base64url')
    const [version, signature] = String(headers['webhook-signature']).split(',')
    const signed = Buffer.from(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    assert.equal(version, 'v1a')
    assert.ok(verify(null, signed, key, Buffer.from(signature!, 'base64')))
    assert.ok(!verify(null, Buffer.concat([signed, Buffer.from(' ')]), key, Buffer.from(signature!, 'base64')))
  })

  test('a secret that is replaced as a credential signs the next delivery, and one that is deleted signs none', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url)
    await sender.happen('thing.happened')
    await sender.drain()
    const secret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`
    await sender.credentials.set(sender.operator, { name: endpoint.credential, data: { secret } })
    await sender.happen('thing.happened')
    await sender.drain()
    assert.ok(verified(secret, receiver.received[1]!))
    await sender.credentials.remove(sender.operator, endpoint.credential)
    await sender.happen('thing.happened')
    await sender.drain()
    assert.equal(receiver.received.length, 2)
  })

  test('after a rotation both secrets sign for a day, then the new one alone; the library accepts both', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint, secret: first } = await endpointAt(sender, receiver.url)
    const { secret: second } = await sender.outbound.endpoints.rotateSecret(sender.operator, endpoint.id)
    assert.notEqual(first, second)
    await sender.happen('thing.happened')
    await sender.drain()
    const both = receiver.received[0]!
    assert.equal(String(both.headers['webhook-signature']).split(' ').length, 2)
    verified(first!, both)
    verified(second!, both)
    sender.clock.advance(24 * hour + 1000)
    await sender.happen('thing.happened')
    await sender.drain()
    assert.equal(String(receiver.received[1]!.headers['webhook-signature']).split(' ').length, 1)
  })

  test('after two rotations within a day each secret signs until its own end', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint, secret: first } = await endpointAt(sender, receiver.url)
    await sender.outbound.endpoints.rotateSecret(sender.operator, endpoint.id)
    sender.clock.advance(12 * hour)
    await sender.outbound.endpoints.rotateSecret(sender.operator, endpoint.id)
    const signatures = async (): Promise<number> => {
      await sender.happen('thing.happened')
      await sender.drain()
      return String(receiver.received.at(-1)!.headers['webhook-signature']).split(' ').length
    }
    assert.equal(await signatures(), 3)
    const { headers, body } = receiver.received.at(-1)!
    const at = Number(headers['webhook-timestamp']) * 1000
    const byFirst = sign(schemes.standard, { body: Buffer.from(body), secret: first!, now: at, id: String(headers['webhook-id']) })
    assert.ok(String(headers['webhook-signature']).split(' ').includes(byFirst.headers['webhook-signature']!))
    sender.clock.advance(12 * hour + 1000)
    assert.equal(await signatures(), 2)
    sender.clock.advance(12 * hour)
    assert.equal(await signatures(), 1)
  })

  test('a failed delivery goes again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h under the same id, and is dead after eight attempts', async () => {
    await using receiver = await startReceiver(500)
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url)
    await sender.happen('thing.happened')
    await sender.drain()
    for (const delay of [5000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour]) {
      sender.clock.advance(delay - 1)
      assert.equal(await sender.drain(), 0)
      sender.clock.advance(1)
      assert.equal(await sender.drain(), 1, `after ${delay}`)
    }
    sender.clock.advance(48 * hour)
    assert.equal(await sender.drain(), 0)
    const [delivery] = await sender.deliveries(endpoint.id)
    assert.deepEqual([delivery!.status, delivery!.attempts, delivery!.lastStatus], ['dead', 8, 500])
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size, 8)

    receiver.answer = 200
    await sender.outbound.deliveries.retry(sender.operator, delivery!.id)
    assert.equal(await sender.drain(), 1)
    const { status, log } = await sender.outbound.deliveries.get(sender.operator.workspaceId, delivery!.id)
    assert.deepEqual([status, log.length], ['delivered', 9])
    assert.equal(receiver.received.at(-1)!.headers['webhook-id'], receiver.received[0]!.headers['webhook-id'])
  })

  test('the jitter keeps within a fifth to both sides', async () => {
    await using receiver = await startReceiver(500)
    for (const [random, delay] of [
      [0, 4000],
      [0.999_999, 6000],
    ] as const) {
      await using sender = await startSender({ random: () => random })
      const { endpoint } = await endpointAt(sender, receiver.url)
      await sender.happen('thing.happened')
      await sender.drain()
      const [delivery] = await sender.deliveries(endpoint.id)
      assert.equal(delivery!.nextAt.getTime() - sender.clock.millis(), delay)
    }
  })

  test('Retry-After is obeyed as seconds and as a date, up to a day, and holds up all that goes to the endpoint', async () => {
    await using receiver = await startReceiver({ status: 503, headers: { 'retry-after': '119.1' } })
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url)
    const other = await startReceiver()
    await using _ = other
    await endpointAt(sender, other.url)
    await sender.happen('thing.happened')
    await sender.drain()
    await sender.happen('another.thing')
    await sender.drain()
    assert.deepEqual([receiver.received.length, other.received.length], [1, 2])
    sender.clock.advance(119_000)
    assert.equal(await sender.drain(), 0)
    receiver.answer = { status: 429, headers: { 'retry-after': new Date(sender.clock.millis() + hour).toUTCString() } }
    sender.clock.advance(1000)
    await sender.drain()
    const paused = await sender.outbound.endpoints.get(sender.operator.workspaceId, endpoint.id)
    assert.ok(Math.abs(paused.pausedUntil!.getTime() - sender.clock.millis() - hour) < 3000)
    receiver.answer = { status: 429, headers: { 'retry-after': '9999999' } }
    sender.clock.advance(hour + 2000)
    await sender.drain()
    const capped = await sender.outbound.endpoints.get(sender.operator.workspaceId, endpoint.id)
    assert.equal(capped.pausedUntil!.getTime() - sender.clock.millis(), 24 * hour)
  })

  test('429, 502 and 504 make everything wait that goes there; 500 only what failed', async () => {
    await using receiver = await startReceiver(({ path }) => Number(path.slice(1)))
    await using sender = await startSender()
    for (const status of [429, 500, 502, 504]) await endpointAt(sender, `${receiver.url}/${status}`)
    await sender.happen('thing.happened')
    await sender.drain()
    await sender.happen('another.thing')
    await sender.drain()
    assert.deepEqual(receiver.received.map(({ path }) => path).toSorted(), ['/429', '/500', '/500', '/502', '/504'])
  })

  test('410 disables the endpoint, which then gets nothing new, is announced, and goes on when it is enabled again', async () => {
    await using receiver = await startReceiver(410)
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url, { types: ['thing.*'] })
    await sender.happen('thing.happened')
    await sender.drain()
    const gone = await sender.outbound.endpoints.get(sender.operator.workspaceId, endpoint.id)
    assert.deepEqual([gone.enabled, gone.disabledReason], [false, 'gone'])
    const announced = await sender.events.list(sender.operator.workspaceId, { types: ['endpoint.disabled'] }, { limit: 10 })
    assert.deepEqual(
      announced.map(({ subject, data }) => [subject, (data as { reason: string }).reason]),
      [[endpoint.id, 'gone']],
    )
    const audit = await sender.access.audit.list(sender.operator.workspaceId, { limit: 1 })
    assert.deepEqual([audit[0]!.actor, audit[0]!.action], ['system:outbound', 'endpoint.disabled'])
    receiver.answer = 204
    await sender.happen('thing.happened')
    sender.clock.advance(2 * hour)
    assert.equal(await sender.drain(), 0)
    await sender.outbound.endpoints.update(sender.operator, endpoint.id, { enabled: true })
    assert.equal(await sender.drain(), 1)
    await sender.happen('thing.happened')
    assert.equal(await sender.drain(), 1)
  })

  test('a redirect is a failure, and is not followed', async () => {
    await using target = await startReceiver()
    await using receiver = await startReceiver(({ path }) => ({ status: Number(path.slice(1)), headers: { location: target.url } }))
    await using sender = await startSender()
    for (const status of [301, 302, 303, 307, 308]) await endpointAt(sender, `${receiver.url}/${status}`)
    await sender.happen('thing.happened')
    assert.equal(await sender.drain(), 5)
    for (const { status, lastError } of await sender.deliveries()) {
      assert.equal(status, 'pending')
      assert.match(lastError!, /redirects are not followed/)
    }
    assert.equal(target.received.length, 0)
  })

  test('a private address is refused when it is saved, and when a name leads there, with nothing sent', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender({ allow: [] })
    const isRefused = (error: unknown): boolean => error instanceof HubError && error.code === 'address_refused'
    for (const url of [receiver.url, 'http://[::1]:80/', 'http://169.254.169.254/latest', 'http://0x7f000001/', 'file:///etc/passwd'])
      await assert.rejects(endpointAt(sender, url), isRefused, url)
    const { endpoint } = await endpointAt(sender, receiver.url.replace('127.0.0.1', 'localhost'))
    await sender.happen('thing.happened')
    assert.equal(await sender.drain(), 1)
    const [delivery] = await sender.deliveries(endpoint.id)
    assert.equal(delivery!.status, 'pending')
    assert.match(delivery!.lastError!, /^address_refused: localhost is a private or reserved address/)
    const test = await sender.outbound.endpoints.sendTest(sender.operator, endpoint.id)
    assert.match(test.error!, /^address_refused/)
    assert.equal(receiver.received.length, 0)
  })

  test('a filter keeps events back, a transformation makes another body, and one that fails is the reason written down', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint, secret } = await endpointAt(sender, receiver.url, {
      types: ['thing.*'],
      filter: 'event.data.n > 1',
      transform: '{ "said": event.data.n * 2 }',
    })
    for (const n of [1, 2]) await sender.happen('thing.happened', { n })
    await sender.happen('other.happened', { n: 3 })
    await sender.drain()
    assert.equal(receiver.received.length, 1)
    assert.equal(receiver.received[0]!.headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(verified(secret!, receiver.received[0]!), { said: 4 })
    await sender.outbound.endpoints.update(sender.operator, endpoint.id, { transform: '$error("no such luck")' })
    await sender.happen('thing.happened', { n: 5 })
    await sender.drain()
    assert.equal(receiver.received.length, 1)
    const failed = (await sender.deliveries(endpoint.id)).at(-1)!
    assert.equal(failed.status, 'pending')
    assert.match(failed.lastError!, /no such luck/)
    // Not the receiver's fault.
    assert.equal((await sender.outbound.endpoints.get(sender.operator.workspaceId, endpoint.id)).consecutiveFailures, 0)
    await sender.outbound.endpoints.update(sender.operator, endpoint.id, { transform: null })
    sender.clock.advance(5000)
    await sender.drain()
    assert.equal((verified(secret!, receiver.received[1]!) as { type: string }).type, 'thing.happened')
  })

  test('what the database has no letters for is told all the same', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint, secret } = await endpointAt(sender, receiver.url)
    const { workspaceId } = sender.operator
    const data = { text: 'NUL \0, half \ud83d' }
    const event = { id: 'evt_1', workspaceId, type: 'a.b', connector: 'x', integrationId: null, integration: null, subject: null, data }
    const subscription = {
      id: 's',
      workspaceId,
      kind: 'endpoint',
      target: endpoint.id,
      types: ['*'],
      filter: null,
      ordered: false,
      detail: null,
      overruns: 0,
    }
    const match = { event: { ...event, receivedAt: new Date(), replays: 0 }, subscription }
    const gone = { ...match, subscription: { ...subscription, target: 'end_gone' } }
    const take = await sender.outbound.subscriber.prepare([match, gone, match])
    const taken = await sender.db.transaction(take)
    assert.deepEqual(
      taken.map((id) => id !== undefined),
      [true, false, false],
    )
    await sender.drain()
    assert.deepEqual((verified(secret!, receiver.received[0]!) as { data: unknown }).data, data)
    assert.deepEqual(
      (await sender.deliveries()).map(({ status }) => status),
      ['delivered'],
    )
  })

  test('a replay of large events holds only so many at once, and says where it goes on', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    for (let n = 0; n < 4; n++) await sender.happen('thing.happened', { n, text: 'z'.repeat(6_000_000) })
    const { endpoint } = await endpointAt(sender, receiver.url, { types: ['thing.*'] })
    const range = { from: new Date(0), to: new Date(Date.now() + hour) }
    const replay = (after?: string) => sender.outbound.deliveries.replay(sender.operator, endpoint.id, { ...range, after })
    const first = await replay()
    assert.equal(first.count, 3)
    assert.deepEqual(await replay(first.next!), { count: 1, next: null })
    assert.equal((await sender.deliveries(endpoint.id)).length, 4)
  })

  test('of a huge or endless answer only the beginning is read', async () => {
    await using receiver = await startReceiver({ status: 200, body: '\0'.repeat(10_000) + 'x'.repeat(3_000_000) })
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url)
    await sender.happen('thing.happened', { text: 'y'.repeat(100_000) })
    await sender.drain()
    const [delivery] = await sender.deliveries(endpoint.id)
    assert.equal(delivery!.status, 'delivered')
    const { log } = await sender.outbound.deliveries.get(sender.operator.workspaceId, delivery!.id)
    assert.ok(String(log[0]!.response!['body']).length <= 16_385)
    assert.ok(String(log[0]!.request['body']).length <= 16_385)
  })

  test('in order: a later event of the subject waits until the earlier one is delivered or dead, those of others do not', async () => {
    await using receiver = await startReceiver(({ body }) => (body.includes('"n":1,') ? 500 : 204))
    await using sender = await startSender()
    const { endpoint } = await endpointAt(sender, receiver.url, { ordered: true, types: ['thing.*'] })
    for (const n of [1, 2, 3]) await sender.happen('thing.happened', { n, z: 0 }, 'a/b')
    for (const n of [4, 5]) await sender.happen('thing.happened', { n, z: 0 }, 'c/d')
    const order = (): number[] => receiver.received.map(({ body }) => (JSON.parse(body) as { data: { n: number } }).data.n)
    await sender.drain()
    assert.deepEqual(order().toSorted(), [1, 4, 5])
    sender.clock.advance(2000)
    await sender.drain()
    assert.deepEqual(order().toSorted(), [1, 4, 5])
    receiver.answer = 204
    sender.clock.advance(3000)
    await sender.drain()
    assert.deepEqual(order().slice(3), [1, 2, 3])
    receiver.answer = ({ body }) => (body.includes('"n":6,') ? 500 : 204)
    for (const n of [6, 7]) await sender.happen('thing.happened', { n, z: 0 }, 'a/b')
    for (let hours = 0; hours < 40; hours++) {
      await sender.drain()
      if ((await sender.deliveries(endpoint.id)).every(({ status }) => status !== 'pending')) break
      sender.clock.advance(hour)
    }
    assert.deepEqual((await sender.deliveries(endpoint.id)).map(({ status }) => status).slice(5), ['dead', 'delivered'])
    assert.equal(order().filter((n) => n === 6).length, 8)
    assert.equal(order().at(-1), 7)
  })
})
