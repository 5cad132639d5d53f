import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, type ConsumeMessage, type Options } from 'amqplib'
import { until } from '#test/faults'
import { busHub, rabbitEnv, type BusHub } from './bus-hub.ts'
import { rabbitMissing, startRabbit, type RabbitServer } from './rabbitmq.ts'

interface Result {
  readonly key: string
  readonly body: Record<string, any>
  readonly message: ConsumeMessage
}

/** Sends commands and reads results as an agent does that we did not write, with amqplib. */
async function agentAt(url: string) {
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  await channel.assertExchange('events.exchange', 'topic', { durable: true })
  await channel.assertExchange('commands.exchange', 'topic', { durable: true })
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'events.exchange', '#')
  const results: Result[] = []
  await channel.consume(
    queue,
    (message) => {
      if (message)
        results.push({ key: message.fields.routingKey, body: JSON.parse(message.content.toString()) as Record<string, any>, message })
    },
    { noAck: true },
  )
  return {
    results,
    channel,
    async send(content: unknown, options: Options.Publish = {}, key = 'integrations.call') {
      const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
      channel.publish('commands.exchange', key, bytes, { persistent: true, ...options })
      await channel.waitForConfirms()
    },
    async result(fits: (result: Result) => boolean): Promise<Result> {
      return until('the result arrives', () => results.find(fits), 20_000)
    },
    [Symbol.asyncDispose]: async () => connection.close(),
  }
}

const dead = async (rabbit: RabbitServer): Promise<number> =>
  Number(/integrations\.commands\.dead\t(\d+)/.exec(await rabbit.ctl('list_queues', 'name', 'messages'))?.[1] ?? 0)

async function readyHub(rabbit: RabbitServer, env: Record<string, string> = {}): Promise<BusHub> {
  const hub = await busHub({ ...rabbitEnv(rabbit.url), ...env })
  await until('the hub connects', () => hub.hub.hub.buses.open()[0]!.bus.state().status === 'connected', 20_000)
  return hub
}

