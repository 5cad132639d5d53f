import { actorOf, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { Expressions } from '#expressions'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import type { Engine } from '#engine'
import { dispatchPoller, type EventPublisher } from '#events/publish'
import type { RetentionTask } from '#retention'
import type { Telemetry } from '#telemetry'
import { createDispatcher, type Dispatcher } from './dispatch.ts'
import type { HubEvent, NewSubscription, Subscribers, SubscriptionRow } from './event.ts'
import { readEvent } from './read-event.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { findEvent, knownDeliveries, listEvents, replayEvents, type EventFilter } from './event-queries.ts'
import { eventRetention } from './retention.ts'
import {
  deleteSubscriptions,
  effectsOf,
  insertSubscription,
  storedEvents,
  subscriptionsOf,
  type EventRow,
  type StoredEvent,
} from './store.ts'
import type { ReadEvent } from './types.ts'

export {
  fitsType,
  toCloudEvent,
  type CloudEvent,
  type HubEvent,
  type Match,
  type Subscriber,
  type Subscribers,
  type NewSubscription,
  type SubscriptionRow,
} from './event.ts'
export type { Arrival } from './inbox.ts'
export { findEvent, type EventFilter } from './event-queries.ts'
export { deleteSubscriptions, insertSubscription, type EventRow, type StoredEvent } from './store.ts'
export type { Dispatcher } from './dispatch.ts'
export type { ReadEvent, Reading } from './types.ts'

export interface ReplayRequest extends EventFilter {
  readonly ids?: readonly string[] | undefined
  /** `then` uses the data that the transformation made at first; `now` runs the present transformation again. */
  readonly transform: 'then' | 'now'
}

export interface EventDetail extends StoredEvent {
  readonly effects: readonly { kind: string; target: string; effectId: string; replay: number; at: Date }[]
}

/** Stores what happened outside and inside the hub in order of arrival, and delivers it to the subscribers. */
export interface Events extends AsyncDisposable {
  readonly inbox: Pick<Inbox, 'add'>
  subscribe(trx: Transaction, subscription: NewSubscription): Promise<string>
  unsubscribe(trx: Transaction, kind: string, target: string): Promise<void>
  subscriptions(workspaceId: string): Promise<SubscriptionRow[]>
  list(workspaceId: string, filter: EventFilter, page: { before?: string | undefined; limit: number }): Promise<EventRow[]>
  /** The events after an event, oldest first. */
  since(workspaceId: string, filter: EventFilter, page: { after: string; limit: number }): Promise<EventRow[]>
  get(workspaceId: string, id: string): Promise<EventDetail>
  /** Returns an event as its subscribers got it, or undefined if it no longer exists. */
  delivered(workspaceId: string, id: string): Promise<HubEvent | undefined>
  /** Returns several events as their subscribers got them, without those that do not exist any more or cannot be read. */
  deliveredAll(workspaceId: string, ids: readonly string[]): Promise<ReadonlyMap<string, HubEvent>>
  /** Dispatches events again and returns how many. */
  replay(principal: Principal, request: ReplayRequest): Promise<number>
  /** Returns which of these deliveries were received since then. */
  known(workspaceId: string, which: { since: Date; deliveryIds: readonly string[] }): Promise<Set<string>>
  /** Delivers stored events to the subscribers. */
  dispatcher(subscribers: Subscribers): Dispatcher
  readonly retention: readonly RetentionTask[]
}

export interface EventsDeps extends Telemetry {
  readonly db: Database
  readonly engine: Pick<Engine, 'executorId' | 'wake'>
  readonly access: Access
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly read: ReadEvent
}

/** The limit of one replay. More would delay new events for longer than a minute. */
const maxReplayed = 100_000

export function createEvents(deps: EventsDeps): Events {
  const { db, engine, access, publisher, notices, sums } = deps
  const wakeDispatcher = (): void => engine.wake(dispatchPoller)
  const inbox = createInbox(db, (stored) => {
    wakeDispatcher()
    for (const { workspaceId, id } of stored) {
      notices.add(workspaceId, 'event', id)
      sums.count(workspaceId, 'eventsReceived')
    }
  })
  return {
    inbox,
    retention: eventRetention(db),
    dispatcher: (subscribers) => createDispatcher({ ...deps, subscribers }),
    async subscribe(trx, subscription) {
      const id = newId('sub')
      await insertSubscription(trx, { ...subscription, id })
      publisher.subscriptionsChanged(trx, subscription.workspaceId)
      return id
    },
    async unsubscribe(trx, kind, target) {
      for (const workspaceId of await deleteSubscriptions(trx, kind, target)) publisher.subscriptionsChanged(trx, workspaceId)
    },
    subscriptions: (workspaceId) => subscriptionsOf(db.sql, workspaceId),
    list: (workspaceId, filter, page) => listEvents(db.sql, workspaceId, filter, page),
    since: (workspaceId, filter, page) => listEvents(db.sql, workspaceId, filter, page),
    async get(workspaceId, id) {
      const row = await findEvent(db.sql, workspaceId, id)
      if (!row) throw hubError('not_found', { detail: `there is no event "${id}" in this workspace` })
      return { ...row, effects: await effectsOf(db.sql, id) }
    },
    async delivered(workspaceId, id) {
      const row = await findEvent(db.sql, workspaceId, id)
      return row && (await readEvent(deps, row)).event
    },
    async deliveredAll(workspaceId, ids) {
      const rows = await storedEvents(db.sql, workspaceId, ids)
      const read = await Promise.all([...rows.values()].map(async (row) => (await readEvent(deps, row)).event))
      return new Map(read.flatMap((event) => (event ? [[event.id, event] as const] : [])))
    },
    async replay(principal, { transform, ...which }) {
      const { workspaceId } = principal
      const count = await db.transaction(async (trx) => {
        const count = await replayEvents(trx, workspaceId, { ...which, anew: transform === 'now', max: maxReplayed })
        if (which.ids?.length === 1 && count === 0 && !(await findEvent(trx, workspaceId, which.ids[0]!)))
          throw hubError('not_found', { detail: `there is no event "${which.ids[0]}" in this workspace` })
        const detail = { ...which, transform, count, from: which.from?.toISOString(), to: which.to?.toISOString() }
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'events.replayed',
          subject: which.ids?.length === 1 ? which.ids[0]! : 'range',
          detail: JSON.parse(JSON.stringify(detail)) as Record<string, unknown>,
        })
        return count
      })
      wakeDispatcher()
      return count
    },
    known: (workspaceId, which) => knownDeliveries(db.sql, workspaceId, which),
    [Symbol.asyncDispose]: () => inbox[Symbol.asyncDispose](),
  }
}
