import type { Access } from '#access'
import type { Database, Transaction } from '#db'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { insertAttempt } from './delivery-store.ts'
import { lockEndpoint, lockFailing, updateEndpoint, updateSubscription, type EndpointRow } from './endpoint-store.ts'
import { endAttempt, releaseAll, releaseNext, type Claimed, type Ending } from './queue-store.ts'
import { delayAfter, failingMs, failuresInRow, pauseAfter, probeMs } from './schedule.ts'
import type { Sent } from './send.ts'

export interface RecorderDeps extends Pick<Telemetry, 'metrics' | 'logger' | 'notices' | 'sums'> {
  readonly db: Database
  readonly access: Access
  readonly publisher: EventPublisher
  readonly random: () => number
}

const actor = 'system:outbound'

/** Stores the result of an attempt in one transaction: the delivery's state and the endpoint's health. */
export type RecordAttempt = (delivery: Claimed, sent: Sent, now: number) => Promise<void>

interface Attempt {
  readonly delivery: Claimed
  readonly sent: Sent
  readonly now: number
}

export function createAttemptRecorder(deps: RecorderDeps): RecordAttempt {
  const { db, metrics, logger, notices, sums } = deps
  return async (delivery, sent, now) => {
    const record = sent.ok ? recordSuccess : recordFailure
    const { outcome, notes } = await db.transaction((trx) => record(deps, trx, { delivery, sent, now }))
    if (outcome !== undefined) {
      metrics.deliveries.inc({ outcome })
      notices.add(delivery.workspaceId, 'delivery', delivery.id)
      if (outcome === 'delivered') sums.count(delivery.workspaceId, 'deliveriesDelivered')
      if (outcome === 'dead') sums.count(delivery.workspaceId, 'deliveriesDead')
    }
    for (const note of notes) logger.warn({ endpoint: delivery.endpointId }, note)
  }
}

interface Recorded {
  /** Undefined if another process had claimed the delivery meanwhile. */
  readonly outcome: 'delivered' | 'failed' | 'dead' | undefined
  readonly notes: readonly string[]
}

async function recordSuccess(deps: RecorderDeps, trx: Transaction, attempt: Attempt): Promise<Recorded> {
  const { delivery, sent, now } = attempt
  const { id, workspaceId, endpointId } = delivery
  const failing = await lockFailing(trx, workspaceId, endpointId)
  const at = new Date(now)
  const ending = {
    status: 'delivered',
    nextAt: at,
    lastStatus: sent.status ?? null,
    lastError: null,
    finishedAt: at,
    uncounted: false,
  } as const
  if (!(await end(trx, attempt, ending))) return { outcome: undefined, notes: [] }
  if (delivery.orderKey !== null) await releaseNext(trx, delivery, at)
  if (!failing) return { outcome: 'delivered', notes: [] }
  const reenables = failing.disabledReason === 'failing'
  await updateEndpoint(trx, endpointId, {
    failingSince: null,
    consecutiveFailures: 0,
    pausedUntil: null,
    ...(reenables ? { enabled: true, disabledReason: null, disabledAt: null, probeAt: null } : {}),
  })
  if (!reenables) return { outcome: 'delivered', notes: [] }
  await releaseAll(trx, endpointId, at)
  const data = { endpoint: endpointId, delivery: id, failing_since: failing.failingSince?.toISOString() ?? null }
  await deps.publisher.publish(trx, [{ workspaceId, type: 'endpoint.healed', subject: endpointId, data }])
  await deps.access.audit.record(trx, { workspaceId, actor, action: 'endpoint.healed', subject: endpointId, detail: { delivery: id } })
  return { outcome: 'delivered', notes: ['an endpoint that was disabled for failing is enabled again, because it accepted a delivery'] }
}

