import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createPulsarBus, type Bus, type Message, type Received, type Verdict } from '#buses'
import { sleep } from '#lib/clock'
import { adminToken, testHub, testTelemetry } from '#test'
import { until } from '#test/faults'
import { confirm, scriptedPulsar, type ScriptedPulsar } from '../../../test/services/scripted-pulsar.ts'

type Options = Parameters<typeof createPulsarBus>[0]

const brokerToken = 'token-of-the-broker'
const results = 'results'

function open({ url }: ScriptedPulsar, more: Partial<Options> = {}, lines: string[] = []): Bus {
  const names = { namespace: 'public/default', commands: 'commands', results }
  const quick = { retryMs: { low: 20, high: 100 }, answerMs: 2000 }
  return createPulsarBus({ url, token: brokerToken, ...names, ...quick, ...more }, testTelemetry(lines))
}

const isConnected = (bus: Bus) => until('the bus connects', () => bus.state().status === 'connected')
const problemIs = (bus: Bus, pattern: RegExp) =>
  until(`the state says ${pattern}`, () => bus.state().status === 'connecting' && pattern.test(bus.state().problem ?? ''))
const message = (topic: string, body = '{}'): Message => ({ topic, body: Buffer.from(body), properties: {} })
const incoming = (number: number) => ({
  messageId: `id-${number}`,
  payload: Buffer.from(`{"number":${number}}`).toString('base64'),
  properties: {},
  redeliveryCount: 0,
})

/** A bus that receives one topic, and what it received. */
function receiving(bus: Bus, topic: string, verdict: Verdict = 'done'): { received: Received[]; consumer: AsyncDisposable } {
  const received: Received[] = []
  const consumer = bus.consume(topic, { group: 'g', prefetch: 5, handle: async (one) => (received.push(one), verdict) })
  return { received, consumer }
}

test('a broker that never confirms: nothing counts as published, and the reason is told', async () => {
  await using broker = await scriptedPulsar()
  broker.onPublished = () => undefined
  await using bus = open(broker)
  await isConnected(bus)
  assert.deepEqual(await bus.publish([message('orders'), message('other')]), [false, false])
  assert.match(bus.state().problem ?? '', /^(orders|other): the broker does not confirm what is published$/)
  broker.onPublished = confirm
  assert.deepEqual(await bus.publish([message('orders')]), [true])
  assert.equal(bus.state().problem, undefined)

  broker.onPublished = () => undefined
  const states: string[] = []
  bus.onState(() => states.push(`${bus.state().status} ${bus.state().problem ?? ''}`))
  assert.deepEqual(await bus.publish([{ ...message('any'), result: true }]), [false])
  assert.ok(
    states.some((state) => /^connecting .*does not confirm/.test(state)),
    states.join('\n'),
  )
})

test('a broker that refuses a message, or confirms others: only what it confirmed counts', async () => {
  await using broker = await scriptedPulsar()
  broker.onPublished = ({ context, payload }, socket) => {
    const text = Buffer.from(String(payload), 'base64').toString()
    if (text === 'refused') socket.send({ result: 'send-error:3', errorMsg: `the backlog is full for ${brokerToken}`, context })
    else if (text === 'unknown') socket.send({ result: 'ok', context: 'a number that nobody waits for' })
    else socket.send({ result: 'ok', context })
  }
  const lines: string[] = []
  await using bus = open(broker, {}, lines)
  await isConnected(bus)
  const bodies = ['fine', 'refused', 'unknown', 'fine']
  assert.deepEqual(await bus.publish(bodies.map((body) => message('orders', body))), [true, false, false, true])
  assert.match(lines.join('\n'), /the backlog is full for \[redacted\]/)
  assert.doesNotMatch(lines.join('\n') + bus.state().problem, new RegExp(brokerToken))
})

