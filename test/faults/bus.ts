import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib'
import { upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { adminToken, freshDatabase, serveProcess, type HubProcess } from '#test'
import { startRabbit, type RabbitServer } from '../services/rabbitmq.ts'
import { until } from './wait.ts'
import { ask, deliver, hookSecret, hubSettings } from './webhooks.ts'

interface Result {
  readonly type: string
  readonly body: Record<string, unknown>
}

/** Sends commands and keeps everything that the hub publishes, as software that we did not write does it: with amqplib, and again until it is confirmed. */
interface Agent extends AsyncDisposable {
  readonly results: readonly Result[]
  /** Resolves when the broker has confirmed the command. */
  send(command: { task_id: string } & Record<string, unknown>): Promise<void>
}

const eventsExchange = 'events.exchange'
const commandsExchange = 'commands.exchange'
const commandsQueue = 'integrations.commands'
const ownQueue = 'agent.results'

async function agentAt(url: string): Promise<Agent> {
  const results: Result[] = []
  let stopped = false
  let connection: ChannelModel | undefined
  let channel: ConfirmChannel | undefined
  let lost = Promise.withResolvers<never>()

  const open = async (): Promise<void> => {
    while (!stopped)
      try {
        const made = await connect(url, { timeout: 5000 })
        connection = made
        made.on('error', () => undefined)
        made.once('close', () => {
          channel = undefined
          lost.reject(new Error('the connection was lost'))
          if (!stopped) void open()
        })
        const fresh = await made.createConfirmChannel()
        fresh.on('error', () => undefined)
        for (const exchange of [eventsExchange, commandsExchange]) await fresh.assertExchange(exchange, 'topic', { durable: true })
        await fresh.assertQueue(ownQueue, { durable: true })
        await fresh.bindQueue(ownQueue, eventsExchange, '#')
        await fresh.consume(ownQueue, (message) => {
          if (!message) return
          results.push({ type: message.fields.routingKey, body: JSON.parse(message.content.toString()) as Record<string, unknown> })
          fresh.ack(message)
        })
        lost = Promise.withResolvers<never>()
        lost.promise.catch(() => undefined)
        channel = fresh
        return
      } catch {
        await sleep(100)
      }
  }

  const publish = (through: ConfirmChannel, bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      lost.promise.catch(reject)
      through.publish(commandsExchange, 'integrations.call', bytes, { persistent: true }, (error) => (error ? reject(error) : resolve()))
    })

  await open()
  return {
    results,
    async send(command) {
      const bytes = Buffer.from(JSON.stringify(command))
      while (!stopped)
        try {
          if (channel) return await publish(channel, bytes)
          await sleep(20)
        } catch {
          // Whether it arrived is not known, so it is sent again.
          await sleep(20)
        }
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      await connection?.close().catch(() => undefined)
    },
  }
}

export interface BusBench extends AsyncDisposable {
  readonly rabbit: RabbitServer
  readonly agent: Agent
  /** How often each path was written upstream. */
  readonly acted: ReadonlyMap<string, number>
  /** Starts a hub on the one database and the one broker. */
  serve(): Promise<HubProcess>
  /** Sends so many writes at once and returns their tasks. */
  sendWrites(count: number): Promise<string[]>
  /** Waits until every task is answered, and checks what was written for it. */
  settle(tasks: readonly string[], ms?: number): Promise<{ completed: number; unknown: number }>
}

/** RabbitMQ 3.10 writes which quorum queues exist to the disk up to five seconds later. One that is killed before refuses their messages for 65 s. */
const directoryMs = 6000

