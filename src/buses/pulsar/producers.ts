import { isRecord } from '#lib/is-record'
import type { Message } from '../types.ts'
import type { openSocket, Socket } from './socket.ts'

interface ProducersOptions {
  readonly answerMs: number
  open(topic: string, listeners: Parameters<typeof openSocket>[2]): Promise<Socket>
  /** Told when a message was not confirmed. */
  failed(topic: string, problem: string): void
}

interface Producer {
  readonly topic: string
  readonly socket: Promise<Socket>
  /** What waits to be confirmed, by its number. */
  readonly waiting: Map<string, (confirmed: boolean) => void>
  kept: ((problem: string) => void) | undefined
  usedAt: number
}

/** Sockets beyond that are closed, those first that were not used for the longest time. */
const most = 200
const unusedMs = 60_000

/** One socket for each topic that is published to, opened when it is needed. */
export function createProducers({ answerMs, open, failed }: ProducersOptions) {
  const producers = new Map<string, Producer>()
  let numbers = 0

  const end = (producer: Producer, problem: string): void => {
    if (producers.get(producer.topic) === producer) producers.delete(producer.topic)
    if (producer.waiting.size > 0) failed(producer.topic, problem)
    for (const confirm of producer.waiting.values()) confirm(false)
    producer.waiting.clear()
    producer.kept?.(problem)
    producer.kept = undefined
    producer.socket.then(
      (socket) => socket.close(),
      () => undefined,
    )
  }

  const makeRoom = (): void => {
    const idle = [...producers.values()].filter(({ kept, waiting }) => !kept && waiting.size === 0).toSorted((a, b) => a.usedAt - b.usedAt)
    const before = Date.now() - unusedMs
    const excess = producers.size - most
    idle.filter(({ usedAt }, index) => usedAt < before || index < excess).forEach((producer) => end(producer, 'unused'))
  }
  const cleaning = setInterval(makeRoom, unusedMs / 4)
  cleaning.unref()

  const producerOf = (topic: string): Producer => {
    const found = producers.get(topic)
    if (found) return found
    const waiting: Producer['waiting'] = new Map()
    const socket = open(topic, {
      onMessage(content) {
        if (!isRecord(content)) return
        const { context, result, errorMsg } = content
        const confirm = typeof context === 'string' ? waiting.get(context) : undefined
        if (!confirm) return
        if (result !== 'ok') failed(topic, `the broker refused a message: ${String(errorMsg ?? result)}`)
        confirm(result === 'ok')
      },
      onClose: (problem) => end(producer, problem),
    })
    const producer: Producer = { topic, socket, waiting, kept: undefined, usedAt: Date.now() }
    // Whoever waits for the socket gets the error.
    socket.catch((error: unknown) => end(producer, String(error)))
    producers.set(topic, producer)
    return producer
  }

  const sendAll = async (topic: string, messages: readonly Omit<Message, 'topic'>[]): Promise<readonly boolean[]> => {
    const producer = producerOf(topic)
    const { waiting } = producer
    producer.usedAt = Date.now()
    // Registered before the socket is open, so that it is not closed as unused and a loss is told.
    const sent = messages.map((message) => {
      const context = String(numbers++)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      waiting.set(context, (confirmed) => {
        waiting.delete(context)
        resolve(confirmed)
      })
      return { frame: { ...frameOf(message), context }, promise }
    })
    const socket = await producer.socket.catch(() => undefined)
    const timer = setTimeout(() => end(producer, 'the broker does not confirm what is published'), answerMs)
    for (const { frame } of sent) socket?.send(frame)
    const confirmed = await Promise.all(sent.map(({ promise }) => promise))
    clearTimeout(timer)
    makeRoom()
    return confirmed
  }

  return {
    /** Publishes in this order in each topic. Returns which messages were confirmed. */
    async send(messages: readonly Message[]): Promise<readonly boolean[]> {
      const byTopic = Map.groupBy(
        messages.map((message, index) => ({ message, index })),
        ({ message }) => message.topic,
      )
      const confirmed = messages.map(() => false)
      await Promise.all(
        [...byTopic].map(async ([topic, group]) => {
          const results = await sendAll(
            topic,
            group.map(({ message }) => message),
          )
          group.forEach(({ index }, place) => (confirmed[index] = results[place]!))
        }),
      )
      return confirmed
    },
    /** Opens the producer of a topic and keeps it. */
    async keep(topic: string, lost: (problem: string) => void): Promise<void> {
      const producer = producerOf(topic)
      await producer.socket
      if (producers.get(topic) !== producer) throw new Error('the connection was lost')
      producer.kept = lost
    },
    isKept: (): boolean => [...producers.values()].some(({ kept }) => kept !== undefined),
    close(): void {
      clearInterval(cleaning)
      for (const producer of producers.values()) end(producer, 'the hub stops')
    },
  }
}

function frameOf({ key, body, contentType = 'application/json', properties, id, correlationId }: Omit<Message, 'topic'>) {
  return {
    payload: body.toString('base64'),
    ...(key === undefined ? {} : { key }),
    properties: {
      ...properties,
      content_type: contentType,
      ...(id === undefined ? {} : { message_id: id }),
      ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
    },
  }
}
