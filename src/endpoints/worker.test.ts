import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sleep } from '#lib/clock'
import { freshDatabase, startReceiver, startSender, type Receiver, type Sender } from '#test'
import { until } from '#test/faults'

const minute = 60_000
const hour = 60 * minute

const create = (sender: Sender, url: string, more: object = {}) => sender.outbound.endpoints.create(sender.operator, { url, ...more })
const ids = ({ received }: Receiver): string[] => received.map(({ headers }) => String(headers['webhook-id']))

/** A receiver that answers only when it is told to. */
async function startHanging() {
  const gates: (() => void)[] = []
  const receiver = await startReceiver(() => new Promise((resolve) => gates.push(() => resolve(204))))
  const release = (): void => {
    receiver.answer = 204
    for (const open of gates) open()
  }
  return { receiver, release }
}

suite('the delivery worker', { concurrency: true }, () => {
  test('an endpoint that fails for a day and twenty times in a row is disabled and announced, tried every hour, and healed by a success', async () => {
    await using receiver = await startReceiver(500)
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    const { endpoint } = await create(sender, receiver.url, { types: ['thing.*'] })
    const state = () => sender.outbound.endpoints.get(workspaceId, endpoint.id)
    for (let n = 0; n < 25; n++) await sender.happen('thing.happened', { n })
    await sender.drain()
    // Often enough, but not for long enough.
    assert.deepEqual([(await state()).enabled, (await state()).consecutiveFailures], [true, 25])
    sender.clock.advance(24 * hour)
    await sender.drain()
    const disabled = await state()
    assert.deepEqual([disabled.enabled, disabled.disabledReason], [false, 'failing'])
    const announced = await sender.events.list(workspaceId, { types: ['endpoint.disabled'] }, { limit: 10 })
    assert.equal(announced.length, 1)

    // What happens now waits for it; once an hour the oldest is tried.
    await sender.happen('thing.happened', { n: 25 })
    const before = receiver.received.length
    assert.equal(await sender.drain(), 0)
    for (let probes = 1; probes <= 3; probes++) {
      sender.clock.advance(hour)
      assert.equal(await sender.drain(), 1)
      assert.equal(receiver.received.length, before + probes)
    }
    assert.ok((await sender.deliveries(endpoint.id)).every(({ status }) => status === 'pending'))

    receiver.answer = 204
    sender.clock.advance(hour)
    await sender.drain()
    const healed = await state()
    assert.deepEqual([healed.enabled, healed.disabledReason, healed.failingSince, healed.consecutiveFailures], [true, null, null, 0])
    assert.ok((await sender.deliveries(endpoint.id)).every(({ status }) => status === 'delivered'))
    assert.equal(new Set(ids(receiver)).size, 26)
    assert.equal((await sender.events.list(workspaceId, { types: ['endpoint.healed'] }, { limit: 10 })).length, 1)
    const audit = await sender.access.audit.list(workspaceId, { limit: 5 })
    assert.equal(audit[0]!.action, 'endpoint.healed')
    assert.equal((await sender.access.audit.verify()).breaks.length, 0)
  })

  test('one that is failing goes on collecting when its filter is changed, and gets all of it when it is well', async () => {
    await using receiver = await startReceiver(500)
    await using sender = await startSender()
    const { workspaceId } = sender.operator
    const { endpoint } = await create(sender, receiver.url, { types: ['thing.*'] })
    for (let n = 0; n < 20; n++) await sender.happen('thing.happened', { n })
    await sender.drain()
    sender.clock.advance(24 * hour)
    await sender.drain()
    const changed = await sender.outbound.endpoints.update(sender.operator, endpoint.id, { filter: 'event.data.n > 5' })
    assert.deepEqual([changed.enabled, changed.disabledReason], [false, 'failing'])
    await sender.happen('thing.happened', { n: 20 })
    receiver.answer = 204
    sender.clock.advance(hour)
    await sender.drain()
    assert.equal((await sender.outbound.endpoints.get(workspaceId, endpoint.id)).enabled, true)
    await sender.happen('thing.happened', { n: 21 })
    await sender.drain()
    const delivered = (await sender.deliveries(endpoint.id)).filter(({ status }) => status === 'delivered')
    assert.equal(delivered.length, 22)
  })

  test('failing for a day is not enough without twenty failures, nor are they when a success came in between', async () => {
    await using receiver = await startReceiver(500)
    await using sender = await startSender()
    const { endpoint } = await create(sender, receiver.url, { types: ['thing.*'] })
    const state = () => sender.outbound.endpoints.get(sender.operator.workspaceId, endpoint.id)
    await sender.happen('thing.happened')
    await sender.drain()
    sender.clock.advance(25 * hour)
    await sender.drain()
    assert.deepEqual([(await state()).enabled, (await state()).consecutiveFailures], [true, 2])
    for (let n = 0; n < 17; n++) await sender.happen('thing.happened', { n })
    await sender.drain()
    assert.equal((await state()).consecutiveFailures, 19)
    receiver.answer = 204
    await sender.happen('thing.happened')
    await sender.drain()
    assert.deepEqual([(await state()).consecutiveFailures, (await state()).failingSince], [0, null])
    receiver.answer = 500
    sender.clock.advance(5 * minute)
    await sender.drain()
    assert.equal((await state()).enabled, true)
  })

  test('what waits for a disabled endpoint is given up after three days', async () => {
    await using receiver = await startReceiver(410)
    await using sender = await startSender()
    const { endpoint } = await create(sender, receiver.url)
    await sender.happen('thing.happened')
    await sender.drain()
    sender.clock.advance(71 * hour)
    await sender.drain()
    assert.equal((await sender.deliveries(endpoint.id))[0]!.status, 'pending')
    sender.clock.advance(2 * hour)
    await sender.drain()
    assert.equal((await sender.deliveries(endpoint.id))[0]!.status, 'dead')
  })

  test('a slow endpoint takes no more than its places, and holds up nobody', async () => {
    const { receiver: slow, release } = await startHanging()
    await using _ = slow
    await using quick = await startReceiver()
    await using sender = await startSender({ concurrency: 12, pollMs: 20 })
    await create(sender, slow.url)
    await create(sender, quick.url)
    await sender.start()
    for (let n = 0; n < 40; n++) await sender.happen('thing.happened', { n })
    await until('the quick one has everything', () => quick.received.length === 40)
    assert.equal(slow.received.length, 8)
    release()
    await until('the slow one has everything', () => slow.received.length === 40)
    assert.equal(slow.most, 8)
    assert.equal(new Set(ids(slow)).size, 40)
  })

  test('two processes at once send each delivery once', async () => {
    await using database = await freshDatabase()
    await using receiver = await startReceiver(async () => {
      await sleep(5)
      return 204
    })
    await using one = await startSender({ url: database.url, pollMs: 5 })
    await using two = await startSender({ url: database.url, pollMs: 5 })
    const { endpoint } = await create(one, receiver.url, { ordered: true })
    await create(one, `${receiver.url}/other`)
    for (let n = 0; n < 100; n++) await one.happen('thing.happened', { n }, `subject ${n % 10}`)
    await one.start()
    await two.start()
    await until('all are delivered', async () => (await one.deliveries()).every(({ status }) => status === 'delivered'), 30_000)
    assert.equal(receiver.received.length, 200)
    assert.equal(new Set(receiver.received.map(({ path, headers }) => `${path} ${String(headers['webhook-id'])}`)).size, 200)
    assert.ok((await one.deliveries()).every(({ attempts }) => attempts === 1))
    const told = receiver.received
      .filter(({ path }) => path === '/')
      .map(({ body }) => JSON.parse(body) as { subject: string; data: { n: number } })
    for (const [subject, list] of Map.groupBy(told, ({ subject }) => subject)) {
      const order = list.map(({ data }) => data.n)
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        subject,
      )
    }
    assert.equal((await one.deliveries(endpoint.id)).length, 100)
  })

  test('what a process had under way when it died goes again under the same id when its lease runs out, and not before', async () => {
    await using database = await freshDatabase()
    const { receiver, release } = await startHanging()
    await using _ = receiver
    await using survivor = await startSender({ url: database.url })
    const dying = await startSender({ url: database.url, drainMs: 10 })
    await create(survivor, receiver.url)
    await survivor.happen('thing.happened')
    // A process that is gone writes nothing down: as this one, whose database connections are cut.
    const lost = dying.drain().catch(() => 0)
    await until('it is under way', () => receiver.received.length === 1)
    await dying.db.pool.end()
    survivor.clock.advance(59_000)
    assert.equal(await survivor.drain(), 0)
    receiver.answer = 204
    survivor.clock.advance(2000)
    assert.equal(await survivor.drain(), 1)
    assert.equal(new Set(ids(receiver)).size, 1)
    const [delivery] = await survivor.deliveries()
    const { status, log } = await survivor.outbound.deliveries.get(survivor.operator.workspaceId, delivery!.id)
    assert.equal(status, 'delivered')
    assert.deepEqual([log.length, log[1]!.error], [2, null])
    assert.match(log[0]!.error!, /may or may not have arrived/)
    release()
    await assert.rejects(async () => dying[Symbol.asyncDispose]())
    await lost
  })

  test('a stop waits for what is under way and begins nothing; what takes too long is given back at once', async () => {
    await using database = await freshDatabase()
    const { receiver, release } = await startHanging()
    await using _ = receiver
    await using other = await startSender({ url: database.url })
    await create(other, receiver.url)
    await other.happen('thing.happened')
    const patient = await startSender({ url: database.url, pollMs: 5 })
    await patient.start()
    await until('it is under way', () => receiver.received.length === 1)
    const stopped = patient[Symbol.asyncDispose]()
    await other.happen('thing.happened')
    release()
    await stopped
    assert.deepEqual(
      (await other.deliveries()).map(({ status, attempts }) => [status, attempts]),
      [
        ['delivered', 1],
        ['pending', 0],
      ],
    )

    const { receiver: hanging, release: releaseToo } = await startHanging()
    await using another = hanging
    assert.equal(another.received.length, 0)
    const [endpoint] = await other.outbound.endpoints.list(other.operator.workspaceId, { limit: 1 })
    await other.outbound.endpoints.update(other.operator, endpoint!.id, { url: hanging.url })
    const hurried = await startSender({ url: database.url, pollMs: 5, drainMs: 10 })
    await hurried.start()
    await until('it is under way', () => hanging.received.length === 1)
    await hurried[Symbol.asyncDispose]()
    const given = (await other.deliveries())[1]!
    assert.deepEqual([given.status, given.attempts, given.leasedUntil], ['pending', 0, null])
    releaseToo()
    other.clock.advance(minute)
    assert.equal(await other.drain(), 1)
  })

  test('without its secret nothing is sent unsigned', async () => {
    await using receiver = await startReceiver()
    await using sender = await startSender()
    const { endpoint } = await create(sender, receiver.url)
    await sender.credentials.remove(sender.operator, `endpoint-${endpoint.id}`)
    await sender.happen('thing.happened')
    await sender.drain()
    const [delivery] = await sender.deliveries()
    assert.equal(delivery!.status, 'pending')
    assert.match(delivery!.lastError!, /signing secret is missing/)
    assert.equal(receiver.received.length, 0)
    await sender.outbound.endpoints.rotateSecret(sender.operator, endpoint.id)
    sender.clock.advance(5000)
    assert.equal(await sender.drain(), 1)
    assert.equal(receiver.received.length, 1)
  })
})