/** A hub, a broker, an agent and an upstream that counts, with the first hub of the database already set up and its queues on the disk of the broker. */
export async function startBusBench(): Promise<BusBench> {
  await using stack = new AsyncDisposableStack()
  const rabbit = stack.use(await startRabbit())
  const acted = new Map<string, number>()
  const api = stack.use(
    await upstream(async ({ method, path }) => {
      if (method === 'POST') acted.set(path, (acted.get(path) ?? 0) + 1)
      await sleep(randomInt(0, 15))
      return { body: { ok: 1 } }
    }),
  )
  const database = stack.use(await freshDatabase())
  const env = {
    ...hubSettings,
    DATABASE_URL: database.url,
    HUB_CONNECTORS: join(import.meta.dirname, '../support/connector'),
    RATE_LIMIT_PER_MINUTE: '1000000',
    AMQP_URL: rabbit.url,
    AMQP_HUB_TOKEN: adminToken,
  }
  const agent = stack.use(await agentAt(rabbit.url))
  {
    await using hub = await serveProcess(env)
    await ask(hub, '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: hookSecret } })
    await ask(hub, '/api/v1/integrations', { integration_type: 'probe', access_token: 'probe-token', config: { base_url: api.url } })
    await until('the hub consumes commands', async () => (await rabbit.ctl('list_consumers')).includes(commandsQueue), 30_000)
    await sleep(directoryMs)
  }
  let tasks = 0
  const owned = stack.move()
  return {
    rabbit,
    agent,
    acted,
    serve: () => serveProcess(env),
    async sendWrites(count) {
      const made = Array.from({ length: count }, () => `task-${(tasks += 1)}`)
      await Promise.all(
        made.map((id) => agent.send({ tool_name: 'probe_create_thing', parameters: { at: `/w/${id}` }, task_id: id, step_id: '1' })),
      )
      return made
    },
    async settle(sent, ms = 60_000) {
      const answers = (): Map<string, Record<string, unknown>[]> =>
        Map.groupBy(
          agent.results.filter(({ type }) => type.startsWith('integrations.')).map(({ body }) => body),
          ({ task_id: id }) => String(id),
        )
      await until('every command is answered', () => sent.every((id) => answers().has(id)), ms).catch((error: unknown) => {
        const missing = sent.filter((id) => !answers().has(id))
        throw new Error(`${missing.length} of ${sent.length} commands are not answered: ${missing.slice(0, 10).join()}`, { cause: error })
      })
      const found = answers()
      const outcomes = sent.map((id) => {
        const own = found.get(id)!
        const times = acted.get(`/w/${id}`) ?? 0
        assert.ok(times <= 1, `${id} was written ${times} times`)
        // An answer that is given again is the same one.
        const said = new Set(own.map(({ status, error_code: code }) => (status === 'completed' ? 'completed' : String(code))))
        assert.deepEqual(
          [...said].filter((one) => one !== 'completed' && one !== 'outcome_unknown'),
          [],
          JSON.stringify(own),
        )
        assert.equal(said.size, 1, JSON.stringify(own))
        if (said.has('completed')) assert.equal(times, 1, `${id} is told as completed`)
        return [...said][0]
      })
      const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length
      return { completed: count('completed'), unknown: count('outcome_unknown') }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Kills the hub so often while it handles commands and webhooks, and returns what it was given. */
export async function killHubs(bench: BusBench, kills: number): Promise<{ tasks: string[]; loads: Load[] }> {
  const tasks: string[] = []
  const loads: Load[] = []
  for (let round = 0; round < kills; round++) {
    const hub = await bench.serve()
    const before = bench.acted.size
    const load = startLoad([hub], { killed: true })
    const sending = bench.sendWrites(40)
    await until('the hub writes', () => bench.acted.size > before, 30_000)
    await sleep(randomInt(0, 100))
    hub.child.kill('SIGKILL')
    await hub.exited
    await load.stop()
    loads.push(load)
    tasks.push(...(await sending))
  }
  return { tasks, loads }
}

export interface Load {
  /** The numbers of the webhooks that were accepted, by their subject, in order. */
  readonly accepted: ReadonlyMap<string, readonly number[]>
  /** How long each request took, in milliseconds. */
  readonly took: readonly number[]
  stop(): Promise<void>
}

const subjects = ['octo/a', 'octo/b', 'octo/c']
let numbers = 0

/**
 * Webhooks and calls of tools, one after the other for each subject. The first request that fails is an error of `stop`, unless the hub is to be
 * killed.
 */
export function startLoad(hubs: readonly HubProcess[], { killed = false } = {}): Load {
  const accepted = new Map<string, number[]>(subjects.map((subject) => [subject, []]))
  const took: number[] = []
  let stopped = false
  const timed = async <T>(request: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const answer = await request()
    took.push(performance.now() - began)
    return answer
  }
  const ends = subjects.map(async (subject, index) => {
    for (let place = index; !stopped; place++) {
      const hub = hubs[place % hubs.length]!
      const number = (numbers += 1)
      const reply = await timed(() => deliver(hub, { number, repository: { full_name: subject } }))
      assert.equal(reply.status, 202, await reply.text())
      accepted.get(subject)!.push(number)
      await timed(() => ask(hub, '/api/v1/tools/probe_get_thing/invoke', { input: { at: '/r' } }))
      await sleep(10)
    }
  })
  const ended = Promise.all(ends)
  // Whoever stops the load gets the error.
  const ending = ended.catch((error: unknown) => {
    // Fetch throws a TypeError where no answer came. Whether the webhook was stored is not known then.
    if (!killed || !(error instanceof TypeError)) throw error
  })
  ending.catch(() => undefined)
  return {
    accepted,
    took,
    async stop() {
      stopped = true
      await ending
    },
  }
}

/** Waits until every event has come, and checks that the events of a subject first came in their order. */
export async function settleEvents({ agent }: BusBench, { accepted }: Load, ms = 60_000): Promise<number> {
  const came = (subject: string): number[] => {
    const all = agent.results.flatMap(({ type, body }) =>
      type === 'github.issues' && (body['repository'] as { full_name: string }).full_name === subject ? [Number(body['number'])] : [],
    )
    return [...new Set(all)]
  }
  let sum = 0
  for (const [subject, sent] of accepted) {
    const wanted = new Set(sent)
    const own = (): number[] => came(subject).filter((number) => wanted.has(number))
    await until(`the ${sent.length} events of ${subject} come`, () => own().length === sent.length, ms)
    assert.deepEqual(own(), sent, `the events of ${subject} are out of order`)
    sum += sent.length
  }
  return sum
}

/** The value of a metric of the hub for RabbitMQ. */
export async function busMetric(hub: HubProcess, name: string): Promise<number> {
  const reply = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } })
  const values = (await reply.text()).split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes('bus="amqp"'))
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
