import type { Message } from '../types.ts'

/** What goes over a connection in place of a message's topic and result. */
export type Content = Omit<Message, 'topic' | 'result'>

/** A connection that publishes to one topic. */
export interface ProducerConnection {
  /** What becomes of the message is told under its number. */
  send(number: string, content: Content): void
  close(): void
}

export interface ProducerListeners {
  /** Without a problem the broker has stored the message. */
  onAnswer(number: string, problem?: string): void
  /** Called once, also when the connection never opened. */
  onClose(problem: string): void
}

/** A message as the broker delivers it. Its properties are not read yet. */
export interface Delivery {
  /** The broker's own id, which stays the same when it delivers the message again. */
  readonly messageId: string
  readonly key: string | undefined
  readonly body: Buffer
  readonly properties: Readonly<Record<string, string>>
  readonly redeliveries: number
}

/** A connection that receives one topic. */
export interface ConsumerConnection {
  done(messageId: string): void
  again(messageId: string): void
  close(): void
}

export interface ConsumerListeners {
  onMessage(delivery: Delivery): void
  onClose(problem: string): void
}

export interface Subscribing {
  readonly group: string
  readonly prefetch: number
  /** Begins with the oldest message that the topic has, if there is no such group yet. */
  readonly fromStart: boolean
  /** The group ends with its connection. */
  readonly temporary: boolean
  /** Where the broker moves what it has delivered too often. */
  readonly deadTopic: string | undefined
  /** Gives up connecting. */
  readonly signal: AbortSignal
}

/** A way to speak with a broker of Pulsar. Topics are names in the namespace of the hub. */
export interface Transport {
  readonly maxBytes: number
  produce(topic: string, listeners: ProducerListeners): Promise<ProducerConnection>
  consume(topic: string, subscribing: Subscribing, listeners: ConsumerListeners): Promise<ConsumerConnection>
  /** Makes a group that receives nothing now and keeps its messages. */
  keepGroup(topic: string, group: string, signal: AbortSignal): Promise<void>
  /** Deletes a group. */
  forget(topic: string, group: string): Promise<void>
  close(): Promise<void>
}

export interface TransportOptions {
  readonly url: string
  /** The broker's token. */
  readonly token: string | undefined
  /** `tenant/namespace` */
  readonly namespace: string
  /** What the broker may take before an operation counts as failed. */
  readonly answerMs: number
  /** The signal of the hub's stop. */
  readonly signal: AbortSignal
}

/** The pause before a message is delivered again, so that a failure that lasts is not repeated at once. */
export const againMs = 1000
/** The client of the broker moves a message to the dead letters after so many deliveries: it may have ended every process that received it. */
export const deliveryLimit = 50
/** The group without which the broker would delete dead letters at once. */
export const deadGroup = 'hub-dead'

/** A message's fields for which Pulsar has no place of their own, among its properties. */
export function propertiesOf({ contentType = 'application/json', properties, id, correlationId }: Content): Record<string, string> {
  return {
    ...properties,
    content_type: contentType,
    ...(id === undefined ? {} : { message_id: id }),
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
  }
}
