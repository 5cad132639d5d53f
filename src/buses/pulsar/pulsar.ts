import { request } from 'undici'
import { hubError } from '#errors'
import { backoffDelay } from '#lib/backoff'
import { sleep } from '#lib/clock'
import { isRecord } from '#lib/is-record'
import { once } from '#lib/once'
import { redactText } from '#lib/redact'
import type { Telemetry } from '#telemetry'
import { createBusState } from '../state.ts'
import type { Bus, Consumer, Consuming, Received, Verdict } from '../types.ts'
import { createProducers } from './producers.ts'
import { openSocket, type Socket } from './socket.ts'

interface PulsarOptions {
  /** The address of the broker or the proxy, over http or https. */
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
}

/** The WebSocket API takes frames of 1 MiB (`webSocketMaxTextFrameSize`). Base64 makes a body 4/3 as long, and 64 KiB remain for properties. */
const maxBytes = ((1024 - 64) * 1024 * 3) / 4
/** The pause before a message is delivered again, so that a failure that lasts is not repeated at once. */
const againMs = 1000
/** The client of the broker moves a message to the dead letters after so many deliveries: it may have ended every process that received it. */
const deliveryLimit = 50
/** How many messages that are too large a consumer remembers. */
const mostTooLarge = 1000
const deadOf = (topic: string): string => `${topic}-hub-dead`
/** The subscription without which the broker would delete dead letters at once. */
const deadGroup = 'hub-dead'

