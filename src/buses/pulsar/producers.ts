import type { Message } from '../types.ts'
import type { Content, ProducerConnection, Transport } from './transport.ts'

interface ProducersOptions {
  readonly answerMs: number
  readonly open: Transport['produce']
  /** Told when a message was not confirmed. */
  failed(topic: string, problem: string): void
}

interface Producer {
  readonly topic: string
  readonly connection: Promise<ProducerConnection>
  /** What waits to be confirmed, by its number. */
  readonly waiting: Map<string, (confirmed: boolean) => void>
  kept: ((problem: string) => void) | undefined
  usedAt: number
}

/** Connections beyond that are closed, those first that were not used for the longest time. */
const most = 200
const unusedMs = 60_000

/** One connection for each topic that is published to, opened when it is needed. */
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
    producer.connection.then(
      (connection) => connection.close(),
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
    const connection = open(topic, {
      onAnswer(number, problem) {
        const confirm = waiting.get(number)
        if (!confirm) return
        if (problem !== undefined) failed(topic, `the broker refused a message: ${problem}`)
        confirm(problem === undefined)
      },
      onClose: (problem) => end(producer, problem),
    })
    const producer: Producer = { topic, connection, waiting, kept: undefined, usedAt: Date.now() }
    // Whoever waits for the connection gets the error.
    connection.catch((error: unknown) => end(producer, String(error)))
    producers.set(topic, producer)
    return producer
  }

  const sendAll = async (topic: string, messages: readonly Content[]): Promise<readonly boolean[]> => {
    const producer = producerOf(topic)
    const { waiting } = producer
    producer.usedAt = Date.now()
    // Registered before the connection is open, so that it is not closed as unused and a loss is told.
    const sent = messages.map((content) => {
      const number = String(numbers++)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      waiting.set(number, (confirmed) => {
        waiting.delete(number)
        resolve(confirmed)
      })
      return { number, content, promise }
    })
    const connection = await producer.connection.catch(() => undefined)
    const timer = setTimeout(() => end(producer, 'the broker does not confirm what is published'), answerMs)
    for (const { number, content } of sent) connection?.send(number, content)
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
      await producer.connection
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
