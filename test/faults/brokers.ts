import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib'
import { sleep } from '#lib/clock'
import { adminToken } from '#test'
import { pythonClients } from '../clients/install.ts'
import { startPulsar } from '../services/pulsar.ts'
import { startRabbit } from '../services/rabbitmq.ts'

/** A message that the hub published. */
export interface Published {
  readonly type: string
  readonly id: string
  readonly body: Record<string, unknown>
}

/** Sends commands and tells everything that the hub publishes, with a client that we did not write. */
export interface Agent extends AsyncDisposable {
  /** Resolves when the broker has confirmed the command. It is sent again until then. */
  send(command: Record<string, unknown>): Promise<void>
}

/** A broker of its own, and what differs between the kinds of brokers. */
export interface Broker extends AsyncDisposable {
  /** Its name in the metrics of the hub. */
  readonly bus: 'amqp' | 'pulsar'
  /** The settings with which a hub uses it. */
  readonly env: Readonly<Record<string, string>>
  start(): Promise<void>
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>
  /** Ends it as its operator does. */
  stop(): Promise<void>
  /** Waits until what it has written survives a power cut. */
  durable(): Promise<void>
  /** Whether a hub receives commands. */
  isConsumed(): Promise<boolean>
  /** How many commands are in the dead letters. */
  deadLetters(): Promise<number>
  agent(onMessage: (message: Published) => void): Promise<Agent>
}

const commandsQueue = 'integrations.commands'

export async function rabbitBroker(): Promise<Broker> {
  const rabbit = await startRabbit()
  return {
    bus: 'amqp',
    env: { AMQP_URL: rabbit.url, AMQP_HUB_TOKEN: adminToken },
    start: rabbit.start,
    kill: rabbit.kill,
    stop: rabbit.stop,
    // RabbitMQ 3.10 writes which quorum queues exist to the disk up to five seconds later. One that is killed before refuses their messages for 65 s.
    durable: () => sleep(6000),
    isConsumed: async () => (await rabbit.ctl('list_consumers')).includes(commandsQueue),
    async deadLetters() {
      const lines = (await rabbit.ctl('list_queues', '--quiet', 'name', 'messages')).split('\n')
      const line = lines.find((one) => one.startsWith(`${commandsQueue}.dead\t`))
      if (line === undefined) throw new Error('there is no queue of dead letters')
      return Number(line.split('\t')[1])
    },
    agent: (onMessage) => rabbitAgent(rabbit.url, onMessage),
    [Symbol.asyncDispose]: () => rabbit[Symbol.asyncDispose](),
  }
}

const eventsExchange = 'events.exchange'
const commandsExchange = 'commands.exchange'
const ownQueue = 'agent.results'

async function rabbitAgent(url: string, onMessage: (message: Published) => void): Promise<Agent> {
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
        const fresh = await made.createConfirmChannel()
        fresh.on('error', () => undefined)
        for (const exchange of [eventsExchange, commandsExchange]) await fresh.assertExchange(exchange, 'topic', { durable: true })
        await fresh.assertQueue(ownQueue, { durable: true })
        await fresh.bindQueue(ownQueue, eventsExchange, '#')
        await fresh.consume(ownQueue, (message) => {
          if (!message) return
          const body = JSON.parse(message.content.toString()) as Published['body']
          onMessage({ type: message.fields.routingKey, id: String(message.properties.messageId), body })
          fresh.ack(message)
        })
        lost = Promise.withResolvers<never>()
        lost.promise.catch(() => undefined)
        channel = fresh
        made.once('close', () => {
          channel = undefined
          lost.reject(new Error('the connection was lost'))
          if (!stopped) void open()
        })
        return
      } catch {
        await connection?.close().catch(() => undefined)
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

const namespace = 'persistent/public/default'

export async function pulsarBroker(): Promise<Broker> {
  const pulsar = await startPulsar()
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const reply = await pulsar.admin('GET', `${namespace}/${path}`)
    if (!reply.ok && reply.status !== 404) throw new Error(`Pulsar answers ${reply.status} to ${path}`)
    return reply.ok ? ((await reply.json()) as T) : undefined
  }
  return {
    bus: 'pulsar',
    env: { PULSAR_URL: pulsar.url, PULSAR_HUB_TOKEN: adminToken },
    start: pulsar.start,
    kill: pulsar.kill,
    stop: pulsar.stop,
    durable: async () => undefined,
    isConsumed: async () => (await ask<string[]>(`${commandsQueue}/subscriptions`))?.includes('hub') ?? false,
    async deadLetters() {
      const stats = await ask<{ subscriptions: Record<string, { msgBacklog: number }> }>(`${commandsQueue}-hub-dead/stats`)
      const kept = stats?.subscriptions['hub-dead']
      if (kept === undefined) throw new Error('there is no topic of dead letters')
      return kept.msgBacklog
    },
    agent: (onMessage) => pulsarAgent(pulsar.binaryUrl, onMessage),
    [Symbol.asyncDispose]: () => pulsar[Symbol.asyncDispose](),
  }
}

async function pulsarAgent(url: string, onMessage: (message: Published) => void): Promise<Agent> {
  const clients = await pythonClients()
  if ('missing' in clients) throw new Error(clients.missing)
  const program = join(import.meta.dirname, '../clients/python/bus_agent.py')
  const child = spawn(clients.python, [program, url, commandsQueue, 'integrations.events', 'github.issues'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const sending = new Map<number, () => void>()
  const ready = Promise.withResolvers<void>()
  void ended.then(() => ready.reject(new Error('the agent ended')))
  let numbers = 0
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line) as { ready: true } | { sent: number } | Published
    if ('ready' in said) ready.resolve()
    else if ('sent' in said) {
      sending.get(said.sent)?.()
      sending.delete(said.sent)
    } else onMessage(said)
  })
  await ready.promise
  return {
    send: (command) =>
      new Promise((resolve) => {
        const number = (numbers += 1)
        sending.set(number, resolve)
        child.stdin.write(`${JSON.stringify({ number, command })}\n`)
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
