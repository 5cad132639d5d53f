import type { Database, Transaction } from '#db'
import { HubError } from '#errors'
import { fitsType, toCloudEvent, type HubEvent, type Match, type SubscriptionRow } from './event.ts'
import {
  changeEvents,
  disableSubscription,
  insertEffects,
  leaveQueue,
  subscriptionsOf,
  wholeEvents,
  type Effect,
  type EventChange,
  type Waiting,
  type WholeEvent,
} from './store.ts'
import type { DispatchDeps, Reading } from './types.ts'

/** A filter has to be quick: every event of its types waits for it. */
const filterMs = 100
/** Bodies that are read at once; the rest waits for the next round. */
const bytesAtOnce = 32 * 1024 * 1024

const untouched = { problem: null, type: null, subject: null, data: undefined, transform: null }

/** An event that no consumer can take leaves the queue, so that it does not stand in the way of all that come after it. */
export function putAside(db: Database, { workspaceId, id, seq }: Waiting): Promise<void> {
  return db.transaction(async (trx) => {
    const problem = 'the hub could not hand it on; its log has the reason'
    await changeEvents(trx, [{ ...untouched, workspaceId, id, status: 'failed', problem }])
    await leaveQueue(trx, [seq])
  })
}

/** Hands the events to whoever subscribed, and takes them from the queue: all in the one transaction. */
export async function hand(deps: DispatchDeps, trx: Transaction, queued: readonly Waiting[]): Promise<{ count: number; kinds: string[] }> {
  const subscriptions = (await subscriptionsOf(trx, [...new Set(queued.map(({ workspaceId }) => workspaceId))])).filter(({ kind }) =>
    deps.consumers.has(kind),
  )
  const mayWant = ({ whole, workspaceId, type }: Waiting): boolean =>
    whole || subscriptions.some((one) => one.workspaceId === workspaceId && fitsType(type, one.types))
  const waiting = upTo(bytesAtOnce, queued, mayWant)
  const events = await wholeEvents(trx, waiting.filter(mayWant))
  const changes: EventChange[] = []
  const matches = new Map<string, Match[]>()
  const switchedOff = new Set<string>()
  for (const { id, receivedAt } of waiting) {
    deps.metrics.dispatchDelay.observe(Math.max(0, (Date.now() - receivedAt.getTime()) / 1000))
    const row = events.get(id)
    if (!row) continue
    const { event, change } = await readOne(deps, row)
    if (change) changes.push(change)
    if (!event) continue
    for (const subscription of subscriptions) {
      if (subscription.workspaceId !== event.workspaceId || switchedOff.has(subscription.id)) continue
      if (!fitsType(event.type, subscription.types) || !(await wanted(deps, trx, event, subscription, switchedOff))) continue
      const list = matches.get(subscription.kind) ?? []
      list.push({ event, subscription })
      matches.set(subscription.kind, list)
    }
  }
  for (const [kind, list] of matches) await take(deps, trx, kind, list)
  await changeEvents(trx, changes)
  await leaveQueue(
    trx,
    waiting.map(({ seq }) => seq),
  )
  return { count: waiting.length, kinds: [...matches.keys()] }
}

function upTo(most: number, queued: readonly Waiting[], isRead: (one: Waiting) => boolean): readonly Waiting[] {
  let bytes = 0
  const end = queued.findIndex((one, index) => index > 0 && (bytes += isRead(one) ? one.bytes : 0) > most)
  return end === -1 ? queued : queued.slice(0, end)
}

/** What an event says, and what reading it changes in it. */
export async function readOne(deps: Pick<DispatchDeps, 'read'>, row: WholeEvent): Promise<{ event?: HubEvent; change?: EventChange }> {
  const { id, workspaceId, connector, integrationId, integration, receivedAt, replays } = row
  const change = { ...untouched, workspaceId, id, status: 'dispatched' as const }
  const eventOf = ({ data, type = row.type, subject = row.subject ?? undefined }: Reading): HubEvent => ({
    id,
    workspaceId,
    connector,
    integrationId,
    integration,
    receivedAt,
    replays,
    depth: row.body === null ? Number(row.headers?.['hub-depth'] ?? 0) : 0,
    type,
    subject: subject ?? null,
    data,
  })
  // The hub's own, and what a transformation has made before.
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

export const unparsed = 'the body is not what its content type says'

async function wanted(
  { expressions, publisher, logger }: DispatchDeps,
  trx: Transaction,
  event: HubEvent,
  { id, filter, kind, target, workspaceId }: SubscriptionRow,
  switchedOff: Set<string>,
): Promise<boolean> {
  if (filter === null) return true
  try {
    return (await expressions.evaluate(filter, { event: toCloudEvent(event) }, { timeoutMs: filterMs })) === true
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    // An expression that fails on one body says no to it; one that runs out of its limits holds everybody up.
    if (error.code !== 'expression_limit') return false
    logger.warn({ subscription: id, kind, target }, 'a filter took too long; its subscription is switched off')
    switchedOff.add(id)
    await disableSubscription(trx, id, error.message)
    await publisher.publish(trx, [{ workspaceId, type: 'subscription.disabled', data: { kind, target, reason: error.message } }])
    return false
  }
}

async function take({ consumers }: DispatchDeps, trx: Transaction, kind: string, matches: readonly Match[]): Promise<void> {
  const effects = await consumers.get(kind)!.take(trx, matches)
  await insertEffects(
    trx,
    matches.flatMap(({ event, subscription }, index): Effect[] => {
      const effectId = effects[index]
      if (effectId === undefined) return []
      return [
        {
          workspaceId: event.workspaceId,
          eventId: event.id,
          subscriptionId: subscription.id,
          replay: event.replays,
          kind,
          target: subscription.target,
          effectId,
        },
      ]
    }),
  )
}
