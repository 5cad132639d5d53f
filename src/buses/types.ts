import type { BusName } from '#lib/bus-names'

/** A message for a topic. */
export interface Message {
  readonly topic: string
  /** Messages with the same key are received in the order in which they were published. */
  readonly key?: string | undefined
  readonly body: Buffer
  readonly contentType?: string | undefined
  readonly properties: Readonly<Record<string, string>>
  /** The sender's id of the message. */
  readonly id?: string | undefined
  readonly correlationId?: string | undefined
  /** It is the result of a command. A bus may send all results to one topic. */
  readonly result?: boolean | undefined
}

export interface Received extends Message {
  /** How often the broker has delivered it before. */
  readonly redeliveries: number
  /** Where the sender waits for an answer. */
  readonly replyTo?: string | undefined
}

/**
 * What becomes of a message that was received: `done` removes it from the bus, `again` has the bus deliver it again, and a dead message is moved
 * to the dead letters with the reason.
 */
export type Verdict = 'done' | 'again' | { readonly dead: string }

export interface Consuming {
  /** Consumers of one group share the messages; each group receives all of them. */
  readonly group: string
  /** How many messages are handled at the same time. The bus holds the others back. */
  readonly prefetch: number
  /** The bus keeps nothing for this group once it is gone. */
  readonly temporary?: boolean
  /** An error has the effect of `again`. */
  handle(message: Received): Promise<Verdict>
}

export type BusStatus = 'connected' | 'connecting' | 'stopped'

export interface BusState {
  readonly status: BusStatus
  readonly since: Date
  /** Why it is not connected, or what is wrong. */
  readonly problem?: string | undefined
}

/** One bus. It connects by itself, and again whenever the connection is lost. */
export interface Bus extends AsyncDisposable {
  readonly name: BusName
  /** A larger body is refused. */
  readonly maxBytes: number
  state(): BusState
  /** Calls the listener whenever the state changes, until the result is called. */
  onState(listener: () => void): () => void
  /** Publishes in this order. Returns which messages the broker has confirmed; the others may or may not have arrived. */
  publish(messages: readonly Message[]): Promise<readonly boolean[]>
  /** Sends an answer to where the sender of a message waits for it. */
  reply(to: string, message: Omit<Message, 'topic'>): Promise<void>
  /** Receives the messages of a topic. Disposing of the result waits for those that are being handled. */
  consume(topic: string, options: Consuming): Consumer
  /** Receives the commands for the hub. */
  consumeCommands(options: Consuming): Consumer
  /** Deletes what the bus keeps for a group of consumers that receives the topic no more. */
  forget(topic: string, group: string): Promise<void>
  /** Asks the broker something and waits for the answer. Throws if there is none. */
  ping(): Promise<void>
}

export type Consumer = AsyncDisposable
