import { hubError } from '#errors'
import { backoffDelay } from '#lib/backoff'
import { sleep } from '#lib/clock'
import { once } from '#lib/once'
import { redactText } from '#lib/redact'
import type { Telemetry } from '#telemetry'
import { createBusState } from '../state.ts'
import type { Bus, Consumer, Consuming, Received, Verdict } from '../types.ts'
import { createNativeTransport } from './native.ts'
import type { NativeModule } from './native-module.ts'
import { createProducers } from './producers.ts'
import { deadGroup, type ConsumerConnection, type Delivery, type Transport } from './transport.ts'
import { createWebSocketTransport } from './web-socket.ts'

interface PulsarOptions {
  /** The address of the broker or the proxy: http or https for the WebSocket API, pulsar or pulsar+ssl for the package `pulsar-client`. */
  readonly url: string
  /** The broker's token. */
  readonly token?: string | undefined
  /** `tenant/namespace` */
  readonly namespace: string
  readonly commands: string
  /** The topic of all results. The routing key that RabbitMQ would have is the property `type`. */
  readonly results: string
  readonly retryMs?: { readonly low: number; readonly high: number }
  /** What the broker itself may take before an operation counts as failed. */
  readonly answerMs?: number
  /** The time between two pings of a socket. */
  readonly pingMs?: number
  /** Loads the package `pulsar-client`. */
  readonly load?: () => NativeModule
}

/** How many messages that are too large a consumer remembers. */
const mostTooLarge = 1000
const deadOf = (topic: string): string => `${topic}-hub-dead`

