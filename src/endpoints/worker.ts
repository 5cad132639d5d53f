import type { Database } from '#db'
import type { Engine, Poller } from '#engine'
import { HubError } from '#errors'
import { sleep, within, type Clock } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { insertAttempt } from './delivery-store.ts'
import { countEndpoints } from './endpoint-store.ts'
import { webhookId } from './message.ts'
import { claim, expireWaiting, dueDeliveries, dueProbes, release, postpone, type Candidate, type Claimed } from './queue-store.ts'
import { maxWaitMs, leaseMs, probeMs, timeoutMs } from './schedule.ts'
import type { Send, Sent } from './send.ts'
import type { RecordAttempt } from './record-attempt.ts'

export interface WorkerOptions {
  /** The maximum of simultaneous attempts. */
  readonly concurrency: number
  readonly perEndpoint: number
  readonly pollMs: number
  /** How long a shutdown waits for running attempts. */
  readonly drainMs: number
}

export interface Worker extends AsyncDisposable {
  readonly poller: Poller
  /** Sends everything that is due and returns the number of attempts. */
  drain(): Promise<number>
}

export interface WorkerDeps extends Telemetry {
  readonly db: Database
  readonly engine: Pick<Engine, 'wake'>
  readonly clock: Clock
  readonly send: Send
  readonly recordAttempt: RecordAttempt
}

/** The poller's name, by which a process that stored a delivery wakes it. */
export const deliveryPoller = 'deliveries'

/** An endpoint that failed or took longer than this gets one call at a time, so that it does not block places that others could use. */
const slowMs = 5000
// More than may be sent at once, because deliveries that wait for an earlier one are among them.
const candidatesPerEndpoint = 16
/** The pause while nothing is under way. Whoever stores a delivery wakes the poller; retries are due in seconds at the earliest. */
const idlePollMs = 1000
const probeEveryMs = 10_000
const blockedRetryMs = 1000
const postponeMs = 30_000
const expireEveryMs = 30_000
const expireBatch = 500

