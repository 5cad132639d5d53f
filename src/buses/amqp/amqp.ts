import { Connection, ConsumerStatus, type AsyncMessage, type Channel, type Envelope, type Publisher } from 'rabbitmq-client'
import { once } from '#lib/once'
import { redactText } from '#lib/redact'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { createBusState } from '../state.ts'
import type { Bus, Consumer, Consuming, Message, Received, Verdict } from '../types.ts'

interface AmqpOptions {
  readonly url: string
  readonly commandsExchange: string
  readonly eventsExchange: string
  /** The queue of the commands. The queue of the dead letters has the same name with `.dead`. */
  readonly queue: string
  /** Between two attempts to connect, at the least and at the most. */
  readonly retryMs?: { readonly low: number; readonly high: number }
}

/** A body of this size still leaves room for the frames of others, and 16 MB times the prefetch still fit into memory. */
const maxBytes = 16 * 1024 * 1024
/** What the broker itself may take before an operation counts as failed. */
const answerMs = 10_000
/** The pause before a message is put back, so that a failure that lasts is not repeated at once. */
const againMs = 1000
/** The broker moves a message to the dead letters after so many deliveries: it may have ended every process that received it. */
const deliveryLimit = 50
const commandKeys = ['integrations.*', 'integrations.#']
const topicQueue = (topic: string, group: string): string => `${group}.${topic}`
const deadOf = (queue: string): string => `${queue}.dead`

