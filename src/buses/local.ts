import { sleep } from '#lib/clock'
import type { Bus, Consumer, Consuming, Message, Received } from './types.ts'

interface Group extends Consuming {
  readonly waiting: Received[]
  active: number
  /** The keys that are being handled: messages with the same key wait for each other. */
  readonly keys: Set<string>
  stopped: boolean
  readonly idle: (() => void)[]
}

const maxBytes = 16 * 1024 * 1024
/** The time before a message is delivered again. */
const againMs = 200
const commands = 'commands'

/** The bus inside a process. A message is confirmed when every group has handled it, so it is not lost before its effect is stored. */
export function createLocalBus(): Bus {
  const topics = new Map<string, Map<string, Group>>()
  const since = new Date()
  let stopped = false

  const finished = new Map<Received, () => void>()

  const pump = (group: Group): void => {
    for (let index = 0; index < group.waiting.length && group.active < group.prefetch && !group.stopped;) {
      const message = group.waiting[index]!
      if (message.key !== undefined && group.keys.has(message.key)) {
        index++
        continue
      }
      group.waiting.splice(index, 1)
      void handle(group, message)
    }
    if (group.active === 0) for (const done of group.idle.splice(0)) done()
  }

  const handle = async (group: Group, message: Received): Promise<void> => {
    const { key } = message
    group.active++
    if (key !== undefined) group.keys.add(key)
    const verdict = await group.handle(message).catch(() => 'again' as const)
    if (verdict === 'again') await sleep(againMs)
    group.active--
    if (key !== undefined) group.keys.delete(key)
    if (verdict === 'again' && !group.stopped) {
      const next = { ...message, redeliveries: message.redeliveries + 1 }
      const done = finished.get(message)
      finished.delete(message)
      if (done) finished.set(next, done)
      group.waiting.unshift(next)
    } else {
      finished.get(message)?.()
      finished.delete(message)
    }
    pump(group)
  }

  const consume = (topic: string, options: Consuming): Consumer => {
    const group: Group = {
      ...options,
      handle: options.handle.bind(options),
      waiting: [],
      active: 0,
      keys: new Set(),
      stopped: false,
      idle: [],
    }
    const groups = topics.get(topic) ?? new Map<string, Group>()
    groups.set(options.group, group)
    topics.set(topic, groups)
    return {
      async [Symbol.asyncDispose]() {
        group.stopped = true
        groups.delete(options.group)
        if (group.active > 0) await new Promise<void>((resolve) => group.idle.push(resolve))
      },
    }
  }

  return {
    name: 'local',
    maxBytes,
    state: () => ({ status: stopped ? 'stopped' : 'connected', since }),
    onState: () => () => undefined,
    publish: (messages) =>
      Promise.all(
        messages.map(async (message) => {
          if (stopped || message.body.length > maxBytes) return false
          await Promise.all([...(topics.get(message.topic)?.values() ?? [])].map((group) => put(group, message)))
          return true
        }),
      ),
    reply: async () => undefined,
    consume,
    consumeCommands: (options) => consume(commands, options),
    forget: async () => undefined,
    ping: async () => undefined,
    async [Symbol.asyncDispose]() {
      stopped = true
    },
  }

  function put(group: Group, message: Message): Promise<void> {
    return new Promise((resolve) => {
      const received: Received = { ...message, redeliveries: 0 }
      finished.set(received, resolve)
      group.waiting.push(received)
      pump(group)
    })
  }
}
