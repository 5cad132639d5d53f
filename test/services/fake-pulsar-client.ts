import { sleep } from '#lib/clock'
import type { NativeClient, NativeConsumer, NativeMessage, NativeModule } from '../../src/buses/pulsar/native-module.ts'

interface Item {
  readonly id: number
  readonly key: string
  readonly data: Buffer
  readonly properties: Record<string, string>
  redeliveries: number
}

interface Member {
  readonly unacknowledged: Map<string, Item>
  readonly wanting: ((item: Item) => void)[]
}

interface Group {
  readonly waiting: Item[]
  readonly members: Set<Member>
}

interface Topic {
  readonly groups: Map<string, Group>
  readonly readers: Set<(message: NativeMessage) => void>
}

/** A module of the shape of `pulsar-client`, whose broker is in the memory of this process. */
export interface FakePulsarClient {
  readonly module: NativeModule
  /** Whether there is a broker. */
  online: boolean
  /** What the clients were made with. */
  readonly options: Record<string, unknown>[]
  groupsOf(topic: string): string[]
  /** What waits for a group of a topic. */
  waiting(topic: string, group: string): readonly Record<string, string>[]
}

export function fakePulsarClient(): FakePulsarClient {
  const topics = new Map<string, Topic>()
  let ids = 0
  const topicOf = (name: string): Topic => {
    const topic = topics.get(name) ?? { groups: new Map(), readers: new Set() }
    topics.set(name, topic)
    return topic
  }
  const groupIn = (topic: Topic, name: string): Group => {
    const group = topic.groups.get(name) ?? { waiting: [], members: new Set() }
    topic.groups.set(name, group)
    return group
  }
  /** Gives what waits to members that want something. All messages of one key go to the same member. */
  const dispatch = ({ waiting, members }: Group): void => {
    const list = [...members]
    for (let index = 0; index < waiting.length && list.length > 0;) {
      const item = waiting[index]!
      const member = list[Buffer.from(item.key).reduce((sum, byte) => sum + byte, 0) % list.length]!
      const want = member.wanting.shift()
      if (!want) {
        index++
        continue
      }
      waiting.splice(index, 1)
      want(item)
    }
  }
  const requireBroker = (): void => {
    if (!fake.online) throw new Error('ConnectError')
  }
  const textOf = (value: unknown): string => String(value)

  class Client implements NativeClient {
    constructor(options: Record<string, unknown>) {
      fake.options.push(options)
    }
    static setLogHandler(): void {}
    async createProducer(options: Record<string, unknown>) {
      requireBroker()
      const name = textOf(options['topic'])
      let connected = true
      return {
        async send({
          data,
          properties,
          partitionKey = '',
        }: {
          data: Buffer
          properties: Readonly<Record<string, string>>
          partitionKey?: string
        }) {
          requireBroker()
          const { groups, readers } = topicOf(name)
          const made = (): Item => ({ id: ids, key: partitionKey, data, properties: { ...properties }, redeliveries: 0 })
          ids++
          for (const group of groups.values()) {
            group.waiting.push(made())
            dispatch(group)
          }
          for (const listen of readers) listen(messageOf(made()))
        },
        isConnected: () => (connected &&= fake.online),
        close: async () => undefined,
      }
    }
    async subscribe(options: Record<string, unknown>): Promise<NativeConsumer> {
      requireBroker()
      const { groups } = topicOf(textOf(options['topic']))
      const name = textOf(options['subscription'])
      const group = groupIn(topicOf(textOf(options['topic'])), name)
      const member: Member = { unacknowledged: new Map(), wanting: [] }
      group.members.add(member)
      let connected = true
      const giveBack = (item: Item): void => {
        item.redeliveries++
        group.waiting.unshift(item)
        dispatch(group)
      }
      return {
        receive: () =>
          new Promise((resolve) => {
            member.wanting.push((item) => {
              member.unacknowledged.set(String(item.id), item)
              resolve(messageOf(item))
            })
            dispatch(group)
          }),
        async acknowledge(message) {
          requireBroker()
          member.unacknowledged.delete(message.getMessageId().toString())
        },
        negativeAcknowledge(message) {
          const id = message.getMessageId().toString()
          const item = member.unacknowledged.get(id)
          member.unacknowledged.delete(id)
          if (item) void sleep(Number(options['nAckRedeliverTimeoutMs'])).then(() => giveBack(item))
        },
        async unsubscribe() {
          if (group.members.size > 1) throw new Error('ConsumerBusy')
          groups.delete(name)
        },
        isConnected: () => (connected &&= fake.online),
        async close() {
          group.members.delete(member)
          member.wanting.splice(0)
          const items = [...member.unacknowledged.values()]
          member.unacknowledged.clear()
          for (const item of items.toReversed()) giveBack(item)
        },
      }
    }
    async createReader(options: Record<string, unknown> & { readonly listener: (message: NativeMessage) => void }) {
      requireBroker()
      const { readers } = topicOf(textOf(options['topic']))
      readers.add(options.listener)
      return { isConnected: () => fake.online, close: async () => readers.delete(options.listener) }
    }
    async close(): Promise<void> {}
  }

  const fake: FakePulsarClient = {
    online: true,
    options: [],
    module: {
      Client,
      AuthenticationToken: class {
        readonly given: { readonly token: string }
        constructor(given: { readonly token: string }) {
          this.given = given
        }
      },
      MessageId: { latest: () => 'latest' },
    },
    groupsOf: (topic) => [...(topics.get(topic)?.groups.keys() ?? [])],
    waiting: (topic, group) =>
      topics
        .get(topic)
        ?.groups.get(group)
        ?.waiting.map(({ properties }) => properties) ?? [],
  }
  return fake
}

function messageOf({ id, key, data, properties, redeliveries }: Item): NativeMessage {
  return {
    getMessageId: () => ({ toString: () => String(id) }),
    getPartitionKey: () => key,
    getData: () => data,
    getProperties: () => ({ ...properties }),
    getRedeliveryCount: () => redeliveries,
  }
}
