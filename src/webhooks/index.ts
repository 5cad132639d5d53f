import { createThrottle, type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import type { Poller } from '#engine'
import type { Events } from '#events'
import type { Expressions } from '#expressions'
import type { Integrations } from '#integrations'
import { daysAgo } from '#lib/clock'
import type { RetentionTask } from '#retention'
import type { Telemetry } from '#telemetry'
import { createHooks } from './hooks.ts'
import type { Reader } from './reader.ts'
import { createReceive, type WebhookReply, type WebhookRequest } from './receive.ts'
import { createReconcile, type Reconcile } from './reconcile.ts'
import { createRejections } from './rejections.ts'
import { deleteRejections, type Rejection } from './store.ts'
import { createPreview, type Preview, type Sample } from './preview.ts'
import { createSendSample } from './samples.ts'

export { createHookCheck } from './check.ts'
export { createReader, type Reader } from './reader.ts'
export type { WebhookReply, WebhookRequest } from './receive.ts'
export type { Rejection } from './store.ts'
export type { Preview } from './preview.ts'

export interface Webhooks extends AsyncDisposable {
  /**
   * Called before the body is read. Throws if there is no such hook, or while the address is throttled because it failed too often. Returns how
   * many bytes the body may have.
   */
  admit(hook: string, address: string): Promise<number>
  receive(request: WebhookRequest): Promise<WebhookReply>
  rejections(principal: Principal, filter: { hook?: string | undefined; limit: number }): Promise<Rejection[]>
  /** Shows what a sample, a stored event or the last delivery would become and which subscriptions it would match, and stores nothing. */
  preview(principal: Principal, integration: string, sample: Sample): Promise<Preview>
  /**
   * Sends a sample of this type of event, or the connector's first one: signed with the integration's secret and through every check, so its
   * event starts what a real one does.
   */
  sendSample(principal: Principal, integration: string, type: string | undefined): Promise<{ readonly eventId: string }>
  /** The secret with which an integration's deliveries are signed; undefined if it has none. */
  secretOf(integrationId: string): Promise<string | undefined>
  /** Whether deliveries of this integration can be verified. */
  hasSecret(integrationId: string): Promise<boolean>
  /** The integrations and credentials with a secret that is shorter than new ones may be. */
  withShortSecrets(): Promise<string[]>
  readonly reconcile: Pick<Reconcile, 'run'>
  readonly pollers: readonly Poller[]
  readonly retention: readonly RetentionTask[]
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

/** Refused deliveries per address and minute before it is throttled. A mistyped secret causes a few. */
const refusals = 60

const rejectionDays = 7

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const rejections = createRejections(deps)
  const throttle = createThrottle(refusals)
  const hooks = createHooks({ ...deps, workspaceIds: deps.access.workspaces.ids })
  const reconcile = createReconcile(deps)

  const { admit, receive, accept } = createReceive({ ...deps, hooks, rejections, reconcile, throttle, now: Date.now })
  const secretOf = async (id: string): Promise<string | undefined> =>
    (await hooks.findFresh(id))?.signers.flatMap(({ candidates }) => candidates).find(({ integration }) => integration?.id === id)?.secret

  return {
    admit,
    receive,
    rejections: rejections.list,
    preview: createPreview(deps),
    sendSample: createSendSample({ ...deps, hooks, accept }),
    secretOf,
    hasSecret: async (id) => (await secretOf(id)) !== undefined,
    reconcile,
    withShortSecrets: hooks.withShortSecrets,
    pollers: [reconcile.poller],
    retention: [{ of: 'hub', drop: (max) => deleteRejections(deps.db.sql, daysAgo(rejectionDays), max) }],
    [Symbol.asyncDispose]: () => rejections[Symbol.asyncDispose](),
  }
}