for (const [what, send, problem] of [
  ['text that is not JSON', (socket) => socket.sendText('hello'), /sent what is not JSON/],
  ['a binary frame', (socket) => socket.sendBinary(Buffer.from('{"result":"ok"}')), /sent what is not JSON/],
  ['bytes that are no frame', (socket) => socket.sendBytes(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello')), /the connection failed/],
] as const satisfies [string, ScriptedPulsar['onOpen'], RegExp][])
  test(`a broker that sends ${what}: the connection is made again, and what was published is not confirmed`, async () => {
    await using broker = await scriptedPulsar()
    await using bus = open(broker)
    const { received, consumer } = receiving(bus, 'orders')
    await using _ = consumer
    await isConnected(bus)
    const first = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
    broker.onPublished = (_frame, socket) => send(socket)
    assert.deepEqual(await bus.publish([message('other')]), [false])
    assert.match(bus.state().problem ?? '', problem)
    const troubled: (string | undefined)[] = []
    bus.onState(() => troubled.push(bus.state().problem))
    send(first)
    const second = await until('the topic is received again', () => {
      const now = broker.socketOf('consumer', 'orders')
      return now === first ? undefined : now
    })
    assert.ok(
      troubled.some((text) => problem.test(text ?? '')),
      JSON.stringify(troubled),
    )
    second.send(incoming(1))
    await until('a message arrives', () => received.length === 1)
    broker.onPublished = confirm
    assert.deepEqual(await bus.publish([message('other')]), [true])
  })

test('messages of a wrong shape: those without an id are left alone, the others reach the handler', async () => {
  await using broker = await scriptedPulsar()
  await using bus = open(broker)
  const { received, consumer } = receiving(bus, 'orders')
  await using _ = consumer
  const socket = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
  for (const odd of [null, 7, 'text', [], {}, { messageId: 7 }, { payload: 'e30=' }]) socket.send(odd)
  socket.send({ messageId: 'a', payload: { not: 'text' }, properties: 'none', key: 5, redeliveryCount: 'often' })
  socket.send({ messageId: 'b', payload: '%%%', properties: { n: 1, reply_to: '../elsewhere', message_id: 'own' } })
  await until('both arrive', () => received.length === 2)
  assert.deepEqual(
    received.map(({ id, key, redeliveries, replyTo, body, properties }) => [id, key, redeliveries, replyTo, body.length, properties['n']]),
    [
      ['a', undefined, 0, undefined, 0, undefined],
      ['own', undefined, 0, undefined, 0, '1'],
    ],
  )
  await until('both are acknowledged', () => socket.frames.length === 2)
  assert.deepEqual(socket.frames, [{ messageId: 'a' }, { messageId: 'b' }])
  assert.equal(broker.asked['consumer'], 2)
})

test('a message that is larger than a frame of the broker: it cannot be buried, and is handled once', async () => {
  await using broker = await scriptedPulsar()
  const lines: string[] = []
  await using bus = open(broker, {}, lines)
  const { received, consumer } = receiving(bus, 'orders', { dead: 'it is too large' })
  await using _ = consumer
  const socket = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
  const large = { messageId: 'large', payload: Buffer.alloc(12 * 1024 * 1024, 32).toString('base64'), properties: {} }
  socket.send({ ...large, redeliveryCount: 0 })
  await until('it is given back', () => socket.frames.length === 1, 20_000)
  socket.send({ ...large, redeliveryCount: 1 })
  await until('it is given back again', () => socket.frames.length === 2, 20_000)
  const givenBack = { type: 'negativeAcknowledge', messageId: 'large' }
  assert.deepEqual(socket.frames, [givenBack, givenBack])
  assert.equal(received.length, 1)
  assert.equal(broker.socketOf('producer', 'orders-hub-dead'), undefined)
  assert.match(lines.join('\n'), /it is too large/)

  socket.send(incoming(1))
  await until('a small one is acknowledged', () => socket.frames.length === 3)
  assert.deepEqual(socket.frames[2], { messageId: 'id-1' })
  const [letter] = broker.socketOf('producer', 'orders-hub-dead')!.frames
  assert.deepEqual(letter?.['properties'], {
    'hub-reason': 'it is too large',
    'hub-topic': 'orders',
    content_type: 'application/json',
    message_id: 'id-1',
  })
})

test('a dead letter that is not confirmed: the message is not acknowledged', async () => {
  await using broker = await scriptedPulsar()
  broker.onPublished = ({ context }, socket) => socket.send({ result: 'send-error:1', context })
  await using bus = open(broker)
  await using _ = receiving(bus, 'orders', { dead: 'no use' }).consumer
  const socket = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
  socket.send(incoming(1))
  await until('it is given back', () => socket.frames.length === 1)
  assert.deepEqual(socket.frames, [{ type: 'negativeAcknowledge', messageId: 'id-1' }])
})

for (const [status, text] of [
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [500, 'Internal Server Error'],
] as const)
  test(`a broker that refuses with ${status}: the state says so until it accepts`, async () => {
    await using broker = await scriptedPulsar()
    broker.handshake = status
    const lines: string[] = []
    await using bus = open(broker, {}, lines)
    await problemIs(bus, new RegExp(`^the broker answers ${status} ${text}$`))
    await assert.rejects(bus.publish([message('orders')]), { code: 'bus_unavailable' })
    await assert.rejects(bus.ping(), { code: 'bus_unavailable' })
    broker.handshake = 'accept'
    await isConnected(bus)
    assert.equal(bus.state().problem, undefined)
    assert.equal(broker.socketOf('producer', results)?.headers.authorization, `Bearer ${brokerToken}`)
    assert.doesNotMatch(lines.join('\n'), new RegExp(brokerToken))
  })

test('a broker that hangs in the handshake: the state says so, and a stop does not wait for it', async () => {
  await using broker = await scriptedPulsar()
  broker.handshake = 'hang'
  {
    await using bus = open(broker, { answerMs: 1000 })
    await problemIs(bus, /^the broker does not answer within 1000 ms$/)
    broker.handshake = 'accept'
    await isConnected(bus)
    assert.deepEqual(await bus.publish([message('orders')]), [true])
  }
  broker.handshake = 'hang'
  const bus = open(broker, { answerMs: 60_000 })
  receiving(bus, 'orders')
  await sleep(100)
  const began = Date.now()
  await bus[Symbol.asyncDispose]()
  assert.ok(Date.now() - began < 2000, `the stop took ${Date.now() - began} ms`)
})

test('a broker that closes before it confirms: nothing counts as published, and it is sent again over a new connection', async () => {
  await using broker = await scriptedPulsar()
  await using bus = open(broker)
  await isConnected(bus)
  for (const close of [(socket) => socket.close(1011, 'no more'), (socket) => socket.cut()] satisfies ScriptedPulsar['onOpen'][]) {
    broker.onPublished = ({ context, payload }, socket) => {
      if (payload === Buffer.from('1').toString('base64')) confirm({ context }, socket)
      else close(socket)
    }
    assert.deepEqual(await bus.publish([message('orders', '1'), message('orders', '2'), message('orders', '3')]), [true, false, false])
    assert.match(
      bus.state().problem ?? '',
      /^orders: (the broker closed the connection \(1011: no more\)|the connection failed|the broker closed.*1006)/,
    )
    broker.onPublished = confirm
    assert.deepEqual(await bus.publish([message('orders', '2'), message('orders', '3')]), [true, true])
  }
})

test('a connection that ends while a message is handled: what the handler said is not sent over another one', async () => {
  await using broker = await scriptedPulsar()
  await using bus = open(broker)
  const going = Promise.withResolvers<void>()
  const handle = async (): Promise<Verdict> => (await going.promise, 'done')
  await using _ = bus.consume('orders', { group: 'g', prefetch: 5, handle })
  const first = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
  first.send(incoming(1))
  await sleep(50)
  first.cut()
  const second = await until('it is received again', () => {
    const now = broker.socketOf('consumer', 'orders')
    return now === first ? undefined : now
  })
  going.resolve()
  await sleep(100)
  assert.deepEqual(second.frames, [])
  second.send({ ...incoming(1), redeliveryCount: 1 })
  await until('it is acknowledged where it came again', () => second.frames.length === 1)
})

test('a broker that closes every connection at once: the pauses between attempts grow', async () => {
  await using broker = await scriptedPulsar()
  broker.onOpen = (socket) => socket.close(1013, 'try again later')
  await using bus = open(broker, { retryMs: { low: 20, high: 2000 } })
  await using _ = receiving(bus, 'orders').consumer
  await sleep(2000)
  const { producer = 0, consumer = 0 } = broker.asked
  // Without growing pauses there would be 60 of each and more. A consumer asks twice: for the dead letters and for its topic.
  assert.ok(producer >= 3 && producer <= 20, `${producer} producers`)
  assert.ok(consumer >= 4 && consumer <= 40, `${consumer} consumers`)
  broker.onOpen = () => undefined
  await until('it connects', () => broker.socketOf('producer', results) !== undefined && bus.state().status === 'connected')
  await until('it receives', () => broker.socketOf('consumer', 'orders'))
})

test('an event that the broker does not confirm waits in the hub until it does', async () => {
  await using broker = await scriptedPulsar()
  const bodies: string[] = []
  broker.onPublished = (frame, socket) => {
    bodies.push(Buffer.from(String(frame['payload']), 'base64').toString())
    if (bodies.length === 1) socket.send({ result: 'send-error:3', errorMsg: 'not now', context: frame['context'] })
    else if (bodies.length === 2) socket.cut()
    else confirm(frame, socket)
  }
  await using hub = await testHub({ PULSAR_URL: broker.url, PULSAR_HUB_TOKEN: adminToken })
  await using _ = await hub.hub.engine.start(hub.hub.work)
  const emit = { type: 'shop.sold', topic: 'orders', data: { total: 21 } }
  const saved = await hub.call('POST', '/api/v1/flows', { definition: { id: 'sending', steps: [{ id: 'tell', emit }] } })
  assert.equal(saved.statusCode, 201, saved.body)
  assert.equal((await hub.call('POST', '/api/v1/flows/sending/trigger', {})).statusCode, 202)
  const waiting = async (): Promise<unknown> => {
    const { items } = (await hub.call('GET', '/api/v1/buses')).json<{ items: { name: string; waiting: number }[] }>()
    return items.find(({ name }) => name === 'pulsar')?.waiting
  }
  await until('it was refused', () => bodies.length > 0, 20_000)
  assert.equal(await waiting(), 1)
  await until('nothing waits any more', async () => (await waiting()) === 0, 40_000)
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body) as unknown),
    Array.from({ length: 3 }, () => ({ total: 21 })),
  )
})

