import { createThrottle, type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import type { Events } from '#events'
import type { Expressions } from '#expressions'
import type { Integrations } from '#integrations'
import type { Delivery } from '#kit'
import type { Telemetry } from '#telemetry'
import { createHooks } from './hooks.ts'
import type { Reader } from './reader.ts'
import { createReceive, type WebhookReply, type WebhookRequest } from './receive.ts'
import { createReconcile, type Reconcile } from './reconcile.ts'
import { createRejections } from './rejections.ts'
import type { Rejection } from './store.ts'
import { createTrial, type Trial } from './preview.ts'

export { createHookCheck } from './check.ts'
export { createReader, type Reader } from './reader.ts'
export type { WebhookReply, WebhookRequest } from './receive.ts'
export type { Rejection } from './store.ts'
export type { Trial } from './preview.ts'

export interface Webhooks extends AsyncDisposable {
  /** Throws while an address that failed too often is held up: before its body is read. */
  admit(address: string): Promise<void>
  receive(request: WebhookRequest): Promise<WebhookReply>
  rejections(principal: Principal, filter: { hook?: string | undefined; limit: number }): Promise<Rejection[]>
  /** Transformation and match without effect, on a sample or on a stored event. */
  trial(principal: Principal, integration: string, sample: Delivery | { readonly eventId: string }): Promise<Trial>
  readonly reconcile: Pick<Reconcile, 'run'>
  /** Begins to look for what was missed. */
  start(): void
}

export interface WebhooksDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly integrations: Integrations
  readonly events: Events
  readonly expressions: Expressions
  readonly reader: Reader
}

/** Refused deliveries per address and minute, before it has to wait: a secret that was mistyped makes a few. */
const refusals = 60

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const rejections = createRejections(deps)
  const throttle = createThrottle(refusals)
  const hooks = createHooks({ ...deps, workspaceIds: deps.access.workspaces.ids })
  const reconcile = createReconcile(deps)

  return {
    admit: throttle.check,
    receive: createReceive({ ...deps, hooks, rejections, reconcile, throttle, now: Date.now }),
    rejections: rejections.list,
    trial: createTrial(deps),
    reconcile,
    start: () => reconcile.start(),
    async [Symbol.asyncDispose]() {
      await reconcile[Symbol.asyncDispose]()
      await rejections[Symbol.asyncDispose]()
    },
  }
}
