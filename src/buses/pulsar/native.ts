import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'
import type { NativeClient, NativeConsumer, NativeMessage, NativeModule } from './native-module.ts'
import { againMs, deliveryLimit, deadGroup, propertiesOf, type Delivery, type Transport, type TransportOptions } from './transport.ts'

interface NativeOptions extends TransportOptions {
  /** Loads the package `pulsar-client`. */
  readonly load?: () => NativeModule
  readonly warn: (message: string) => void
}

/** The broker takes messages of 5 MiB (`maxMessageSize`), of which 128 KiB remain for properties. */
const maxBytes = (5 * 1024 - 128) * 1024
/** How often it is looked whether there is a connection. */
const lookMs = 1000
/** The level of a warning in the log of the client. */
const warning = 2

/** Pulsar's own protocol, by the package `pulsar-client`, which the operator installs beside the hub. */
export function createNativeTransport({ url, token, namespace, answerMs, load = loadPackage, warn }: NativeOptions): Transport {
  const placeOf = (topic: string): string => `persistent://${namespace}/${topic}`
  /** What is being closed. The client fails to close while something else does. */
  const closing = new Set<Promise<unknown>>()
  let folder: string | undefined
  /** The first warning of the client since it was asked for a producer, because its errors alone are as short as "TimeOut". */
  let said: string | undefined

  let using: { readonly library: NativeModule; readonly client: NativeClient } | undefined
  const opened = () => (using ??= open())
  const open = (): { readonly library: NativeModule; readonly client: NativeClient } => {
    const library = loaded(load)
    library.Client.setLogHandler((...[level, , , message]) => {
      if (level < warning) return
      said ??= message
      warn(message)
    })
    const client = new library.Client({
      serviceUrl: url,
      operationTimeoutSeconds: Math.max(1, Math.ceil(answerMs / 1000)),
      ...(token === undefined ? {} : { authentication: new library.AuthenticationToken({ token }) }),
      ...(url.startsWith('pulsar+ssl:') ? { tlsTrustCertsFilePath: authorities(), tlsValidateHostname: true } : {}),
    })
    return { library, client }
  }

  /** The client reads authorities from a file only. It gets those that Node.js trusts, so NODE_EXTRA_CA_CERTS counts here too. */
  const authorities = (): string => {
    folder = mkdtempSync(join(tmpdir(), 'hub-authorities-'))
    const file = join(folder, 'authorities.pem')
    writeFileSync(file, getCACertificates('default').join('\n'))
    return file
  }

  /** Tells when a connection is lost, once. */
  const watch = (given: { isConnected(): boolean; close(): Promise<unknown> }, onClose: (problem: string) => void) => {
    let ended = false
    const end = (problem: string): void => {
      if (ended) return
      ended = true
      clearInterval(looking)
      const done = given.close().catch(() => undefined)
      closing.add(done)
      void done.finally(() => closing.delete(done))
      onClose(problem)
    }
    const looking = setInterval(() => {
      if (!given.isConnected()) end('the connection to the broker is lost')
    }, lookMs)
    return end
  }

  const subscribe = (topic: string, group: string, more: Record<string, unknown>): Promise<NativeConsumer> =>
    opened().client.subscribe({ topic: placeOf(topic), subscription: group, ...more })

  return {
    maxBytes,
    async produce(topic, { onAnswer, onClose }) {
      // In a batch the broker would deliver messages of several keys as one.
      const options = { topic: placeOf(topic), sendTimeoutMs: answerMs, batchingEnabled: false }
      said = undefined
      const producer = await opened()
        .client.createProducer(options)
        .catch((error: unknown) => {
          throw new Error(`${error instanceof Error ? error.message : String(error)}${said === undefined ? '' : ` (${said})`}`, {
            cause: error,
          })
        })
      const end = watch(producer, onClose)
      return {
        send(number, content) {
          const { key, body } = content
          producer.send({ data: body, properties: propertiesOf(content), ...(key === undefined ? {} : { partitionKey: key }) }).then(
            () => onAnswer(number),
            (error: unknown) => onAnswer(number, String(error)),
          )
        },
        close: () => end('the hub closed the connection'),
      }
    },
    async consume(topic, { group, prefetch, fromStart, temporary, deadTopic }, { onMessage, onClose }) {
      if (temporary) return read(topic, onMessage, onClose)
      const consumer = await subscribe(topic, group, {
        subscriptionType: 'KeyShared',
        receiverQueueSize: prefetch,
        nAckRedeliverTimeoutMs: againMs,
        subscriptionInitialPosition: fromStart ? 'Earliest' : 'Latest',
        ...(deadTopic === undefined
          ? {}
          : {
              deadLetterPolicy: {
                deadLetterTopic: placeOf(deadTopic),
                maxRedeliverCount: deliveryLimit,
                initialSubscriptionName: deadGroup,
              },
            }),
      })
      const waiting = new Map<string, NativeMessage>()
      let room: (() => void) | undefined
      let ended = false
      const end = watch(consumer, (problem) => {
        ended = true
        room?.()
        onClose(problem)
      })
      const receive = async (): Promise<void> => {
        while (!ended) {
          if (waiting.size >= prefetch) await new Promise<void>((resolve) => (room = resolve))
          if (ended) return
          const message = await consumer.receive()
          const delivery = deliveryOf(message)
          waiting.set(delivery.messageId, message)
          onMessage(delivery)
        }
      }
      receive().catch((error: unknown) => end(String(error)))
      const take = (messageId: string): NativeMessage | undefined => {
        const message = ended ? undefined : waiting.get(messageId)
        waiting.delete(messageId)
        room?.()
        return message
      }
      return {
        done(messageId) {
          const message = take(messageId)
          // What is not acknowledged is delivered again.
          if (message)
            consumer.acknowledge(message).catch((error: unknown) => warn(`a message could not be acknowledged: ${String(error)}`))
        },
        again(messageId) {
          const message = take(messageId)
          if (message) consumer.negativeAcknowledge(message)
        },
        close: () => end('the hub closed the connection'),
      }
    },
    async keepGroup(topic, group) {
      const consumer = await subscribe(topic, group, { subscriptionType: 'Shared', receiverQueueSize: 1 })
      await consumer.close()
    },
    async forget(topic, group) {
      const consumer = await subscribe(topic, group, { subscriptionType: 'KeyShared', receiverQueueSize: 1 })
      await consumer.unsubscribe().catch(async (error: unknown) => {
        await consumer.close()
        throw new Error(`a subscription could not be deleted: ${String(error)}`, { cause: error })
      })
    },
    async close() {
      await Promise.all(closing)
      await using?.client.close().catch((error: unknown) => warn(`the client could not be closed: ${String(error)}`))
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    },
  }

  /** Reads without a subscription, so that nothing is left of it when the process dies. There is nothing to acknowledge. */
  async function read(topic: string, onMessage: (delivery: Delivery) => void, onClose: (problem: string) => void) {
    const { client, library } = opened()
    const reader = await client.createReader({
      topic: placeOf(topic),
      startMessageId: library.MessageId.latest(),
      listener: (message) => onMessage(deliveryOf(message)),
    })
    const end = watch(reader, onClose)
    return { done: () => undefined, again: () => undefined, close: () => end('the hub closed the connection') }
  }
}

function deliveryOf(message: NativeMessage): Delivery {
  return {
    messageId: message.getMessageId().toString(),
    key: message.getPartitionKey() || undefined,
    body: message.getData(),
    properties: message.getProperties(),
    redeliveries: message.getRedeliveryCount(),
  }
}

const loadPackage = (): NativeModule => createRequire(import.meta.url)('pulsar-client') as NativeModule

function loaded(load: () => NativeModule): NativeModule {
  try {
    return load()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND' ? 'which is not installed' : String(error)
    const advice = 'run `npm install pulsar-client` in the folder of the hub, or give the HTTP address of the broker'
    throw new Error(`the protocol of PULSAR_URL needs the package pulsar-client (${reason}): ${advice}`, { cause: error })
  }
}
