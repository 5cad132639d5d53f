import { z } from 'zod'
import type { BusReport, Received, RecentMessage } from '#buses'
import { readable } from '#kit'
import { busNames, topicName } from '#lib/bus-names'
import { operation, plain, streamOperation, view, type StreamEvent } from './operation.ts'
import { allOf, pageOf, timestamp } from './shared.ts'

const name = z.enum(busNames)
const topic = z.string().regex(topicName.pattern, topicName.rule)
const noInput = z.strictObject({})

const busView = view(
  z.object({
    name,
    status: z.enum(['connected', 'connecting', 'stopped', 'elsewhere']).describe('elsewhere: only other processes are connected to it.'),
    since: timestamp.nullable(),
    problem: z.string().nullable(),
    events: z.array(z.string()).describe('The types of the events that are published there.'),
    waiting: z.int().describe('Events that the broker has not confirmed yet.'),
    oldest_waiting_at: timestamp.nullable(),
  }),
  ({ name: of, state, types, waiting, oldest }: BusReport) => ({
    name: of,
    status: state?.status ?? ('elsewhere' as const),
    since: state?.since.toISOString() ?? null,
    problem: state?.problem ?? null,
    events: [...types],
    waiting,
    oldest_waiting_at: oldest?.toISOString() ?? null,
  }),
)

const messageView = view(
  z.object({
    bus: name,
    direction: z.enum(['in', 'out']),
    topic: z.string(),
    key: z.string().nullable(),
    id: z.string().nullable(),
    bytes: z.int(),
    outcome: z.string().nullable().describe('What became of a message that came in: completed, failed, stored or dead.'),
    at: timestamp,
  }),
  ({ key, id, outcome, at, ...rest }: RecentMessage) => ({
    ...rest,
    key: key ?? null,
    id: id ?? null,
    outcome: outcome ?? null,
    at: at.toISOString(),
  }),
)

export const listBuses = operation({
  name: 'buses.list',
  scope: 'events:read',
  effect: 'read',
  summary: 'List the message buses of the workspace, with their connection and what waits for them',
  input: noInput,
  output: pageOf(busView),
  http: { method: 'GET', path: '/api/v1/buses' },
  example: {},
  run: async ({ buses, principal }) => allOf(await buses.list(principal.workspaceId)),
})

export const listBusMessages = operation({
  name: 'buses.messages',
  scope: 'events:read',
  effect: 'read',
  summary: 'List the last messages that this process sent and received, newest first, without their content',
  input: noInput,
  output: pageOf(messageView),
  http: { method: 'GET', path: '/api/v1/buses/messages' },
  example: {},
  run: async ({ buses, principal }) => allOf(buses.recent(principal.workspaceId)),
})

export const pingBus = operation({
  name: 'buses.ping',
  scope: 'events:read',
  effect: 'read',
  summary: 'Ask a message bus for an answer',
  input: z.strictObject({ name }),
  output: plain(z.object({ name, ms: z.number() })),
  http: { method: 'POST', path: '/api/v1/buses/:name/ping' },
  example: { name: 'amqp' },
  run: async ({ buses, principal }, { name: of }) => ({ name: of, ms: Math.round((await buses.ping(principal, of)) * 10) / 10 }),
})

export const publishToBus = operation({
  name: 'buses.publish',
  scope: 'events:write',
  effect: 'write',
  summary: 'Publish a message to a topic, and answer when the broker has confirmed it',
  input: z.strictObject({
    name,
    topic,
    key: z.string().max(200).optional().describe('Messages with the same key keep their order.'),
    data: z.unknown().describe('The content, any JSON.'),
  }),
  output: plain(z.object({ id: z.string() })),
  http: { method: 'POST', path: '/api/v1/buses/:name/messages', status: 201 },
  example: { name: 'amqp', topic: 'orders', data: { id: 7 } },
  run: ({ buses, principal }, { name: of, data, ...place }) =>
    buses.publish(principal, of, { ...place, body: Buffer.from(JSON.stringify(data ?? null)) }),
})

export const tailBus = streamOperation({
  name: 'buses.tail',
  scope: 'events:read',
  effect: 'read',
  summary: 'Follow the messages of a topic',
  description:
    'Sends a `message` event with `{topic, key, id, data, properties}` for each message from now on, beside those who receive them anyway. `data` is text where the content is not JSON.',
  input: z.strictObject({ name, topic }),
  http: { method: 'GET', path: '/api/v1/buses/:name/topics/:topic/stream' },
  example: { name: 'amqp', topic: 'orders' },
  run: async ({ buses, principal, signal, isActive }, { name: of, topic: place }) =>
    messages(await buses.tail(principal, of, { topic: place, signal }), place, isActive),
})

async function* messages(
  received: AsyncIterable<Received>,
  topicName: string,
  isActive: (() => Promise<boolean>) | undefined,
): AsyncGenerator<StreamEvent> {
  for await (const { key, id, body, properties } of received) {
    if (isActive && !(await isActive())) return
    const data = {
      topic: topicName,
      key: key ?? null,
      id: id ?? null,
      data: readable({ headers: {}, body }).json() ?? body.toString(),
      properties,
    }
    yield { id: id ?? String(Date.now()), event: 'message', data }
  }
}

export const removeBus = operation({
  name: 'buses.remove',
  scope: 'events:write',
  effect: 'destroy',
  summary: 'Forget a message bus that no process is connected to any more, with everything that waits for it',
  input: z.strictObject({ name }),
  output: plain(z.null()),
  http: { method: 'DELETE', path: '/api/v1/buses/:name', status: 204 },
  example: { name: 'amqp' },
  run: async ({ buses, principal }, { name: of }) => {
    await buses.remove(principal, of)
    return null
  },
})
