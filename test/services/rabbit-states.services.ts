import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { connect } from 'amqplib'
import { createAmqpBus, type Bus } from '#buses'
import { sleep } from '#lib/clock'
import { testTelemetry } from '#test'
import { until } from '#test/faults'
import { pythonClients } from '../clients/install.ts'
import { busHub, rabbitEnv } from './bus-hub.ts'
import { rabbitMissing, startRabbit } from './rabbitmq.ts'

const run = promisify(execFile)
const names = { commandsExchange: 'commands.exchange', eventsExchange: 'events.exchange', queue: 'integrations.commands' }
const busAt = (url: string, lines: string[] = []): Bus =>
  createAmqpBus({ url, ...names, retryMs: { low: 100, high: 500 } }, testTelemetry(lines))
const message = (topic: string) => ({ topic, body: Buffer.from('{}'), properties: {} })

test('the states of RabbitMQ', { skip: rabbitMissing }, async (t) => {
  await using rabbit = await startRabbit()

  await t.test('other credentials are told without the password, and tried again until they are right', async () => {
    const lines: string[] = []
    await using bus = busAt(rabbit.urlAs('somebody', 'a-secret-password'), lines)
    await until('the refusal is told', () => bus.state().problem, 20_000)
    assert.equal(bus.state().status, 'connecting')
    assert.match(bus.state().problem!, /ACCESS_REFUSED/)
    await assert.rejects(bus.publish([message('a')]), { code: 'bus_unavailable' })
    await rabbit.ctl('add_user', 'somebody', 'a-secret-password')
    await rabbit.ctl('set_permissions', 'somebody', '.*', '.*', '.*')
    await until('it connects', () => bus.state().status === 'connected', 30_000)
    assert.deepEqual(await bus.publish([message('a')]), [true])
    assert.equal(lines.join('\n').includes('a-secret-password'), false)
  })

  await t.test('an account that may not declare uses what is there', async () => {
    await rabbit.ctl('add_user', 'reader', 'reader-password')
    await rabbit.ctl('set_permissions', 'reader', '^$', '.*', '.*')
    const lines: string[] = []
    await using bus = busAt(rabbit.urlAs('reader', 'reader-password'), lines)
    await until('it connects', () => bus.state().status === 'connected', 20_000)
    assert.deepEqual(await bus.publish([message('a')]), [true])
    assert.match(lines.join('\n'), /the exchange events\.exchange exists with other properties, or may not be declared/)
  })

  await t.test('an exchange that vanishes is declared again', async () => {
    await using bus = busAt(rabbit.url)
    await until('it connects', () => bus.state().status === 'connected', 20_000)
    assert.deepEqual(await bus.publish([message('a')]), [true])
    const connection = await connect(rabbit.url)
    await (await connection.createChannel()).deleteExchange('events.exchange')
    await connection.close()
    let confirmed = false
    for (const end = Date.now() + 20_000; !confirmed && Date.now() < end; await sleep(100))
      confirmed = (await bus.publish([message('a')]).catch(() => [false]))[0]!
    assert.ok(confirmed, 'it publishes no more')
  })

  await t.test('an exchange with other properties is used as it is', async () => {
    const connection = await connect(rabbit.url)
    const channel = await connection.createChannel()
    await channel.deleteExchange('events.exchange')
    await channel.assertExchange('events.exchange', 'topic', { durable: false })
    const lines: string[] = []
    await using bus = busAt(rabbit.url, lines)
    await until('it connects', () => bus.state().status === 'connected', 20_000)
    assert.deepEqual(await bus.publish([message('a')]), [true])
    assert.match(lines.join('\n'), /PRECONDITION_FAILED/)
    await channel.deleteExchange('events.exchange')
    await connection.close()
  })

  await t.test('a token that is revoked receives nothing, and loses nothing', async () => {
    await using hub = await busHub({ AMQP_URL: rabbit.url, AMQP_HUB_TOKEN: 'not-a-token-of-this-hub-at-all' })
    await until('it connects', () => hub.hub.hub.buses.open()[0]!.bus.state().status === 'connected', 20_000)
    const connection = await connect(rabbit.url)
    const channel = await connection.createConfirmChannel()
    await until('the hub receives commands', async () => (await rabbit.ctl('list_consumers')).includes('integrations.commands\t'), 20_000)
    channel.publish('commands.exchange', 'integrations.call', Buffer.from('{"tool_name":"probe_get_thing","parameters":{"at":"/a"}}'))
    await channel.waitForConfirms()
    // The broker counts every five seconds.
    await until(
      'the command is counted',
      async () => /integrations\.commands\t1\n/.test(await rabbit.ctl('list_queues', 'name', 'messages')),
      20_000,
    )
    await sleep(2500)
    assert.match(await rabbit.ctl('list_queues', 'name', 'messages'), /integrations\.commands\t1\n/)
    assert.equal(hub.api.requests.length, 0)
    const [told] = await hub.hub.hub.buses.overview()
    assert.match(told?.state?.problem ?? '', /the token in AMQP_HUB_TOKEN is unknown, expired or revoked/)
    await hub.stopCommands()
    await channel.purgeQueue('integrations.commands')
    await connection.close()
  })

  await t.test('a client in Python, pika, sends a command and gets the result', async (inner) => {
    const clients = await pythonClients()
    if ('missing' in clients) return inner.skip(clients.missing)
    await using hub = await busHub(rabbitEnv(rabbit.url))
    hub.answer = () => ({ body: { ok: 3 } })
    await until('the hub receives commands', async () => (await rabbit.ctl('list_consumers')).includes('integrations.commands\t'), 20_000)
    const { stdout } = await run(clients.python, ['-c', pikaClient, rabbit.url], { timeout: 60_000 })
    const { key, body } = JSON.parse(stdout) as { key: string; body: Record<string, unknown> }
    assert.equal(key, 'integrations.probe_get_thing_completed')
    assert.deepEqual([body['task_id'], body['status'], body['result']], ['from-python', 'completed', { ok: 3 }])
  })
})

const pikaClient = `
import json, sys, pika
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.exchange_declare('events.exchange', 'topic', durable=True)
queue = channel.queue_declare('', exclusive=True).method.queue
channel.queue_bind(queue, 'events.exchange', 'integrations.#')
channel.confirm_delivery()
command = {'tool_name': 'probe_get_thing', 'parameters': {'at': '/p'}, 'task_id': 'from-python', 'step_id': '1'}
channel.basic_publish('commands.exchange', 'integrations.python', json.dumps(command), pika.BasicProperties(delivery_mode=2), mandatory=True)
for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=30):
    print(json.dumps({'key': method.routing_key, 'body': json.loads(body)}))
    break
connection.close()
`