async function recordFailure(deps: RecorderDeps, trx: Transaction, attempt: Attempt): Promise<Recorded> {
  const { delivery, sent, now } = attempt
  const { workspaceId, endpointId } = delivery
  const endpoint = await lockEndpoint(trx, workspaceId, endpointId)
  if (!endpoint) return { outcome: undefined, notes: [] }
  const counted = delivery.attempt - delivery.uncounted
  const delay = delayAfter(counted, deps.random)
  const disabling = disableReasonOf(endpoint, sent, now)
  // Deliveries to a disabled endpoint wait, and attempts made meanwhile do not count.
  const held = !endpoint.enabled || disabling !== undefined
  const status = held || delay !== undefined ? 'pending' : 'dead'
  const ending: Ending = {
    status,
    nextAt: new Date(held ? now : now + Math.max(delay ?? 0, sent.retryAfterMs ?? 0)),
    lastStatus: sent.status ?? null,
    lastError: sent.error ?? null,
    finishedAt: status === 'dead' ? new Date(now) : null,
    uncounted: held,
  }
  if (!(await end(trx, attempt, ending))) return { outcome: undefined, notes: [] }
  if (status === 'dead' && delivery.orderKey !== null) await releaseNext(trx, delivery, new Date(now))
  const outcome = status === 'dead' ? 'dead' : 'failed'
  // A failure inside the hub says nothing about the endpoint.
  if (!sent.asked) return { outcome, notes: [] }
  const pause = pauseAfter(sent.status, sent.retryAfterMs, delay ?? 0)
  const pausedUntil = pause === undefined ? undefined : new Date(Math.max(now + pause, endpoint.pausedUntil?.getTime() ?? 0))
  await updateEndpoint(trx, endpointId, {
    failingSince: endpoint.failingSince ?? new Date(now),
    consecutiveFailures: endpoint.consecutiveFailures + 1,
    pausedUntil,
  })
  if (disabling === undefined) return { outcome, notes: [] }
  await disable(deps, trx, { endpoint, reason: disabling, error: sent.error, now })
  return { outcome, notes: [`an endpoint was disabled: ${disabling}`] }
}

async function end(trx: Transaction, { delivery, sent }: Attempt, ending: Ending): Promise<boolean> {
  const mine = await endAttempt(trx, delivery, ending)
  if (!mine) return false
  const { at, ms, request, response = null, error = null } = sent
  await insertAttempt(trx, delivery.id, { number: delivery.attempt, at, ms, request, response, error })
  return true
}

function disableReasonOf(
  { enabled, failingSince, consecutiveFailures }: EndpointRow,
  { asked, status }: Sent,
  now: number,
): 'gone' | 'failing' | undefined {
  if (!enabled || !asked) return undefined
  if (status === 410) return 'gone'
  const lasts = failingSince !== null && now - failingSince.getTime() >= failingMs
  return lasts && consecutiveFailures + 1 >= failuresInRow ? 'failing' : undefined
}

async function disable(
  { publisher, access }: RecorderDeps,
  trx: Transaction,
  { endpoint, reason, error, now }: { endpoint: EndpointRow; reason: 'gone' | 'failing'; error: string | undefined; now: number },
): Promise<void> {
  const { id, workspaceId, failingSince, consecutiveFailures } = endpoint
  await updateEndpoint(trx, id, {
    enabled: false,
    disabledReason: reason,
    disabledAt: new Date(now),
    probeAt: reason === 'failing' ? new Date(now + probeMs) : null,
  })
  // A failing endpoint still collects deliveries for later; an endpoint that answered 410 does not.
  if (reason === 'gone') await updateSubscription(trx, id, { enabled: false })
  const data = {
    endpoint: id,
    reason,
    error,
    failing_since: failingSince?.toISOString() ?? null,
    failures: consecutiveFailures + 1,
  }
  await publisher.publish(trx, [{ workspaceId, type: 'endpoint.disabled', subject: id, data }])
  await access.audit.record(trx, {
    workspaceId,
    actor,
    action: 'endpoint.disabled',
    subject: id,
    detail: { reason, error: error ?? null },
  })
}
