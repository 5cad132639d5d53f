import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { connect } from 'amqplib'
import { findRunning } from '#db'
import { rabbitMissing, startRabbit } from '../test/services/rabbitmq.ts'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { freePort, home, residentMegabytes, startServer } from './support/processes.ts'

const token = 'bench-administrator-token'
const commands = 5000
const rounds = 3
const lightly = 300
const lightPauseMs = 20
const memoryCommands = 100_000

export const bench: Bench = {
  describe: 'commands over RabbitMQ: command in, durable outcome, result out, beside a bare consumer that inserts one row and publishes',
  run: async () => (rabbitMissing === undefined ? inFolder(measure) : console.log(`not measured: ${rabbitMissing}`)),
}

async function measure(dataDir: string): Promise<void> {
  await using rabbit = await startRabbit()
  await using sender = await senderAt(rabbit.url)
  for (const prefetch of [1, 64]) {
    const port = await freePort()
    const env = {
      HUB_DATA_DIR: dataDir,
      HUB_PORT: String(port),
      HUB_ADMIN_TOKEN: token,
      LOG_LEVEL: 'warn',
      HUB_CONNECTORS: join(home, 'bench/support/trivial'),
      AMQP_URL: rabbit.url,
      AMQP_HUB_TOKEN: token,
      AMQP_PREFETCH: String(prefetch),
    }
    await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
    const floor = fork(join(home, 'bench/support/bus-floor.ts'), [
      rabbit.url,
      String(prefetch),
      JSON.stringify({ ...(await findRunning(dataDir))!.address, database: 'hub' }),
    ])
    await once(floor, 'message')
    const toHub = (count: number, pauseMs = 0) => sender.send({ exchange: 'commands.exchange', key: 'integrations.bench' }, count, pauseMs)
    const toFloor = (count: number, pauseMs = 0) => sender.send({ exchange: '', key: 'floor' }, count, pauseMs)
    await toHub(1000)
    await toFloor(1000)
    const [bare, ours]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      bare.push((await toFloor(commands)).perSecond)
      ours.push((await toHub(commands)).perSecond)
    }
    const [floorRate, hubRate] = [median(bare), median(ours)]
    const light = await toHub(lightly, lightPauseMs)
    const floorLight = await toFloor(lightly, lightPauseMs)
    console.log(`prefetch ${prefetch}`)
    console.log(
      `  bare consumer  ${Math.round(floorRate)} commands a second   at light load p50 ${floorLight.p50} ms, p99 ${floorLight.p99} ms`,
    )
    console.log(`  the hub        ${Math.round(hubRate)} commands a second   at light load p50 ${light.p50} ms, p99 ${light.p99} ms`)
    console.log(`  ${(hubRate / floorRate).toFixed(2)} of the bare consumer (aim 0.6)`)
    if (prefetch === 64) {
      const before = residentMegabytes(hub.child.pid!)
      for (let sent = 0; sent < memoryCommands; sent += commands) await toHub(commands)
      console.log(
        `  memory of the hub's own process: ${before} MB, and ${residentMegabytes(hub.child.pid!)} MB after ${memoryCommands} more commands`,
      )
    }
    floor.kill('SIGTERM')
    await once(floor, 'exit')
  }
  console.log('aims: 1,000 durable commands a second, p50 of 10 ms at light load')
}

/** Sends commands and waits for a result of each, with a client that is not the hub's. */
async function senderAt(url: string) {
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  await channel.assertExchange('events.exchange', 'topic', { durable: true })
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'events.exchange', '#')
  const waiting = new Map<string, (ms: number) => void>()
  await channel.consume(
    queue,
    (message) => {
      if (message?.fields.routingKey.endsWith('_failed')) throw new Error(message.content.toString())
      waiting.get(message?.properties.correlationId as string)?.(performance.now())
    },
    { noAck: true },
  )
  let number = 0
  return {
    async send(place: { exchange: string; key: string }, count: number, pauseMs: number) {
      const began = performance.now()
      const times: Promise<number>[] = []
      for (let sent = 0; sent < count; sent++) {
        const id = `c-${number++}`
        const content = Buffer.from(JSON.stringify({ tool_name: 'trivial_get_nothing', parameters: { n: 1 }, task_id: id, step_id: '1' }))
        const at = performance.now()
        times.push(
          new Promise((resolve) =>
            waiting.set(id, (end) => {
              waiting.delete(id)
              resolve(end - at)
            }),
          ),
        )
        channel.publish(place.exchange, place.key, content, { persistent: true, correlationId: id, messageId: id })
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      const sorted = (await Promise.all(times)).toSorted((a, b) => a - b)
      const at = (share: number): string => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1)
      return { perSecond: (count / (performance.now() - began)) * 1000, p50: at(0.5), p99: at(0.99) }
    },
    [Symbol.asyncDispose]: async () => connection.close(),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