/** RabbitMQ, through AMQP 0-9-1. Topics are routing keys of the exchange for events. */
export function createAmqpBus({ url, ...options }: AmqpOptions, { logger: parent }: Pick<Telemetry, 'logger'>): Bus {
  const logger = parent.child({ bus: 'amqp' })
  const { commandsExchange, eventsExchange, queue, retryMs = { low: 500, high: 15_000 } } = options
  const state = createBusState()
  const connection = new Connection({
    url,
    connectionName: 'integration-hub',
    acquireTimeout: answerMs,
    connectionTimeout: answerMs,
    heartbeat: 15,
    // Otherwise a result waits for the acknowledgement of what was sent before it: a command every 20 ms took 23 ms instead of 6.
    noDelay: true,
    retryLow: retryMs.low,
    retryHigh: retryMs.high,
  })
  const publishers = new Set<Publisher>()
  const consumers = new Set<Consumer>()
  let events: Promise<Publisher> | undefined
  let direct: Publisher | undefined

  connection.on('error', (error: Error) => {
    const problem = problemOf(error)
    if (!connection.ready) state.lost(problem)
    logger.warn({ problem }, 'the connection to RabbitMQ has a problem; it is made again')
  })
  connection.on('connection', () => {
    state.connected()
    logger.info('connected to RabbitMQ')
  })
  connection.on('connection.blocked', (reason) => state.troubled(`the broker takes no messages: ${reason}`))
  connection.on('connection.unblocked', () => state.connected())

  const onChannel = async <T>(work: (channel: Channel) => Promise<T>): Promise<T> => {
    const channel = await connection.acquire({ emitErrorsFromChannel: true })
    // Whoever waits for the operation gets the error.
    channel.on('error', () => undefined)
    try {
      return await work(channel)
    } finally {
      if (channel.active) await channel.close()
    }
  }

  /** Creates what is missing. What exists with other properties, or may not be created by this account, is used as it is. */
  const declare = async (what: string, ask: (channel: Channel, passive: boolean) => Promise<unknown>): Promise<boolean> => {
    try {
      await onChannel((channel) => ask(channel, false))
      return false
    } catch (error) {
      if (!['PRECONDITION_FAILED', 'ACCESS_REFUSED'].includes(codeOf(error))) throw error
      await onChannel((channel) => ask(channel, true))
      logger.warn({ problem: problemOf(error) }, `${what} exists with other properties, or may not be declared; it is used as it is`)
      return true
    }
  }

  const exchangeOf = async (exchange: string) => {
    const wanted = { exchange, type: 'topic', durable: true }
    const passive = await declare(`the exchange ${exchange}`, (channel, passive) => channel.exchangeDeclare({ ...wanted, passive }))
    return { ...wanted, passive }
  }

  const queueOf = async (name: string, { dead }: { dead: string | undefined }) => {
    const limits: Record<string, unknown> =
      dead === undefined ? {} : { 'x-delivery-limit': deliveryLimit, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead }
    const wanted = { queue: name, durable: true, arguments: { 'x-queue-type': 'quorum' as const, ...limits } }
    const passive = await declare(`the queue ${name}`, (channel, passive) => channel.queueDeclare({ ...wanted, passive }))
    return { ...wanted, passive }
  }

  const publisherTo = (exchanges: Awaited<ReturnType<typeof exchangeOf>>[]): Publisher => {
    const publisher = connection.createPublisher({ confirm: true, exchanges })
    publishers.add(publisher)
    return publisher
  }
  const eventsPublisher = (): Promise<Publisher> =>
    (events ??= exchangeOf(eventsExchange).then(
      (exchange) => publisherTo([exchange]),
      (error: unknown) => {
        events = undefined
        throw error
      },
    ))
  const toQueue = (): Publisher => (direct ??= publisherTo([]))

  /** Moves a message to the dead letters, with the reason. */
  const bury = async (from: string, message: AsyncMessage, reason: string): Promise<void> => {
    const { headers = {}, ...fields } = propertiesOf(message)
    const death = { 'hub-reason': reason.slice(0, 1000), 'hub-queue': from, 'hub-routing-key': message.routingKey }
    await toQueue().send({ ...fields, routingKey: deadOf(from), durable: true, headers: { ...headers, ...death } }, message.body)
  }

  const consumeQueue = (
    { group, prefetch, handle, temporary = false }: Consuming,
    { name, exchange, keys }: { name: string; exchange: string; keys: readonly string[] },
  ): Consumer => {
    const stopping = new AbortController()
    /** Declares everything and begins; tries again until that works. */
    const begun = (async () => {
      for (let pause = retryMs.low; ; pause = Math.min(pause * 2, retryMs.high)) {
        try {
          stopping.signal.throwIfAborted()
          const declared = await exchangeOf(exchange)
          // It ends with its connection, so nothing is left of it when the process dies.
          if (temporary) return { declared, queueOptions: { queue: name, exclusive: true, autoDelete: true } }
          await queueOf(deadOf(name), { dead: undefined })
          return { declared, queueOptions: await queueOf(name, { dead: deadOf(name) }) }
        } catch (error) {
          if (stopping.signal.aborted) return undefined
          state.troubled(problemOf(error))
          logger.warn({ problem: problemOf(error), queue: name }, 'a queue of RabbitMQ cannot be used; trying again')
          await sleep(pause, stopping.signal).catch(() => undefined)
        }
      }
    })()

    const settle = async (message: AsyncMessage, verdict: Verdict): Promise<ConsumerStatus> => {
      if (verdict === 'done') return ConsumerStatus.ACK
      if (verdict !== 'again') {
        await bury(name, message, verdict.dead)
        return ConsumerStatus.ACK
      }
      await sleep(againMs, stopping.signal).catch(() => undefined)
      return ConsumerStatus.REQUEUE
    }

    const receive = async (message: AsyncMessage): Promise<ConsumerStatus> => {
      try {
        return await settle(message, await handle(receivedOf(message)))
      } catch (error) {
        logger.warn({ problem: problemOf(error), queue: name }, 'a message could not be handled; it is delivered again')
        return settle(message, 'again')
      }
    }

    const running = begun.then((ready) => {
      if (!ready) return undefined
      const { declared, queueOptions } = ready
      const bindings = keys.map((routingKey) => ({ queue: name, exchange, routingKey }))
      const consumer = connection.createConsumer(
        {
          queue: name,
          consumerTag: `${group}-${crypto.randomUUID()}`,
          queueOptions,
          exchanges: [declared],
          queueBindings: bindings,
          qos: { prefetchCount: prefetch },
          concurrency: prefetch,
        },
        receive,
      )
      consumer.on('error', (error: Error) => {
        state.troubled(problemOf(error))
        logger.warn({ problem: problemOf(error), queue: name }, 'a consumer of RabbitMQ stopped; it starts again')
      })
      consumer.on('ready', () => state.connected())
      return consumer
    })
    const own: Consumer = {
      async [Symbol.asyncDispose]() {
        consumers.delete(own)
        stopping.abort()
        const closed = running.then((consumer) => consumer?.close())
        // Without a connection nothing is being handled, and the client waits for one before it closes.
        if (state.get().status === 'connected') await closed
        else closed.catch(() => undefined)
      },
    }
    consumers.add(own)
    return own
  }

  return {
    name: 'amqp',
    maxBytes,
    state: state.get,
    onState: state.listen,
    async publish(messages) {
      state.requireConnection()
      const publisher = await eventsPublisher()
      // In one turn, so that they are sent in this order.
      const sent = messages.map(async (message) => {
        if (message.body.length > maxBytes) throw new Error(`a message of ${message.body.length} bytes is too large`)
        await publisher.send({ ...envelopeOf(message), exchange: eventsExchange, routingKey: message.topic }, message.body)
      })
      const results = await Promise.allSettled(sent)
      const failure = results.find((result) => result.status === 'rejected')
      if (failure) {
        state.troubled(problemOf(failure.reason))
        logger.warn({ problem: problemOf(failure.reason) }, 'RabbitMQ did not confirm a message; it is published again')
      }
      return results.map(({ status }) => status === 'fulfilled')
    },
    async reply(to, message) {
      state.requireConnection()
      await toQueue().send({ ...envelopeOf(message), exchange: '', routingKey: to }, message.body)
    },
    consume: (topic, consuming) =>
      consumeQueue(consuming, { name: topicQueue(topic, consuming.group), exchange: eventsExchange, keys: [topic] }),
    consumeCommands: (consuming) => consumeQueue(consuming, { name: queue, exchange: commandsExchange, keys: commandKeys }),
    async forget(topic, group) {
      state.requireConnection()
      await onChannel((channel) => channel.queueDelete({ queue: topicQueue(topic, group) }))
    },
    async ping() {
      state.requireConnection()
      await onChannel((channel) => channel.exchangeDeclare({ exchange: 'amq.topic', passive: true }))
    },
    [Symbol.asyncDispose]: once(async () => {
      const isConnected = state.get().status === 'connected'
      await Promise.all([...consumers].map((consumer) => consumer[Symbol.asyncDispose]()))
      state.stopped()
      if (!isConnected) return connection.unsafeDestroy()
      await Promise.allSettled([...publishers].map((publisher) => publisher.close()))
      await connection.close()
    }),
  }
}

