import { HubError } from '#errors'
import type { Waiting } from './claim-store.ts'
import { fitsType, toCloudEvent, type HubEvent, type Match, type SubscriptionRow } from './event.ts'
import { readEvent, unchanged } from './read-event.ts'
import { storedEvents, subscriptionsOf, type EventChange } from './store.ts'
import type { DispatchDeps } from './types.ts'

/** Short, because every event of the subscription's types waits for the filter. */
const filterMs = 100
/** How many bytes of bodies one round reads. Further events wait for the next round. */
const maxBytesAtOnce = 32 * 1024 * 1024
/** After this time a round stores what it has. */
const maxRoundMs = 1000
/** What subscribers prepare for a match may take time, too. */
const maxMatches = 200
/** A filter that exceeds its limits this often, one event after the other, is disabled. */
const maxOverruns = 3

/** What a round found out about the events of a claim. */
export interface Matched {
  /** The events of the claim that were looked at, in their order. */
  readonly done: readonly Waiting[]
  /** By the kind of subscription. */
  readonly matches: ReadonlyMap<string, readonly Match[]>
  readonly changes: readonly EventChange[]
  /** The subscriptions whose count of overruns has changed. */
  readonly overruns: readonly Overrun[]
}

export interface Overrun {
  readonly subscription: SubscriptionRow
  readonly overruns: number
  /** Set if the subscription is to be disabled. */
  readonly problem: string | undefined
}

/** Reads events and evaluates the filters of their subscriptions. It stores nothing, and it ends early when the hub stops. */
export async function match(deps: DispatchDeps, queued: readonly Waiting[], stopping?: AbortSignal): Promise<Matched> {
  const { workspaceId } = queued[0]!
  const subscriptions = (await subscriptionsOf(deps.db.sql, workspaceId)).filter(({ kind }) => Object.hasOwn(deps.subscribers, kind))
  const isWanted = ({ whole, type }: Waiting): boolean => whole || subscriptions.some(({ types }) => fitsType(type, types))
  const waiting = upTo(maxBytesAtOnce, queued, isWanted)
  const wanted = waiting.filter(isWanted).map(({ id }) => id)
  const events = await storedEvents(deps.db.sql, workspaceId, wanted)
  const filters = createFilters(deps)
  const done: Waiting[] = []
  const changes: EventChange[] = []
  const matches = new Map<string, Match[]>()
  const endsAt = performance.now() + maxRoundMs
  let matched = 0
  for (const one of waiting) {
    if (done.length > 0 && (stopping?.aborted || performance.now() > endsAt || matched >= maxMatches)) break
    const row = events.get(one.id)
    const { event, change } = row ? await readEvent(deps, row) : {}
    const found = event ? await filters.apply(event, { subscriptions, stopping }) : { fitting: [], problems: [] }
    // The hub stops: this event is left to another process.
    if (!found) break
    done.push(one)
    if (change || found.problems.length > 0)
      changes.push({
        ...(change ?? { ...unchanged, workspaceId, id: one.id, status: 'dispatched' }),
        ...(found.problems.length > 0 ? { problem: found.problems.join('; ') } : {}),
      })
    for (const subscription of found.fitting) {
      const list = matches.get(subscription.kind) ?? []
      list.push({ event: event!, subscription })
      matched++
      matches.set(subscription.kind, list)
    }
  }
  return { done, matches, changes, overruns: filters.overruns() }
}

function upTo(maxBytes: number, queued: readonly Waiting[], isRead: (one: Waiting) => boolean): readonly Waiting[] {
  let bytes = 0
  const end = queued.findIndex((one, index) => index > 0 && (bytes += isRead(one) ? one.bytes : 0) > maxBytes)
  return end === -1 ? queued : queued.slice(0, end)
}

interface Fitting {
  readonly fitting: readonly SubscriptionRow[]
  /** Why the event cannot be compared with some of the filters. */
  readonly problems: readonly string[]
}

/** The filters of one round. It counts how often one after the other each of them exceeded its limits. */
function createFilters({ expressions, logger }: DispatchDeps) {
  const counted = new Map<string, Overrun>()

  const holds = async (event: HubEvent, subscription: SubscriptionRow): Promise<boolean | HubError> => {
    const { filter, workspaceId } = subscription
    if (filter === null) return true
    try {
      return (await expressions.evaluate(filter, { event: toCloudEvent(event) }, { workspaceId, timeoutMs: filterMs })) === true
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      if (error.code === 'expression_limit') return error
      // A filter that fails for one event does not match it.
      if (error.code === 'expression_failed') return false
      throw error
    }
  }

  const note = (subscription: SubscriptionRow, error: HubError | undefined): void => {
    const { id, kind, target } = subscription
    const before = counted.get(id)?.overruns ?? subscription.overruns
    const overruns = error ? before + 1 : 0
    if (overruns === before) return
    const problem = overruns >= maxOverruns ? error?.message : undefined
    counted.set(id, { subscription, overruns, problem })
    if (problem) logger.warn({ subscription: id, kind, target }, 'a filter exceeded its limits three times; its subscription is disabled')
  }

  return {
    /** Undefined if the hub stops meanwhile. */
    async apply(
      event: HubEvent,
      { subscriptions, stopping }: { readonly subscriptions: readonly SubscriptionRow[]; readonly stopping: AbortSignal | undefined },
    ): Promise<Fitting | undefined> {
      const fitting: SubscriptionRow[] = []
      const problems: string[] = []
      for (const subscription of subscriptions) {
        if (stopping?.aborted) return undefined
        if (!fitsType(event.type, subscription.types) || counted.get(subscription.id)?.problem) continue
        const held = await holds(event, subscription)
        if (subscription.filter !== null) note(subscription, held instanceof HubError ? held : undefined)
        if (held instanceof HubError) problems.push(`the filter of the ${subscription.kind} ${subscription.target}: ${held.message}`)
        else if (held) fitting.push(subscription)
      }
      return { fitting, problems }
    },
    overruns: (): readonly Overrun[] => [...counted.values()],
  }
}
