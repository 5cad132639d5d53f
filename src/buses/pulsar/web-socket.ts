import { request } from 'undici'
import { sleep } from '#lib/clock'
import { isRecord } from '#lib/is-record'
import { openSocket } from './socket.ts'
import { againMs, deliveryLimit, propertiesOf, type Content, type Delivery, type Transport, type TransportOptions } from './transport.ts'

interface WebSocketOptions extends TransportOptions {
  /** The time between two pings of a socket. */
  readonly pingMs: number
}

/** The WebSocket API takes frames of 1 MiB (`webSocketMaxTextFrameSize`). Base64 makes a body 4/3 as long, and 64 KiB remain for properties. */
const maxBytes = ((1024 - 64) * 1024 * 3) / 4

/** Pulsar's WebSocket API, over http or https. */
export function createWebSocketTransport({ url, token, namespace, answerMs, pingMs, signal }: WebSocketOptions): Transport {
  const base = url.replace(/\/+$/, '')
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const limits = { headers, ms: answerMs, pingMs, signal }
  const pathOf = (topic: string): string => `persistent/${namespace}/${encodeURIComponent(topic)}`
  const address = (kind: 'producer' | 'consumer', path: string): string => `${base.replace(/^http/, 'ws')}/ws/v2/${kind}/${path}`
  const groupPath = (topic: string, group: string, query: Record<string, string>): string =>
    `${pathOf(topic)}/${encodeURIComponent(group)}?${new URLSearchParams(query).toString()}`

  return {
    maxBytes,
    async produce(topic, { onAnswer, onClose }) {
      const socket = await openSocket(address('producer', pathOf(topic)), limits, {
        onMessage(answer) {
          if (!isRecord(answer) || typeof answer['context'] !== 'string') return
          const { context, result, errorMsg } = answer
          onAnswer(context, result === 'ok' ? undefined : String(errorMsg ?? result))
        },
        onClose,
      })
      return { send: (context, content) => socket.send({ ...frameOf(content), context }), close: socket.close }
    },
    async consume(topic, { group, prefetch, fromStart, temporary, deadTopic, signal: giveUp }, { onMessage, onClose }) {
      const query = {
        subscriptionType: 'Key_Shared',
        receiverQueueSize: String(prefetch),
        negativeAckRedeliveryDelay: String(againMs),
        ...(fromStart ? { subscriptionInitialPosition: 'Earliest' } : {}),
        ...(temporary ? { subscriptionMode: 'NonDurable' } : {}),
        ...(deadTopic === undefined
          ? {}
          : { maxRedeliverCount: String(deliveryLimit), deadLetterTopic: `persistent://${namespace}/${deadTopic}` }),
      }
      const socket = await openSocket(
        address('consumer', groupPath(topic, group, query)),
        { ...limits, signal: giveUp },
        {
          onMessage(content) {
            const delivery = deliveryOf(content)
            if (delivery) onMessage(delivery)
          },
          onClose,
        },
      )
      return {
        done: (messageId) => socket.send({ messageId }),
        again: (messageId) => socket.send({ type: 'negativeAcknowledge', messageId }),
        close: socket.close,
      }
    },
    async keepGroup(topic, group, giveUp) {
      const path = groupPath(topic, group, { subscriptionType: 'Shared', pullMode: 'true' })
      const socket = await openSocket(
        address('consumer', path),
        { ...limits, signal: giveUp },
        { onMessage: () => undefined, onClose: () => undefined },
      )
      socket.close()
    },
    async forget(topic, group) {
      const place = `${base}/admin/v2/${pathOf(topic)}/subscription/${encodeURIComponent(group)}`
      // The broker refuses with 412 while it takes a consumer for connected, also a moment after that has gone.
      for (const until = Date.now() + answerMs; ; await sleep(againMs / 5)) {
        const { statusCode, body } = await request(place, { method: 'DELETE', headers, headersTimeout: answerMs, bodyTimeout: answerMs })
        await body.dump()
        if (statusCode < 400 || statusCode === 404) return
        if (statusCode !== 412 || Date.now() > until)
          throw new Error(`Pulsar answered ${statusCode} when a subscription was to be deleted; the token may lack the right`)
      }
    },
    close: async () => undefined,
  }
}

function frameOf(content: Content): Record<string, unknown> {
  const { key, body } = content
  return { payload: body.toString('base64'), ...(key === undefined ? {} : { key }), properties: propertiesOf(content) }
}

function deliveryOf(content: unknown): Delivery | undefined {
  if (!isRecord(content)) return undefined
  const { messageId, key, payload, properties, redeliveryCount } = content
  if (typeof messageId !== 'string') return undefined
  const given = isRecord(properties) ? properties : {}
  return {
    messageId,
    key: typeof key === 'string' ? key : undefined,
    body: Buffer.from(typeof payload === 'string' ? payload : '', 'base64'),
    properties: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
    redeliveries: typeof redeliveryCount === 'number' ? redeliveryCount : 0,
  }
}
