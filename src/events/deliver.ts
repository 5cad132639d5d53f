import type { Database, Transaction } from '#db'
import { HubError } from '#errors'
import { fitsType, toCloudEvent, type HubEvent, type Match, type Subscriber } from './event.ts'
import {
  changeEvents,
  disableSubscription,
  insertEffects,
  leaveQueue,
  subscriptionsOf,
  storedEvents,
  type Effect,
  type EventChange,
  type Waiting,
  type StoredEvent,
} from './store.ts'
import type { DispatchDeps, Reading } from './types.ts'

/** Short, because every event of the subscription's types waits for the filter. */
const filterMs = 100
/** How many bytes of bodies one round reads. Further events wait for the next round. */
const maxBytesAtOnce = 32 * 1024 * 1024

const unchanged = { problem: null, type: null, subject: null, data: undefined, transform: null }

/** Marks an event that could not be delivered as failed and removes it from the queue, so that it does not block the events after it. */
export function markFailed(db: Database, { workspaceId, id, seq }: Waiting): Promise<void> {
  return db.transaction(async (trx) => {
    const problem = 'the hub could not deliver this event to its subscribers; the log of the hub has the reason'
    await changeEvents(trx, [{ ...unchanged, workspaceId, id, status: 'failed', problem }])
    await leaveQueue(trx, [seq])
  })
}

/** Delivers the events to their subscribers and removes them from the queue, in one transaction. */
export async function deliver(deps: DispatchDeps, trx: Transaction, queued: readonly Waiting[]): Promise<number> {
  const subscriptions = (await subscriptionsOf(trx, [...new Set(queued.map(({ workspaceId }) => workspaceId))])).filter(({ kind }) =>
    Object.hasOwn(deps.subscribers, kind),
  )
  const isWanted = ({ whole, workspaceId, type }: Waiting): boolean =>
    whole || subscriptions.some((one) => one.workspaceId === workspaceId && fitsType(type, one.types))
  const waiting = upTo(maxBytesAtOnce, queued, isWanted)
  const events = await storedEvents(trx, waiting.filter(isWanted))
  const changes: EventChange[] = []
  const matches = new Map<string, Match[]>()
  const disabled = new Set<string>()
  for (const { id, receivedAt } of waiting) {
    deps.metrics.dispatchDelay.observe(Math.max(0, (Date.now() - receivedAt.getTime()) / 1000))
    const row = events.get(id)
    if (!row) continue
    const { event, change } = await readEvent(deps, row)
    if (change) changes.push(change)
    if (!event) continue
    for (const subscription of subscriptions) {
      if (subscription.workspaceId !== event.workspaceId || disabled.has(subscription.id)) continue
      if (!fitsType(event.type, subscription.types) || !(await matchesFilter(deps, trx, { event, subscription, disabled }))) continue
      const list = matches.get(subscription.kind) ?? []
      list.push({ event, subscription })
      matches.set(subscription.kind, list)
    }
  }
  for (const [kind, list] of matches) await insertEffects(trx, await handOver(deps.subscribers[kind]!, trx, list))
  await changeEvents(trx, changes)
  await leaveQueue(
    trx,
    waiting.map(({ seq }) => seq),
  )
  return waiting.length
}

function upTo(maxBytes: number, queued: readonly Waiting[], isRead: (one: Waiting) => boolean): readonly Waiting[] {
  let bytes = 0
  const end = queued.findIndex((one, index) => index > 0 && (bytes += isRead(one) ? one.bytes : 0) > maxBytes)
  return end === -1 ? queued : queued.slice(0, end)
}

/** Reads the data of a stored event. `change` is what has to be stored after the event was read for the first time. */
export async function readEvent(deps: Pick<DispatchDeps, 'read'>, row: StoredEvent): Promise<{ event?: HubEvent; change?: EventChange }> {
  const { id, workspaceId, connector, integrationId, integration, receivedAt, replays } = row
  const change = { ...unchanged, workspaceId, id, status: 'dispatched' as const }
  const eventOf = ({ data, type = row.type, subject = row.subject ?? undefined }: Reading): HubEvent => ({
    id,
    workspaceId,
    connector,
    integrationId,
    integration,
    receivedAt,
    replays,
    ...(row.body === null ? ownHeaders(row.headers ?? {}) : {}),
    type,
    subject: subject ?? null,
    data,
  })
  // The hub's own events, and events whose transformation has already run, are stored with their data.
  if (row.body === null || row.transform !== null) return { event: eventOf({ data: row.data }) }
  try {
    const reading = await deps.read(row)
    if (!reading) return { change: { ...change, status: 'unparsed', problem: unparsed } }
    const { data, type = null, subject = null, transform } = reading
    if (transform === undefined) return { event: eventOf(reading) }
    return { event: eventOf(reading), change: { ...change, type, subject, data: data ?? null, transform } }
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    return { change: { ...change, status: 'failed', problem: error.message } }
  }
}

/** What the hub noted with an event of its own. */
function ownHeaders(headers: Record<string, unknown>): Pick<HubEvent, 'depth' | 'causes' | 'origin'> {
  const { 'hub-depth': depth = 0, 'hub-causes': causes = [], 'hub-flow': flow, 'hub-run': run } = headers
  return {
    depth: Number(depth),
    causes: causes as string[],
    ...(flow === undefined ? {} : { origin: { flow: String(flow), run: String(run) } }),
  }
}

export const unparsed = 'the body does not have the format that its content type names'

async function matchesFilter(
  { expressions, publisher, logger }: DispatchDeps,
  trx: Transaction,
  { event, subscription, disabled }: Match & { readonly disabled: Set<string> },
): Promise<boolean> {
  const { id, filter, kind, target, workspaceId } = subscription
  if (filter === null) return true
  try {
    return (await expressions.evaluate(filter, { event: toCloudEvent(event) }, { workspaceId, timeoutMs: filterMs })) === true
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    // A filter that fails for one event does not match it. A filter that exceeds its limits delays all events, so it is disabled.
    if (error.code !== 'expression_limit') return false
    logger.warn({ subscription: id, kind, target }, 'a filter exceeded its limits; its subscription is disabled')
    disabled.add(id)
    await disableSubscription(trx, id, error.message)
    await publisher.publish(trx, [{ workspaceId, type: 'subscription.disabled', data: { kind, target, reason: error.message } }])
    return false
  }
}

/** Returns what the subscriber started for the events. */
async function handOver(subscriber: Subscriber, trx: Transaction, matches: readonly Match[]): Promise<Effect[]> {
  const effects = await subscriber.take(trx, matches)
  return matches.flatMap(({ event, subscription: { id: subscriptionId, kind, target } }, index): Effect[] => {
    const effectId = effects[index]
    if (effectId === undefined) return []
    const { id: eventId, workspaceId, replays: replay } = event
    return [{ workspaceId, eventId, subscriptionId, replay, kind, target, effectId }]
  })
}
