import type { Access } from '#access'
import type { Database, Transaction } from '#db'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { insertAttempt } from './delivery-store.ts'
import { lockEndpoint, lockUnwell, updateEndpoint, updateSubscription, type EndpointRow } from './endpoint-store.ts'
import { endAttempt, releaseAll, releaseNext, type Claimed, type Ending } from './queue-store.ts'
import { delayAfter, failingMs, failuresInRow, pauseAfter, probeMs } from './schedule.ts'
import type { Sent } from './send.ts'

export interface SettleDeps extends Pick<Telemetry, 'metrics' | 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly publisher: EventPublisher
  readonly random: () => number
}

const actor = 'system:outbound'

/** Writes down what became of an attempt: of the delivery, and of the endpoint's health, in one transaction. */
export type Settle = (delivery: Claimed, sent: Sent, now: number) => Promise<void>

export function createSettle(deps: SettleDeps): Settle {
  const { db, metrics, logger } = deps
  return async (delivery, sent, now) => {
    const { outcome, notes } = await db.transaction((trx) =>
      sent.ok ? succeed(deps, trx, delivery, sent, now) : falter(deps, trx, delivery, sent, now),
    )
    if (outcome !== undefined) metrics.deliveries.inc({ outcome })
    for (const note of notes) logger.warn({ endpoint: delivery.endpointId }, note)
  }
}

interface Settled {
  /** Undefined when the delivery was another's by then. */
  readonly outcome: 'delivered' | 'failed' | 'dead' | undefined
  readonly notes: readonly string[]
}

async function succeed(deps: SettleDeps, trx: Transaction, delivery: Claimed, sent: Sent, now: number): Promise<Settled> {
  const { id, workspaceId, endpointId } = delivery
  const unwell = await lockUnwell(trx, workspaceId, endpointId)
  const at = new Date(now)
  const ending = {
    status: 'delivered',
    nextAt: at,
    lastStatus: sent.status ?? null,
    lastError: null,
    finishedAt: at,
    uncounted: false,
  } as const
  if (!(await end(trx, delivery, sent, ending))) return { outcome: undefined, notes: [] }
  if (delivery.orderKey !== null) await releaseNext(trx, delivery, at)
  if (!unwell) return { outcome: 'delivered', notes: [] }
  const heals = unwell.disabledReason === 'failing'
  await updateEndpoint(trx, endpointId, {
    failingSince: null,
    consecutiveFailures: 0,
    pausedUntil: null,
    ...(heals ? { enabled: true, disabledReason: null, disabledAt: null, probeAt: null } : {}),
  })
  if (!heals) return { outcome: 'delivered', notes: [] }
  await releaseAll(trx, endpointId, at)
  const data = { endpoint: endpointId, delivery: id, failing_since: unwell.failingSince?.toISOString() ?? null }
  await deps.publisher.publish(trx, [{ workspaceId, type: 'endpoint.healed', subject: endpointId, data }])
  await deps.access.audit.record(trx, { workspaceId, actor, action: 'endpoint.healed', subject: endpointId, detail: { delivery: id } })
  return { outcome: 'delivered', notes: ['an endpoint that was disabled for failing answers again'] }
}

async function falter(deps: SettleDeps, trx: Transaction, delivery: Claimed, sent: Sent, now: number): Promise<Settled> {
  const { workspaceId, endpointId } = delivery
  const endpoint = await lockEndpoint(trx, workspaceId, endpointId)
  if (!endpoint) return { outcome: undefined, notes: [] }
  const counted = delivery.attempt - delivery.uncounted
  const delay = delayAfter(counted, deps.random)
  const disabling = whyDisable(endpoint, sent, now)
  // What goes to a disabled endpoint waits, and does not get nearer to its end by being tried.
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
  if (!(await end(trx, delivery, sent, ending))) return { outcome: undefined, notes: [] }
  if (status === 'dead' && delivery.orderKey !== null) await releaseNext(trx, delivery, new Date(now))
  const outcome = status === 'dead' ? 'dead' : 'failed'
  // A failure of our own making says nothing about the endpoint.
  if (!sent.asked) return { outcome, notes: [] }
  const pause = pauseAfter(sent.status, sent.retryAfterMs, delay ?? 0)
  const pausedUntil = pause === undefined ? undefined : new Date(Math.max(now + pause, endpoint.pausedUntil?.getTime() ?? 0))
  await updateEndpoint(trx, endpointId, {
    failingSince: endpoint.failingSince ?? new Date(now),
    consecutiveFailures: endpoint.consecutiveFailures + 1,
    pausedUntil,
  })
  if (disabling === undefined) return { outcome, notes: [] }
  await disable(deps, trx, endpoint, disabling, sent, now)
  return { outcome, notes: [`an endpoint was disabled: ${disabling}`] }
}

async function end(trx: Transaction, delivery: Claimed, sent: Sent, ending: Ending): Promise<boolean> {
  const mine = await endAttempt(trx, delivery, ending)
  if (!mine) return false
  const { at, ms, request, response = null, error = null } = sent
  await insertAttempt(trx, delivery.id, { number: delivery.attempt, at, ms, request, response, error })
  return true
}

function whyDisable(
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
  { publisher, access }: SettleDeps,
  trx: Transaction,
  { id, workspaceId, failingSince, consecutiveFailures }: EndpointRow,
  reason: 'gone' | 'failing',
  sent: Sent,
  now: number,
): Promise<void> {
  await updateEndpoint(trx, id, {
    enabled: false,
    disabledReason: reason,
    disabledAt: new Date(now),
    probeAt: reason === 'failing' ? new Date(now + probeMs) : null,
  })
  // One that is tried again later goes on collecting what it will get then; one that is gone does not.
  if (reason === 'gone') await updateSubscription(trx, id, { enabled: false })
  const data = {
    endpoint: id,
    reason,
    error: sent.error,
    failing_since: failingSince?.toISOString() ?? null,
    failures: consecutiveFailures + 1,
  }
  await publisher.publish(trx, [{ workspaceId, type: 'endpoint.disabled', subject: id, data }])
  await access.audit.record(trx, {
    workspaceId,
    actor,
    action: 'endpoint.disabled',
    subject: id,
    detail: { reason, error: sent.error ?? null },
  })
}