test('commands over RabbitMQ', { skip: rabbitMissing }, async (t) => {
  await using rabbit = await startRabbit()
  await using hub = await readyHub(rabbit)
  await using agent = await agentAt(rabbit.url)
  await until('the hub receives commands', async () => (await rabbit.ctl('list_consumers')).includes('integrations.commands'), 20_000)

  await t.test('a command is answered in the shape of the seed, and nothing of it is missing', async () => {
    hub.answer = () => ({ body: { ok: 7 } })
    await agent.send(
      { tool_name: 'probe_get_thing', parameters: { at: '/a' }, task_id: 'task-1', step_id: 'step-1' },
      { correlationId: 'c-1' },
    )
    const { key, body, message } = await agent.result(({ body: { task_id: id } }) => id === 'task-1')
    assert.equal(key, 'integrations.probe_get_thing_completed')
    const { timestamp, invocation_id: invocation, ...rest } = body
    assert.deepEqual(rest, {
      task_id: 'task-1',
      step_id: 'step-1',
      tool_name: 'probe_get_thing',
      status: 'completed',
      result: { ok: 7 },
    })
    assert.ok(Math.abs(Date.parse(timestamp as string) - Date.now()) < 60_000)
    assert.match(invocation as string, /^inv_/)
    assert.equal(message.properties.correlationId, 'c-1')
    assert.equal(message.properties.headers?.['cloudEvents:type'], key)
    assert.equal(message.properties.deliveryMode, 2)
  })

  await t.test('an answer also goes to reply_to, with the correlation id', async () => {
    const { queue } = await agent.channel.assertQueue('', { exclusive: true })
    const replies: ConsumeMessage[] = []
    await agent.channel.consume(queue, (message) => message && replies.push(message), { noAck: true })
    const command = { tool_name: 'probe_get_thing', parameters: { at: '/a' }, task_id: 'task-2', step_id: '1' }
    await agent.send(command, { replyTo: queue, correlationId: 'c-2' })
    await until('the reply comes', () => replies.length === 1, 20_000)
    assert.equal(replies[0]!.properties.correlationId, 'c-2')
    assert.equal((JSON.parse(replies[0]!.content.toString()) as { status: string }).status, 'completed')
  })

  await t.test('a command that comes again is answered with the stored outcome, and acts once', async () => {
    const before = hub.api.requests.length
    const write = { tool_name: 'probe_create_thing', parameters: { at: '/w' }, task_id: 'task-3', step_id: '1' }
    for (let times = 0; times < 3; times++) await agent.send(write)
    const same = { tool_name: 'probe_create_thing', parameters: { at: '/w' }, idempotency_key: 'k-3' }
    await agent.send(same)
    await agent.send({ ...same, task_id: 'other' }, { headers: { 'idempotency-key': 'ignored, because the body has one' } })
    await until(
      'all are answered',
      () => agent.results.filter(({ key }) => key === 'integrations.probe_create_thing_completed').length === 5,
      20_000,
    )
    assert.equal(hub.api.requests.length - before, 2)
    const ids = new Set(agent.results.filter(({ body }) => body['task_id'] === 'task-3').map(({ body }) => String(body['invocation_id'])))
    assert.equal(ids.size, 1)
  })

  const refused: readonly (readonly [string, unknown, string, string])[] = [
    ['an unknown tool', { tool_name: 'nothing_here', task_id: 'r-1' }, 'integrations.nothing_here_failed', 'tool_unknown'],
    [
      'wrong parameters',
      { tool_name: 'probe_get_thing', parameters: { wrong: 1 }, task_id: 'r-2' },
      'integrations.probe_get_thing_failed',
      'invalid_input',
    ],
    [
      'no object as parameters',
      { tool_name: 'probe_get_thing', parameters: 'x', task_id: 'r-3' },
      'integrations.probe_get_thing_failed',
      'invalid_input',
    ],
    ['an odd name', { tool_name: 'a.b #*', task_id: 'r-4' }, 'integrations.a_b____failed', 'tool_unknown'],
  ]
  for (const [what, content, key, code] of refused)
    await t.test(`${what} gives a failed result with the reason`, async () => {
      await agent.send(content)
      const found = await agent.result(({ body }) => body['task_id'] === (content as { task_id: string }).task_id)
      assert.equal(found.key, key)
      assert.deepEqual([found.body['status'], found.body['error_code'], found.body['retryable']], ['failed', code, false])
      assert.match(found.body['error'] as string, /./)
    })

  const poison: readonly (readonly [string, Buffer, RegExp])[] = [
    ['what is not JSON', Buffer.from('{"tool_name": '), /not a JSON object/],
    ['a list', Buffer.from('[1]'), /not a JSON object/],
    ['no tool name', Buffer.from('{"parameters": {}}'), /"tool_name" is missing/],
    ['bytes', Buffer.from([0, 255, 254, 1]), /not a JSON object/],
    [
      '20 MB',
      Buffer.concat([Buffer.from('{"tool_name":"'), Buffer.alloc(20 * 1024 * 1024, 97), Buffer.from('"}')]),
      /the message has 20971536 bytes/,
    ],
  ]
  for (const [what, bytes, reason] of poison)
    await t.test(`${what} gives a failed result and goes to the dead letters with the reason`, async () => {
      const buried = await dead(rabbit)
      const told = agent.results.length
      await agent.send(bytes, { contentType: 'application/json' })
      await until('the result comes', () => agent.results.length > told, 20_000)
      const { key, body } = agent.results.at(-1)!
      assert.equal(key, 'integrations.unknown_failed')
      assert.equal(body['error_code'], 'command_invalid')
      assert.match(body['error'] as string, reason)
      await until('it is among the dead letters', async () => (await dead(rabbit)) > buried)
      assert.equal(await dead(rabbit), buried + 1)
    })

  await t.test('the dead letters keep the message and say why', async () => {
    const message = await agent.channel.get('integrations.commands.dead', { noAck: true })
    assert.ok(message)
    assert.equal(message.content.toString(), '{"tool_name": ')
    assert.match(message.properties.headers?.['hub-reason'] as string, /not a JSON object/)
    assert.equal(message.properties.headers?.['hub-routing-key'], 'integrations.call')
  })
})