test('every socket is pinged, and one that does not answer is opened again', async () => {
  await using broker = await scriptedPulsar()
  await using bus = open(broker, { pingMs: 50 })
  await using _ = receiving(bus, 'orders').consumer
  await isConnected(bus)
  const consumer = await until('the topic is received', () => broker.socketOf('consumer', 'orders'))
  const producer = broker.socketOf('producer', results)!
  await until('both are pinged', () => producer.pings >= 5 && consumer.pings >= 5)
  assert.equal(broker.socketOf('consumer', 'orders'), consumer)
  assert.equal(broker.socketOf('producer', results), producer)

  broker.silent = true
  await problemIs(bus, /^the broker does not answer a ping$/)
  // Each time the consumer is opened, it asks for the dead letters and for its topic.
  await until('both are opened again', () => (broker.asked['producer'] ?? 0) > 1 && (broker.asked['consumer'] ?? 0) > 3)
  broker.silent = false
  await until('both are new', () => {
    const now = [broker.socketOf('consumer', 'orders'), broker.socketOf('producer', results)]
    return now.every((socket) => socket !== undefined && socket !== consumer && socket !== producer)
  })
  await isConnected(bus)
  assert.deepEqual(await bus.publish([message('orders')]), [true])
})

test('a bus that is stopped leaves nothing that keeps its process alive', async () => {
  await using broker = await scriptedPulsar()
  const script = `
    import { createPulsarBus } from '#buses'
    import { testTelemetry } from './test/support/telemetry.ts'
    const names = { namespace: 'public/default', commands: 'commands', results: 'results' }
    const bus = createPulsarBus({ url: process.env.BROKER, ...names, retryMs: { low: 20, high: 100 }, pingMs: 100 }, testTelemetry())
    bus.consume('orders', { group: 'g', prefetch: 5, handle: async () => 'done' })
    while (bus.state().status !== 'connected') await new Promise((resolve) => setTimeout(resolve, 20))
    await bus.publish([{ topic: 'orders', body: Buffer.from('{}'), properties: {} }])
    console.log('published')
    // Long enough for a ping without an answer.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await bus[Symbol.asyncDispose]()
    console.log('stopped')`
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, BROKER: broker.url },
    cwd: `${import.meta.dirname}/../../..`,
    timeout: 15_000,
  })
  running.child.stdout?.once('data', () => (broker.silent = true))
  assert.equal((await running).stdout, 'published\nstopped\n')
})
