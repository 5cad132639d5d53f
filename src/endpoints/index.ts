import type { Access } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import type { Engine, Poller } from '#engine'
import type { ReadEvent, Subscriber } from '#events'
import type { Expressions } from '#expressions'
import type { Egress } from '#http'
import { ttlCache } from '#lib/ttl-cache'
import { systemClock, type Clock } from '#lib/clock'
import type { EventPublisher } from '#events/publish'
import type { RetentionTask } from '#retention'
import type { Telemetry } from '#telemetry'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { createEndpoints, type Endpoints } from './endpoints.ts'
import { deliveryRetention } from './retention.ts'
import { createSend } from './send.ts'
import { createAttemptRecorder } from './record-attempt.ts'
import { createSubscriber } from './subscriber.ts'
import { createWorker, deliveryPoller } from './worker.ts'

export type { Deliveries, DeliveryDetail, ReplayRange, RetryRange } from './deliveries.ts'
export type { AttemptRow, DeliveryFilter, DeliveryRow } from './delivery-store.ts'
export type { EndpointRow } from './endpoint-store.ts'
export type { EndpointChanges, Endpoints, NewEndpointRequest, WithSecret } from './endpoints.ts'
export type { Sent } from './send.ts'
export type { SignatureKind } from './signing.ts'

/** Sends events to endpoints, signed, with retries. */
export interface Outbound extends AsyncDisposable {
  /** Receives the events for subscriptions of kind `endpoint`. */
  readonly subscriber: Subscriber
  readonly endpoints: Endpoints
  readonly deliveries: Deliveries
  /** Sends due deliveries. */
  readonly poller: Poller
  readonly retention: readonly RetentionTask[]
  /** Sends everything that is due and returns the number of attempts. For tests and benches. */
  drain(): Promise<number>
}

export interface OutboundDeps extends Telemetry {
  readonly db: Database
  readonly engine: Pick<Engine, 'wake'>
  readonly access: Access
  readonly credentials: Credentials
  readonly egress: Egress
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly read: ReadEvent
}

export interface OutboundOptions {
  /** The maximum of simultaneous attempts in this process. */
  readonly concurrency?: number
  readonly perEndpoint?: number
  readonly pollMs?: number
  /** How long a shutdown waits for running attempts. */
  readonly drainMs?: number
  readonly clock?: Clock
  readonly random?: () => number
}

const defaults = { concurrency: 64, perEndpoint: 8, pollMs: 500, drainMs: 25_000 }
const secretTtlMs = 500

export function createOutbound(
  deps: OutboundDeps,
  { clock = systemClock, random = Math.random, ...given }: OutboundOptions = {},
): Outbound {
  // Cached, because every attempt needs a secret and secrets seldom change.
  const secrets = ttlCache(
    secretTtlMs,
    (key: string) => {
      const [workspaceId = '', name = ''] = key.split('\n')
      return deps.credentials.read(workspaceId, name)
    },
    { now: clock.millis, version: deps.credentials.changes },
  )
  const credentials: Credentials = {
    ...deps.credentials,
    read: (workspaceId, name) => secrets.get(`${workspaceId}\n${name}`),
  }
  const send = createSend({ ...deps, credentials, clock })
  const recordAttempt = createAttemptRecorder({ ...deps, random })
  const worker = createWorker({ ...deps, clock, send, recordAttempt }, { ...defaults, ...given })
  const wake = (): void => deps.engine.wake(deliveryPoller)
  return {
    subscriber: createSubscriber({ ...deps, clock }),
    endpoints: createEndpoints({ ...deps, credentials, clock, send, wake }),
    deliveries: createDeliveries({ ...deps, clock, wake }),
    poller: worker.poller,
    retention: deliveryRetention(deps.db),
    drain: worker.drain,
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  }
}