/** Apache Pulsar, through its WebSocket API or its own protocol. */
export function createPulsarBus(options: PulsarOptions, { logger: parent }: Pick<Telemetry, 'logger'>): Bus {
  const logger = parent.child({ bus: 'pulsar' })
  const { token, namespace, commands, results } = options
  const { retryMs = { low: 500, high: 15_000 }, answerMs = 10_000, pingMs = 60_000 } = options
  const state = createBusState()
  const stopping = new AbortController()
  const consumers = new Set<Consumer>()
  /** Why a message was not confirmed. */
  let unconfirmed: string | undefined

  const problemOf = (error: unknown): string => {
    const text = redactText(error instanceof Error ? error.message : String(error))
    return token === undefined ? text : text.replaceAll(token, '[redacted]')
  }
  const given = { url: options.url, token, namespace, answerMs, signal: stopping.signal }
  const transport: Transport = options.url.startsWith('pulsar')
    ? createNativeTransport({
        ...given,
        ...(options.load ? { load: options.load } : {}),
        warn: (text) => logger.warn({ problem: problemOf(text) }, 'the client of Pulsar has a problem'),
      })
    : createWebSocketTransport({ ...given, pingMs })
  const { maxBytes } = transport

  const producers = createProducers({
    answerMs,
    open: async (topic, listeners) => transport.produce(requireTopic(topic), listeners),
    failed(topic, reason) {
      const problem = problemOf(`${topic}: ${reason}`)
      unconfirmed = problem
      state.troubled(problem)
      logger.warn({ problem }, 'Pulsar did not confirm a message; it is published again')
    },
  })

  /** Keeps one producer open, which shows whether there is a connection. */
  const watching = keepOpen({
    async open(lost) {
      await producers.keep(results, (problem) => {
        state.lost(problemOf(problem))
        lost(problem)
      })
      state.connected()
      logger.info('connected to Pulsar')
    },
    failed(problem) {
      state.lost(problem)
      logger.warn({ problem }, 'the connection to Pulsar has a problem; it is made again')
    },
    signal: stopping.signal,
  })

  const bury = async (topic: string, message: Received, reason: string): Promise<void> => {
    const death = { 'hub-reason': reason.slice(0, 1000), 'hub-topic': topic }
    const [kept] = await producers.send([{ ...message, topic: deadOf(topic), properties: { ...message.properties, ...death } }])
    if (!kept) throw new Error('the dead letter was not confirmed')
  }

  const consume = (topic: string, { group, prefetch, handle, temporary = false }: Consuming): Consumer => {
    const ending = new AbortController()
    const active = new Set<Promise<void>>()
    const byKey = new Map<string, Promise<void>>()
    /** Dead messages that are too large to be buried. The broker moves them when it has delivered them often enough. */
    const tooLarge = new Set<string>()
    let connection: ConsumerConnection | undefined

    const verdictOn = async (message: Received, messageId: string): Promise<Exclude<Verdict, { dead: string }>> => {
      if (tooLarge.has(messageId)) return 'again'
      try {
        const verdict = await handle(message)
        if (typeof verdict === 'string') return verdict
        if (message.body.length > maxBytes) {
          if (tooLarge.size >= mostTooLarge) tooLarge.clear()
          tooLarge.add(messageId)
          throw new Error(`it is too large for the hub to move it to the dead letters, where the broker moves it: ${verdict.dead}`)
        }
        await bury(topic, message, verdict.dead)
        return 'done'
      } catch (error) {
        logger.warn({ problem: problemOf(error), topic }, 'a message could not be handled; it is delivered again')
        return 'again'
      }
    }

    const receive = (delivery: Delivery, from: () => ConsumerConnection | undefined): void => {
      if (ending.signal.aborted) return
      const { messageId } = delivery
      const message = receivedOf(topic, delivery, (name) => isTopic(name) && name !== commands)
      const before = message.key === undefined ? undefined : byKey.get(message.key)
      const work = (async () => {
        await before
        // What is not acknowledged is delivered again once the connection is closed.
        if (ending.signal.aborted) return
        const verdict = await verdictOn(message, messageId)
        if (verdict === 'done') from()?.done(messageId)
        else from()?.again(messageId)
      })()
      active.add(work)
      if (message.key !== undefined) byKey.set(message.key, work)
      void work.finally(() => {
        active.delete(work)
        if (message.key !== undefined && byKey.get(message.key) === work) byKey.delete(message.key)
      })
    }

    const open = async (lost: (problem: string) => void): Promise<void> => {
      const { signal } = ending
      const deadTopic = temporary ? undefined : deadOf(requireTopic(topic))
      if (deadTopic !== undefined) await transport.keepGroup(deadTopic, deadGroup, signal)
      // A command is not lost because the hub was not there yet. An old message of another topic would surprise who begins to receive it.
      const fromStart = topic === commands && !temporary
      const opened: { connection?: ConsumerConnection } = {}
      const own = await transport.consume(
        requireTopic(topic),
        { group, prefetch, fromStart, temporary, deadTopic, signal },
        { onMessage: (delivery) => receive(delivery, () => opened.connection), onClose: lost },
      )
      opened.connection = own
      connection = own
      if (signal.aborted) own.close()
      else if (producers.isKept()) state.connected()
    }

    const failed = (problem: string): void => {
      state.troubled(problem)
      logger.warn({ problem, topic }, 'a topic of Pulsar cannot be received; trying again')
    }
    const running = keepOpen({ open, failed, signal: ending.signal })
    const consumer: Consumer = {
      [Symbol.asyncDispose]: once(async () => {
        consumers.delete(consumer)
        ending.abort()
        await Promise.all(active)
        connection?.close()
        await running
      }),
    }
    consumers.add(consumer)
    return consumer
  }

  /** Opens something, and again whenever it is lost, until the signal aborts. */
  async function keepOpen(given: {
    open(lost: (problem: string) => void): Promise<void>
    failed(problem: string): void
    readonly signal: AbortSignal
  }): Promise<void> {
    for (let attempt = 0; !given.signal.aborted; attempt++) {
      const lost = Promise.withResolvers<string>()
      const stop = (): void => lost.resolve('stopped')
      given.signal.addEventListener('abort', stop)
      const began = Date.now()
      try {
        await given.open(lost.resolve)
        const problem = await lost.promise
        if (!given.signal.aborted) given.failed(problemOf(problem))
      } catch (error) {
        if (!given.signal.aborted) given.failed(problemOf(error))
      } finally {
        given.signal.removeEventListener('abort', stop)
      }
      // What is lost as soon as it is open counts as failed, so that the pauses grow.
      if (Date.now() - began > retryMs.high) attempt = 0
      const pause = retryMs.low + backoffDelay(attempt, { baseMs: retryMs.low, maxMs: retryMs.high })
      await sleep(pause, given.signal).catch(() => undefined)
    }
  }

  return {
    name: 'pulsar',
    maxBytes,
    state: state.get,
    onState: state.listen,
    async publish(messages) {
      state.requireConnection()
      const places = messages.map(({ result, ...message }) =>
        result ? { ...message, topic: results, properties: { ...message.properties, type: message.topic } } : message,
      )
      const fit = places.map(({ topic, body }) => body.length <= maxBytes && isTopic(topic))
      const confirmed = await producers.send(places.filter((_, index) => fit[index]))
      const { status, problem } = state.get()
      if (status === 'connected' && problem !== undefined && problem === unconfirmed && !confirmed.includes(false)) state.connected()
      let next = 0
      return fit.map((fits) => fits && confirmed[next++]!)
    },
    async reply(to, message) {
      state.requireConnection()
      if (!isTopic(to) || to === commands) throw new Error('the topic of a reply is no other topic in the namespace of the hub')
      const [confirmed] = await producers.send([{ ...message, topic: to }])
      if (!confirmed) throw hubError('bus_unavailable', { detail: 'Pulsar did not confirm a reply' })
    },
    consume,
    consumeCommands: (consuming) => consume(commands, consuming),
    forget: async (topic, group) => transport.forget(requireTopic(topic), group),
    async ping() {
      state.requireConnection()
      const connection = await transport.produce(results, { onAnswer: () => undefined, onClose: () => undefined })
      connection.close()
    },
    [Symbol.asyncDispose]: once(async () => {
      state.stopped()
      await Promise.all([...consumers].map((consumer) => consumer[Symbol.asyncDispose]()))
      stopping.abort()
      producers.close()
      await watching
      await transport.close()
    }),
  }
}

/** A name that stays inside its namespace. */
function isTopic(name: string): boolean {
  return name.length <= 200 && /^[\w.:=*-]+$/.test(name) && !/^\.+$/.test(name)
}

function requireTopic(name: string): string {
  if (!isTopic(name)) throw new Error('the name of a topic has letters, digits and -_.:=* only')
  return name
}

function receivedOf(
  topic: string,
  { messageId, key, body, properties, redeliveries }: Delivery,
  mayReply: (topic: string) => boolean,
): Received {
  const replyTo = properties['reply_to']
  return {
    topic,
    key,
    body,
    contentType: properties['content_type'],
    id: properties['message_id'] ?? messageId,
    correlationId: properties['correlation_id'],
    replyTo: replyTo !== undefined && mayReply(replyTo) ? replyTo : undefined,
    redeliveries,
    properties,
  }
}
