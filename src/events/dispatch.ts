import { isPassing } from '#db'
import type { Engine, Poller } from '#engine'
import { HubError } from '#errors'
import { dispatchPoller } from '#events/publish'
import { claimNext, DispatchAgain, giveBack, isClaimedElsewhere, type Claim } from './claim-store.ts'
import { deliver, setAside } from './deliver.ts'
import { match } from './match.ts'
import type { DispatchDeps } from './types.ts'

export interface Dispatcher {
  readonly poller: Poller
  /** Dispatches everything that is stored and returns how many events that were. For tests and benches. */
  drain(): Promise<number>
}

interface Round {
  readonly dispatched: number
  readonly hasMore: boolean
}

const atOnce = 200
/** How many workspaces a process serves at the same time. */
const lanes = 4
/** Processes that store events wake the poller. This is for wake-ups that were lost. */
const everyMs = 5000
/** A single event is dispatched at once; many events share a transaction. */
const restMs = 20
/** When events are looked at again that another process had claimed: it may have read the queue before they were stored. */
const retryMs = 25
/** When a workspace is tried again after something that its events need was not available. */
const restAfterMs = 1000
/** An event during whose dispatch so many processes died is set aside. */
const maxDeaths = 3

const failed = 'the hub could not deliver this event to its subscribers; the log of the hub has the reason'
const deadly = `${maxDeaths} processes of the hub ended while they dispatched this event`

export function createDispatcher(deps: DispatchDeps & { readonly engine: Pick<Engine, 'executorId' | 'wake'> }): Dispatcher {
  const { db, engine, logger, metrics } = deps
  const { executorId } = engine
  /** The workspaces whose events this process dispatches. */
  const busy = new Set<string>()
  /** The workspaces whose events could not be dispatched a moment ago, until when they rest. */
  const resting = new Map<string, number>()
  /** One lane looks again soon for what other processes had claimed. */
  let lookedAgainAt = 0

  const unavailable = (): string[] => {
    for (const [workspaceId, until] of resting) if (until <= performance.now()) resting.delete(workspaceId)
    return [...busy, ...resting.keys()]
  }

  const deliverClaimed = async (claim: Claim, stopping?: AbortSignal): Promise<number> => {
    const [first] = claim.events
    if (claim.deaths >= maxDeaths) {
      logger.error({ event: first!.id }, 'an event was set aside, because several processes ended while they dispatched it')
      await setAside(deps, claim, deadly)
      return 1
    }
    try {
      const matched = await match(deps, claim.events, stopping)
      if (matched.done.length === 0) return 0
      await deliver(deps, claim, { matched, stopping })
      for (const { receivedAt } of matched.done) metrics.dispatchDelay.observe(Math.max(0, (Date.now() - receivedAt.getTime()) / 1000))
      return matched.done.length
    } catch (error) {
      if (error instanceof DispatchAgain || isPassing(error)) throw error
      if (error instanceof HubError && error.entry.retryable) {
        if (!stopping?.aborted)
          logger.warn({ err: error, workspaceId: claim.workspaceId }, 'events could not be dispatched now; trying again')
        resting.set(claim.workspaceId, performance.now() + restAfterMs)
        return 0
      }
      if (claim.events.length > 1) {
        // One of the events cannot be delivered. They are tried one at a time, to find which one.
        await giveBack(db.sql, claim, { alone: true })
        return 0
      }
      logger.error({ err: error, event: first!.id }, 'an event could not be delivered to its subscribers')
      await setAside(deps, claim, failed)
      return 1
    }
  }

  /** Undefined if there was nothing to claim. */
  const round = async (stopping?: AbortSignal): Promise<Round | undefined> => {
    const claim = await claimNext(db.sql, { executorId, busy: unavailable(), max: atOnce })
    if (!claim) return undefined
    const { workspaceId } = claim
    // Two rounds of this process may have claimed the same events.
    if (busy.has(workspaceId)) return { dispatched: 0, hasMore: true }
    busy.add(workspaceId)
    let dispatched = 0
    try {
      if (claim.hasOthers) engine.wake(dispatchPoller)
      dispatched = await deliverClaimed(claim, stopping)
      return { dispatched, hasMore: dispatched < claim.events.length || dispatched === atOnce || claim.alone }
    } catch (error) {
      if (error instanceof DispatchAgain) return { dispatched, hasMore: true }
      throw error
    } finally {
      if (dispatched === 0)
        await giveBack(db.sql, claim, { alone: false }).catch((error: unknown) =>
          logger.debug({ err: error, workspaceId }, 'a claim was not given back; the next round of this process takes it'),
        )
      busy.delete(workspaceId)
    }
  }

  const pauseMs = async (): Promise<number> => {
    const others = unavailable()
    if (resting.size > 0) return restAfterMs
    if (performance.now() - lookedAgainAt < retryMs || !(await isClaimedElsewhere(db.sql, others))) return everyMs
    lookedAgainAt = performance.now()
    return retryMs
  }

  return {
    poller: {
      name: dispatchPoller,
      restMs,
      lanes,
      async run(stopping) {
        const done = await round(stopping)
        if (!done) return pauseMs()
        metrics.eventsDispatched.inc(done.dispatched)
        return done.hasMore && !stopping.aborted ? 0 : restMs
      },
    },
    async drain() {
      let total = 0
      for (let done = await round(); done; done = await round()) total += done.dispatched
      return total
    },
  }
}
