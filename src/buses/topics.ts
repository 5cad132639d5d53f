import type { Database } from '#db'
import type { Events } from '#events'
import type { Integrations } from '#integrations'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { wantedTopics } from './store.ts'
import { topicOn } from './topic-on.ts'
import { readMessage } from './read-message.ts'
import type { RecentMessages } from './recent.ts'
import type { Bus, Consumer, Received, Verdict } from './types.ts'

export interface TopicsDeps extends Pick<Telemetry, 'logger' | 'metrics'> {
  readonly db: Database
  readonly events: Pick<Events, 'inbox'>
  readonly integrations: Pick<Integrations, 'consuming'>
  readonly recent: RecentMessages
}

/** A topic that a workspace receives, and the type that its messages have as events. */
export interface Wanted {
  readonly workspaceId: string
  readonly topic: string
  readonly type: string
  readonly connector: string
  readonly integration?: { readonly id: string; readonly name: string } | undefined
}

/** The connector of events that came over a bus. */
const busConnector = 'bus'
const prefetch = 32

/** Everything that flows, waiting runs and connectors want to receive from a bus. */
export async function allWanted({ db, integrations }: Pick<TopicsDeps, 'db' | 'integrations'>): Promise<Wanted[]> {
  const topics = await wantedTopics(db.sql)
  const ofConnectors = await integrations.consuming()
  return [
    ...topics.map(({ workspaceId, topic }) => ({ workspaceId, topic, type: `bus.${topic}`, connector: busConnector })),
    ...ofConnectors.map(({ workspaceId, connector, integration, topic, event }) => ({
      workspaceId,
      topic,
      type: `${connector}.${event}`,
      connector,
      integration,
    })),
  ]
}

const groupOf = ({ workspaceId, integration }: Wanted): string => (integration ? `hub.${integration.id}` : `hub.${workspaceId}`)
const placeOf = (wanted: Wanted): string => `${groupOf(wanted)} ${wanted.topic} ${wanted.type}`

/** Keeps a consumer for each topic that is wanted from one bus. A message is done when it is stored as an event. */
export function createTopics({ events, recent, logger, metrics }: TopicsDeps, bus: Bus) {
  const topicOf = ({ workspaceId, topic }: Wanted): string => topicOn(bus, workspaceId, topic)
  const consumers = new Map<string, { readonly wanted: Wanted; readonly consumer: Consumer }>()

  const store = async ({ workspaceId, topic, type, connector, integration }: Wanted, message: Received): Promise<Verdict> => {
    const { id, body, contentType = 'application/json', key } = message
    if (body.length > bus.maxBytes) return { dead: `the message has ${body.length} bytes; the hub takes ${bus.maxBytes}` }
    await events.inbox.add({
      workspaceId,
      connector,
      type,
      integration,
      // A message without an id cannot be told from another one with the same content.
      dedupeKey: `${type} ${id ?? newId('evt')}`,
      deliveryId: id,
      subject: message.properties['cloudEvents:subject'],
      unparsed: readMessage({ body }) === undefined,
      whole: false,
      headers: { 'content-type': contentType, 'hub-topic': topic, ...(key === undefined ? {} : { 'hub-key': key }), ...message.properties },
      body,
    })
    metrics.busReceived.inc({ bus: bus.name, outcome: 'stored' })
    recent.add(workspaceId, { bus: bus.name, direction: 'in', topic, key, id, bytes: body.length, outcome: 'stored' })
    return 'done'
  }

  return {
    /** Begins to receive what is wanted now, and ends what nobody wants any more. */
    async follow(wanted: readonly Wanted[]): Promise<void> {
      const now = new Map(wanted.map((one) => [placeOf(one), one]))
      for (const [place, { wanted: old, consumer }] of consumers) {
        if (now.has(place)) continue
        consumers.delete(place)
        await consumer[Symbol.asyncDispose]()
        // Nobody reads it any more, so the broker must not collect messages for it.
        await bus
          .forget(topicOf(old), groupOf(old))
          .catch((error: unknown) =>
            logger.warn(
              { err: error, bus: bus.name, topic: old.topic },
              'the bus goes on to keep messages of a topic that nobody receives',
            ),
          )
      }
      for (const [place, one] of now) {
        if (consumers.has(place)) continue
        const handle = (message: Received): Promise<Verdict> => store(one, message)
        consumers.set(place, { wanted: one, consumer: bus.consume(topicOf(one), { group: groupOf(one), prefetch, handle }) })
      }
    },
    /** Receives nothing until it follows again. The bus keeps the messages meanwhile. */
    async pause(): Promise<void> {
      const running = [...consumers.values()]
      consumers.clear()
      await Promise.all(running.map(({ consumer }) => consumer[Symbol.asyncDispose]()))
    },
  }
}
