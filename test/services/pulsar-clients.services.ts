import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { sleep } from '#lib/clock'
import { adminToken } from '#test'
import { until } from '#test/faults'
import { npmClients, pythonClients } from '../clients/install.ts'
import { busHub } from './bus-hub.ts'
import { pulsarMissing, startPulsar } from './pulsar.ts'

const run = promisify(execFile)

test('clients of Pulsar that are not ours', { skip: pulsarMissing }, async (t) => {
  await using pulsar = await startPulsar()
  await using hub = await busHub({ PULSAR_URL: pulsar.url, PULSAR_HUB_TOKEN: adminToken, PULSAR_EVENTS: 'shop.*,webhook.*,hub.*' })
  hub.answer = () => ({ body: { ok: 3 } })
  const { bus } = hub.hub.hub.buses.open()[0]!
  await until('the hub connects', () => bus.state().status === 'connected', 30_000)
  const subscriptionsOf = async (topic: string): Promise<string[]> => {
    const reply = await pulsar.admin('GET', `persistent/public/default/${topic}/subscriptions`)
    return reply.ok ? ((await reply.json()) as string[]) : []
  }
  await until('the hub receives commands', async () => (await subscriptionsOf('integrations.commands')).includes('hub'), 20_000)

  await t.test('the client in Python sends commands, and gets their results', async (inner) => {
    const clients = await pythonClients()
    if ('missing' in clients) return inner.skip(clients.missing)
    const before = hub.api.requests.length
    const { stdout } = await run(clients.python, ['-c', pythonClient, pulsar.binaryUrl], { timeout: 90_000 })
    const results = JSON.parse(stdout) as { type: string; body: Record<string, unknown> }[]
    const of = (task: string) => results.filter(({ body }) => body['task_id'] === task)
    assert.deepEqual(
      of('p-1').map(({ type, body }) => [type, body['status'], body['result']]),
      [['integrations.probe_get_thing_completed', 'completed', { ok: 3 }]],
    )
    // The same write twice: answered twice, made once.
    assert.equal(of('p-2').length, 2)
    assert.equal(new Set(of('p-2').map(({ body }) => body['invocation_id'])).size, 1)
    assert.equal(hub.api.requests.length - before, 2)
    assert.deepEqual(
      results.filter(({ type }) => type === 'integrations.unknown_failed').map(({ body }) => body['error_code']),
      ['command_invalid'],
    )
    const dead = await pulsar.admin('GET', 'persistent/public/default/integrations.commands-hub-dead/subscription/hub-dead/position/1')
    assert.equal(dead.status, 200)
    assert.equal(await dead.text(), 'this is no JSON')
    assert.match(JSON.stringify([...dead.headers]), /the message is not a JSON object/)
  })

  await t.test('pulsar-ws sends a command over the WebSocket API', async () => {
    const folder = await npmClients()
    const script = pulsarWsClient.replace('MODULE', JSON.stringify(createRequire(join(folder, 'x.js')).resolve('pulsar-ws')))
    const before = hub.api.requests.length
    await run(process.execPath, ['-e', script, pulsar.url.replace('http', 'ws')], { timeout: 60_000 })
    await until('the command arrives', () => hub.api.requests.length > before, 20_000)
  })

  await t.test('a topic of a partitioned kind is received', async () => {
    assert.equal((await pulsar.admin('PUT', 'persistent/public/default/parted/partitions', 3)).status, 204)
    const received: string[] = []
    await using _ = bus.consume('parted', {
      group: 'g',
      prefetch: 10,
      handle: async ({ body }) => {
        received.push(body.toString())
        return 'done'
      },
    })
    for (const end = Date.now() + 20_000; received.length < 20 && Date.now() < end; await sleep(300))
      await bus.publish(
        Array.from({ length: 10 }, (__, number) => ({
          topic: 'parted',
          key: `k${number}`,
          body: Buffer.from(`${number}`),
          properties: {},
        })),
      )
    assert.ok(new Set(received).size === 10, JSON.stringify(received))
  })

  await t.test('whoever follows a topic leaves no subscription behind', async () => {
    const ending = new AbortController()
    const following = await hub.hub.hub.buses.tail(await hub.hub.hub.buses.open()[0]!.principal(), 'pulsar', {
      topic: 'followed',
      signal: ending.signal,
    })
    const first = (async () => {
      for await (const { body } of following) return body.toString()
      return undefined
    })()
    await until('it is subscribed', async () => (await subscriptionsOf('followed')).length > 0, 20_000)
    await bus.publish([{ topic: 'followed', body: Buffer.from('one'), properties: {} }])
    assert.equal(await first, 'one')
    ending.abort()
    await until('the subscription is gone', async () => (await subscriptionsOf('followed')).length === 0, 20_000)
  })
})

const pythonClient = `
import json, sys, pulsar
client = pulsar.Client(sys.argv[1], logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, '/dev/null'))
results = client.subscribe('persistent://public/default/integrations.events', 'python', initial_position=pulsar.InitialPosition.Earliest)
producer = client.create_producer('persistent://public/default/integrations.commands')
read = {'tool_name': 'probe_get_thing', 'parameters': {'at': '/p'}, 'task_id': 'p-1', 'step_id': '1'}
write = {'tool_name': 'probe_create_thing', 'parameters': {'at': '/w'}, 'task_id': 'p-2', 'step_id': '1'}
for command in (read, write, write):
    producer.send(json.dumps(command).encode())
producer.send(b'this is no JSON')
seen = []
while len(seen) < 4:
    message = results.receive(timeout_millis=30000)
    results.acknowledge(message)
    seen.append({'type': message.properties()['type'], 'body': json.loads(message.data())})
print(json.dumps(seen))
client.close()
`

const pulsarWsClient = `
const { Producer } = require(MODULE)
const [, host, port] = /\\/\\/([^:]+):(\\d+)/.exec(process.argv[1])
const producer = new Producer(
  { persistent: true, reconnect: false, host, port: Number(port), secure: false, tenant: 'public', namespace: 'default', topic: 'integrations.commands', params: {} },
  console,
)
const command = { tool_name: 'probe_get_thing', parameters: { at: '/ws' }, task_id: 'ws-1', step_id: '1' }
producer
  .start()
  .then(() => producer.send({ payload: Buffer.from(JSON.stringify(command)).toString('base64'), properties: {} }))
  .then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })
`