function receivedOf(message: AsyncMessage): Received {
  const { routingKey, messageId, correlationId, replyTo, contentType, headers = {}, redelivered } = message
  // The client has already parsed a JSON body.
  const body = Buffer.isBuffer(message.body)
    ? message.body
    : Buffer.from(typeof message.body === 'string' ? message.body : JSON.stringify(message.body))
  const count = Number(headers['x-delivery-count'])
  const { 'hub-key': key } = headers
  return {
    topic: routingKey,
    key: typeof key === 'string' ? key : undefined,
    body,
    contentType,
    id: messageId,
    correlationId,
    replyTo,
    redeliveries: Number.isFinite(count) && count > 0 ? count : redelivered ? 1 : 0,
    properties: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        ['string', 'number', 'boolean'].includes(typeof value) ? [[name, String(value)]] : [],
      ),
    ),
  }
}

function propertiesOf({
  contentType,
  contentEncoding,
  headers,
  correlationId,
  replyTo,
  messageId,
  type,
  timestamp,
  appId,
}: AsyncMessage): Envelope {
  return { contentType, contentEncoding, headers, correlationId, replyTo, messageId, type, timestamp, appId } as Envelope
}

function envelopeOf({ key, contentType = 'application/json', properties, id, correlationId }: Omit<Message, 'topic'>): Envelope {
  return {
    durable: true,
    contentType,
    ...(id === undefined ? {} : { messageId: id }),
    ...(correlationId === undefined ? {} : { correlationId }),
    headers: { ...properties, ...(key === undefined ? {} : { 'hub-key': key }) },
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? '')
}

/** What an error of the client says, without the password of the URL. */
function problemOf(error: unknown): string {
  const code = codeOf(error)
  const { message = String(error) } = (error ?? {}) as { message?: string }
  return redactText(code && !message.includes(code) ? `${code}: ${message}` : message)
}