/** Apache Pulsar, through its WebSocket API. */
export function createPulsarBus(options: PulsarOptions, { logger: parent }: Pick<Telemetry, 'logger'>): Bus {
  const logger = parent.child({ bus: 'pulsar' })
  const { token, namespace, commands, results } = options
  const { retryMs = { low: 500, high: 15_000 }, answerMs = 10_000, pingMs = 60_000 } = options
  const base = options.url.replace(/\/+$/, '')
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const state = createBusState()
  const stopping = new AbortController()
  const timed = { headers, ms: answerMs, pingMs, signal: stopping.signal }
  const consumers = new Set<Consumer>()
  /** Why a message was not confirmed. */
  let unconfirmed: string | undefined

  const problemOf = (error: unknown): string => {
    const text = redactText(error instanceof Error ? error.message : String(error))
    return token === undefined ? text : text.replaceAll(token, '[redacted]')
  }
  const pathOf = (topic: string): string => `persistent/${namespace}/${encodeURIComponent(requireTopic(topic))}`
  const address = (kind: 'producer' | 'consumer', path: string): string => `${base.replace(/^http/, 'ws')}/ws/v2/${kind}/${path}`

  const producers = createProducers({
    answerMs,
    open: (topic, listeners) => openSocket(address('producer', pathOf(topic)), timed, listeners),
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

  /** Makes the subscription that keeps the dead letters. */
  const keepDeadLetters = async (topic: string, limits: typeof timed): Promise<void> => {
    const path = `${pathOf(deadOf(topic))}/${deadGroup}?subscriptionType=Shared&pullMode=true`
    const socket = await openSocket(address('consumer', path), limits, { onMessage: () => undefined, onClose: () => undefined })
    socket.close()
  }

  const deadLettersOf = (topic: string): Record<string, string> => ({
    maxRedeliverCount: String(deliveryLimit),
    deadLetterTopic: `persistent://${namespace}/${deadOf(topic)}`,
  })

  const consume = (topic: string, { group, prefetch, handle, temporary = false }: Consuming): Consumer => {
    const ending = new AbortController()
    const active = new Set<Promise<void>>()
    const byKey = new Map<string, Promise<void>>()
    /** Dead messages that are too large to be buried. The broker moves them when it has delivered them often enough. */
    const tooLarge = new Set<string>()
    const limits = { ...timed, signal: ending.signal }
    let socket: Socket | undefined

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

    const receive = (content: Record<string, unknown>, from: () => Socket | undefined): void => {
      const messageId = content['messageId']
      if (typeof messageId !== 'string' || ending.signal.aborted) return
      const message = receivedOf({ topic, messageId, content }, (name) => isTopic(name) && name !== commands)
      const before = message.key === undefined ? undefined : byKey.get(message.key)
      const work = (async () => {
        await before
        // What is not acknowledged is delivered again once the socket is closed.
        if (ending.signal.aborted) return
        const verdict = await verdictOn(message, messageId)
        from()?.send(verdict === 'done' ? { messageId } : { type: 'negativeAcknowledge', messageId })
      })()
      active.add(work)
      if (message.key !== undefined) byKey.set(message.key, work)
      void work.finally(() => {
        active.delete(work)
        if (message.key !== undefined && byKey.get(message.key) === work) byKey.delete(message.key)
      })
    }

    const open = async (lost: (problem: string) => void): Promise<void> => {
      if (!temporary) await keepDeadLetters(topic, limits)
      const query = new URLSearchParams({
        subscriptionType: 'Key_Shared',
        receiverQueueSize: String(prefetch),
        negativeAckRedeliveryDelay: String(againMs),
        // A command is not lost because the hub was not there yet. An old message of another topic would surprise who begins to receive it.
        ...(topic === commands && !temporary ? { subscriptionInitialPosition: 'Earliest' } : {}),
        // It ends with its socket, so nothing is left of it when the process dies.
        ...(temporary ? { subscriptionMode: 'NonDurable' } : deadLettersOf(topic)),
      })
      const opened: { socket?: Socket } = {}
      const own = await openSocket(address('consumer', `${pathOf(topic)}/${encodeURIComponent(group)}?${query.toString()}`), limits, {
        onMessage(content) {
          if (isRecord(content)) receive(content, () => opened.socket)
        },
        onClose: lost,
      })
      opened.socket = own
      socket = own
      if (ending.signal.aborted) own.close()
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
        socket?.close()
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
    async forget(topic, group) {
      const url = `${base}/admin/v2/${pathOf(topic)}/subscription/${encodeURIComponent(group)}`
      // The broker refuses with 412 while it takes a consumer for connected, also a moment after that has gone.
      for (const until = Date.now() + answerMs; ; await sleep(againMs / 5)) {
        const { statusCode, body } = await request(url, { method: 'DELETE', headers, headersTimeout: answerMs, bodyTimeout: answerMs })
        await body.dump()
        if (statusCode < 400 || statusCode === 404) return
        if (statusCode !== 412 || Date.now() > until)
          throw new Error(`Pulsar answered ${statusCode} when a subscription was to be deleted; the token may lack the right`)
      }
    },
    async ping() {
      state.requireConnection()
      const listeners = { onMessage: () => undefined, onClose: () => undefined }
      const socket = await openSocket(address('producer', pathOf(results)), timed, listeners)
      socket.close()
    },
    [Symbol.asyncDispose]: once(async () => {
      state.stopped()
      await Promise.all([...consumers].map((consumer) => consumer[Symbol.asyncDispose]()))
      stopping.abort()
      producers.close()
      await watching
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
  { topic, messageId, content }: { topic: string; messageId: string; content: Record<string, unknown> },
  mayReply: (topic: string) => boolean,
): Received {
  const given = isRecord(content['properties']) ? content['properties'] : {}
  const properties = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
  const { key, payload, redeliveryCount } = content
  const replyTo = properties['reply_to']
  return {
    topic,
    key: typeof key === 'string' ? key : undefined,
    body: Buffer.from(typeof payload === 'string' ? payload : '', 'base64'),
    contentType: properties['content_type'],
    // The broker's own id stays the same when it delivers the message again.
    id: properties['message_id'] ?? messageId,
    correlationId: properties['correlation_id'],
    replyTo: replyTo !== undefined && mayReply(replyTo) ? replyTo : undefined,
    redeliveries: typeof redeliveryCount === 'number' ? redeliveryCount : 0,
    properties,
  }
}