export function createWorker({ db, engine, clock, send, recordAttempt, logger, metrics }: WorkerDeps, options: WorkerOptions): Worker {
  const { concurrency, perEndpoint, pollMs, drainMs } = options
  const underWay = new Map<Promise<void>, string>()
  const slow = new Set<string>()
  const stopping = new AbortController()
  const cutting = new AbortController()
  let lastExpiry = Number.NEGATIVE_INFINITY
  let lastProbe = Number.NEGATIVE_INFINITY

  const inFlight = (): Map<string, number> => {
    const counts = new Map<string, number>()
    for (const endpointId of underWay.values()) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1)
    return counts
  }
  const limitOf = (endpointId: string): number => (slow.has(endpointId) ? 1 : perEndpoint)

  const attempt = async (delivery: Claimed): Promise<void> => {
    const { id, endpointId } = delivery
    let sent: Sent
    try {
      sent = await send({ ...delivery, id: webhookId(delivery) }, cutting.signal)
    } catch (error) {
      const later = cutting.signal.aborted ? 0 : postponeMs
      if (later > 0) logger.warn({ err: error, delivery: id }, 'a delivery could not be sent; trying again')
      metrics.deliveries.inc({ outcome: 'postponed' })
      await release(db.sql, delivery, new Date(clock.millis() + later)).catch((reason: unknown) =>
        logger.warn({ err: reason, delivery: id }, 'a delivery could not be released; it is sent again when its lease expires'),
      )
      return
    }
    if (sent.asked) metrics.deliveryDuration.observe(sent.ms / 1000)
    if (sent.asked && (!sent.ok || sent.ms > slowMs)) slow.add(endpointId)
    else slow.delete(endpointId)
    await record(delivery, sent)
  }

  /** Records the attempt and retries until shortly before the lease expires, because an unrecorded delivery is sent again. */
  const record = async (delivery: Claimed, sent: Sent): Promise<void> => {
    const until = Date.now() + leaseMs - 2 * timeoutMs
    for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
      try {
        return await recordAttempt(delivery, sent, clock.millis())
      } catch (error) {
        logger.warn({ err: error, delivery: delivery.id }, 'the result of a delivery could not be stored')
        if (error instanceof HubError && !error.entry.retryable) return
        if (Date.now() + pause > until || cutting.signal.aborted) return
        await sleep(pause, cutting.signal).catch(() => undefined)
      }
    }
  }

  const begin = async (claimed: readonly Claimed[]): Promise<void> => {
    for (const delivery of claimed) {
      const task: Promise<void> = attempt(delivery)
        .catch((error: unknown) => logger.error({ err: error, delivery: delivery.id }, 'a delivery failed because of an error in the hub'))
        .finally(() => {
          underWay.delete(task)
          engine.wake(deliveryPoller)
        })
      underWay.set(task, delivery.endpointId)
    }
    for (const { id, attempt, interrupted } of claimed) {
      if (interrupted === null) continue
      const at = new Date(interrupted.getTime() - leaseMs)
      const error = 'the process that sent this ended before it had an answer: it may or may not have arrived'
      await insertAttempt(db.sql, id, { number: attempt - 1, at, ms: 0, request: {}, response: null, error })
    }
  }

  const round = async (): Promise<{ begun: number; moved: number }> => {
    await expire()
    const free = concurrency - underWay.size
    if (free <= 0) return { begun: 0, moved: 0 }
    const now = clock.now()
    const until = new Date(now.getTime() + leaseMs)
    const probes = await probe(now, until)
    const counts = inFlight()
    const full = [...counts].filter(([id, count]) => count >= limitOf(id)).map(([id]) => id)
    const candidates = await dueDeliveries(db.sql, now, { full, perEndpoint: candidatesPerEndpoint })
    const waiting = candidates.flatMap(({ id, blocker }) => (blocker === null ? [] : [{ id, blocker }]))
    if (waiting.length > 0) await postpone(db.sql, waiting, new Date(now.getTime() + blockedRetryMs))
    const chosen = choose(candidates, (id) => limitOf(id) - (counts.get(id) ?? 0), free - probes.length)
    const claimed = chosen.length === 0 || stopping.signal.aborted ? [] : await claim(db.sql, chosen, { now, until, due: true })
    await begin(claimed)
    return { begun: probes.length + claimed.length, moved: waiting.length }
  }

  const probe = async (now: Date, until: Date): Promise<Claimed[]> => {
    if (now.getTime() - lastProbe < probeEveryMs) return []
    lastProbe = now.getTime()
    const probes = await db.transaction(async (trx) => {
      const ids = await dueProbes(trx, now, new Date(now.getTime() + probeMs))
      return ids.length === 0 ? [] : claim(trx, ids, { now, until, due: false })
    })
    await begin(probes)
    return probes
  }

  const expire = async (): Promise<void> => {
    const now = clock.millis()
    if (now - lastExpiry < expireEveryMs) return
    lastExpiry = now
    const before = new Date(now - maxWaitMs)
    let count = 0
    do count = await expireWaiting(db.sql, { before, now: new Date(now), max: expireBatch })
    while (count === expireBatch && !stopping.signal.aborted)
    for (const [state, number] of Object.entries(await countEndpoints(db.sql, new Date(now)))) metrics.endpoints.set({ state }, number)
  }

  return {
    poller: {
      name: deliveryPoller,
      async run() {
        const { begun, moved } = await round()
        if (begun + moved > 0) return 0
        return underWay.size > 0 ? pollMs : idlePollMs
      },
    },
    async drain() {
      let total = 0
      for (;;) {
        const { begun, moved } = await round()
        total += begun
        if (underWay.size > 0) await Promise.race(underWay.keys())
        else if (begun + moved === 0) return total
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      const all = Promise.all(underWay.keys())
      if ((await within(drainMs, all, 'late')) === 'late') {
        cutting.abort()
        await all
      }
    },
  }
}

/** Takes one delivery of each endpoint in turn, so that an endpoint with many waiting deliveries gets no more places than others. */
function choose(candidates: readonly Candidate[], freeOf: (endpointId: string) => number, free: number): string[] {
  const byEndpoint = Map.groupBy(
    candidates.filter(({ blocker }) => blocker === null),
    ({ endpointId }) => endpointId,
  )
  const ranked = [...byEndpoint].flatMap(([endpointId, list]) =>
    list
      .toSorted((a, b) => a.nextAt.getTime() - b.nextAt.getTime())
      .slice(0, Math.max(0, freeOf(endpointId)))
      .map(({ id, nextAt }, turn) => ({ id, nextAt: nextAt.getTime(), turn })),
  )
  return ranked
    .toSorted((a, b) => a.turn - b.turn || a.nextAt - b.nextAt)
    .slice(0, Math.max(0, free))
    .map(({ id }) => id)
}
