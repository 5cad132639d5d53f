import type { Database } from '#db'
import type { Engine } from '#engine'
import type { Events } from '#events'
import type { Telemetry } from '#telemetry'
import { messageOf } from './message-of.ts'
import { deleteQueued, leaseBus, nextQueued, type Queued } from './store.ts'
import type { RecentMessages } from './recent.ts'
import { topicOn } from './topic-on.ts'
import type { Bus } from './types.ts'

export interface PublisherDeps extends Telemetry {
  readonly db: Database
  readonly engine: Pick<Engine, 'executorId'>
  readonly events: Pick<Events, 'deliveredAll'>
  readonly recent: RecentMessages
}

/** What a round of publishing came to. */
export type Published = 'all' | 'more' | 'failed'

const atOnce = 200
const maxBytesAtOnce = 32 * 1024 * 1024
/** Longer than the broker may take for a round, so that no other process begins meanwhile. */
const leaseMs = 30_000

/** Publishes what is queued for one bus of a workspace, in order. A message is removed from the queue when the broker has confirmed it. */
export function createPublishing({ db, engine, events, metrics, recent, logger }: PublisherDeps) {
  return {
    /** One process at a time publishes to a broker, so that messages keep their order. */
    async outside(bus: Bus, workspaceId: string): Promise<Published> {
      const { name } = bus
      if (bus.state().status !== 'connected') return 'failed'
      if (!(await leaseBus(db.sql, { workspaceId, name, executorId: engine.executorId, ms: leaseMs }))) return 'all'
      return publishQueued(bus, workspaceId)
    },
    /** Two processes may do this at once: the events that come of it are stored once. */
    inside: publishQueued,
  }

  async function publishQueued(bus: Bus, workspaceId: string): Promise<Published> {
    const found = await nextQueued(db.sql, { bus: bus.name, workspaceId, max: atOnce })
    const queued = upTo(maxBytesAtOnce, found)
    if (queued.length === 0) return 'all'
    const known = await events.deliveredAll(workspaceId, [...new Set(queued.map(({ eventId }) => eventId))])
    const sending = queued.flatMap((row) => {
      const event = known.get(row.eventId)
      return event ? [{ row, message: messageOf(event, row, bus.maxBytes) }] : []
    })
    const lost = queued.filter(({ eventId }) => !known.has(eventId))
    if (lost.length > 0)
      logger.warn({ bus: bus.name, events: lost.length }, 'events were deleted, or could not be read, before they were published')
    const confirmed = await bus.publish(sending.map(({ message }) => ({ ...message, topic: topicOn(bus, workspaceId, message.topic) })))
    const failedKeys = new Set<string | undefined>()
    const published = sending.filter(({ message }, index) => {
      // What follows an unconfirmed message of its key is published again, after that one.
      if (!confirmed[index]) failedKeys.add(message.key)
      return !failedKeys.has(message.key)
    })
    await deleteQueued(
      db.sql,
      [...lost, ...published.map(({ row }) => row)].map(({ id }) => id),
    )
    for (const { message } of published) {
      metrics.busPublished.inc({ bus: bus.name })
      recent.add(workspaceId, {
        bus: bus.name,
        direction: 'out',
        topic: message.topic,
        key: message.key,
        id: message.id,
        bytes: message.body.length,
      })
    }
    if (published.length < sending.length) return 'failed'
    return queued.length < found.length || found.length === atOnce ? 'more' : 'all'
  }
}

function upTo(maxBytes: number, queued: readonly Queued[]): readonly Queued[] {
  let sum = 0
  const end = queued.findIndex(({ bytes }, index) => (sum += bytes) > maxBytes && index > 0)
  return end === -1 ? queued : queued.slice(0, end)
}
