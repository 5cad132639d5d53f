import { toCloudEvent, type HubEvent, deleteSubscriptions, insertSubscription } from '#events'
import { actorOf, type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import type { Expressions } from '#expressions'
import { hubError, type FieldError } from '#errors'
import type { EventPublisher } from '#events/publish'
import type { Egress } from '#http'
import type { Clock } from '#lib/clock'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import {
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  lockEndpoint,
  touchEndpoint,
  updateEndpoint,
  updateSubscription,
  type EndpointRow,
} from './endpoint-store.ts'
import { releaseAll } from './queue-store.ts'
import type { Send, Sent } from './send.ts'
import { secretsToStore, makeKey, readKey, type SignatureKind, type SigningKey } from './signing.ts'

export interface EndpointChanges {
  readonly url?: string | undefined
  readonly description?: string | null | undefined
  /** Types and patterns of the events that it gets. The default is all events. */
  readonly types?: readonly string[] | undefined
  /** JSONata over `{event}`. Only events for which it returns true are sent. */
  readonly filter?: string | null | undefined
  /** JSONata over `{event}`. Its result is sent instead of the CloudEvent. */
  readonly transform?: string | null | undefined
  readonly ordered?: boolean | undefined
  readonly enabled?: boolean | undefined
}

export interface NewEndpointRequest extends EndpointChanges {
  readonly url: string
  readonly signature?: SignatureKind | undefined
  /** The default is a generated secret. */
  readonly secret?: string | undefined
}

/** `secret` is set if the hub generated a secret that the receiver needs. It cannot be read again. */
export interface WithSecret {
  readonly endpoint: EndpointRow
  readonly secret: string | null
}

export interface Endpoints {
  list(workspaceId: string, page: { before?: string | undefined; limit: number }): Promise<EndpointRow[]>
  get(workspaceId: string, id: string): Promise<EndpointRow>
  create(principal: Principal, request: NewEndpointRequest): Promise<WithSecret>
  update(principal: Principal, id: string, changes: EndpointChanges): Promise<EndpointRow>
  remove(principal: Principal, id: string): Promise<void>
  /** Sets a new secret. The previous one also signs for another day. */
  rotateSecret(principal: Principal, id: string, secret?: string): Promise<WithSecret>
  /** Sends a `hub.test` event once and returns the result, which does not affect the endpoint's health. */
  sendTest(principal: Principal, id: string): Promise<Sent>
}

export interface EndpointsDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly egress: Pick<Egress, 'assertUrl'>
  readonly expressions: Pick<Expressions, 'check'>
  readonly publisher: Pick<EventPublisher, 'subscriptionsChanged'>
  readonly clock: Clock
  readonly send: Send
  readonly wake: () => void
}

/** Limited, because every event is compared with every endpoint of its workspace. */
const maxEndpoints = 500
const typeShape = /^(?:\*|[A-Za-z0-9][A-Za-z0-9_.:-]{0,198}(?:\.\*)?)$/

const credentialOf = (id: string): string => `endpoint-${id}`

export function createEndpoints({
  db,
  access,
  credentials,
  egress,
  expressions,
  publisher,
  clock,
  send,
  wake,
  logger,
}: EndpointsDeps): Endpoints {
  const get = async (workspaceId: string, id: string): Promise<EndpointRow> => {
    const row = await findEndpoint(db.sql, workspaceId, id)
    if (!row) throw hubError('not_found', { detail: `there is no endpoint "${id}" in this workspace` })
    return row
  }

  const check = (changes: EndpointChanges): void => {
    const errors: FieldError[] = []
    if (changes.url !== undefined) checkUrl(egress, changes.url, errors)
    if (changes.types?.length === 0) errors.push({ path: 'types', message: 'must name at least one type; "*" means all types' })
    for (const [index, type] of (changes.types ?? []).entries())
      if (!typeShape.test(type)) errors.push({ path: `types.${index}`, message: 'must be a type, a pattern such as github.*, or *' })
    for (const field of ['filter', 'transform'] as const) {
      const text = changes[field]
      if (typeof text === 'string') for (const { message } of expressions.check(text)) errors.push({ path: field, message })
    }
    if (errors.length > 0) throw hubError('invalid_input', { errors })
  }

  /** Changes an endpoint under its lock, writes the audit entry and returns the changed endpoint. */
  const change = async (
    principal: Principal,
    { id, action }: { id: string; action: string },
    work: (trx: Parameters<typeof lockEndpoint>[0], before: EndpointRow) => Promise<Record<string, unknown>>,
  ): Promise<EndpointRow> => {
    const { workspaceId } = principal
    return db.transaction(async (trx) => {
      const before = await lockEndpoint(trx, workspaceId, id)
      if (!before) throw hubError('not_found', { detail: `there is no endpoint "${id}" in this workspace` })
      const detail = await work(trx, before)
      await touchEndpoint(trx, id)
      publisher.subscriptionsChanged(trx, workspaceId)
      const after = await findEndpoint(trx, workspaceId, id)
      await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action, subject: id, detail })
      return after!
    })
  }

  return {
    get,
    list: (workspaceId, page) => listEndpoints(db.sql, workspaceId, page),

    async create(principal, request) {
      check(request)
      const { workspaceId } = principal
      const signature = request.signature ?? 'v1'
      const key = keyFor(signature, request.secret)
      const { types = ['*'], filter = null, ordered = false, enabled = true, transform = null, description = null } = request
      if ((await listEndpoints(db.sql, workspaceId, { limit: maxEndpoints })).length >= maxEndpoints)
        throw hubError('in_use', { detail: `a workspace has at most ${maxEndpoints} endpoints` })
      const id = newId('end')
      const credential = credentialOf(id)
      await credentials.set(principal, { name: credential, data: { secret: key.secret }, kind: 'endpoint' })
      try {
        const endpoint = await db.transaction(async (trx) => {
          const url = new URL(request.url).href
          const disabledReason = enabled ? null : ('user' as const)
          await insertEndpoint(trx, {
            id,
            workspaceId,
            url,
            description,
            transform,
            credential,
            signature,
            publicKey: key.publicKey,
            enabled,
            disabledReason,
          })
          await insertSubscription(trx, {
            id: newId('sub'),
            workspaceId,
            kind: 'endpoint',
            target: id,
            types,
            filter,
            ordered,
            detail: null,
          })
          if (!enabled) await updateSubscription(trx, id, { enabled: false })
          publisher.subscriptionsChanged(trx, workspaceId)
          const made = await findEndpoint(trx, workspaceId, id)
          const detail = { url: originOf(url), types, ordered, signature }
          await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'endpoint.created', subject: id, detail })
          return made!
        })
        return { endpoint, secret: secretToShow(signature, key, request.secret) }
      } catch (error) {
        await forget(principal, credential)
        throw error
      }
    },

    async update(principal, id, changes) {
      await get(principal.workspaceId, id)
      check(changes)
      const { description, transform, types, filter, ordered, enabled } = changes
      const url = changes.url === undefined ? undefined : new URL(changes.url).href
      const after = await change(principal, { id, action: 'endpoint.updated' }, async (trx, before) => {
        await updateEndpoint(trx, id, { url, description, transform })
        await updateSubscription(trx, id, {
          types,
          filter,
          ordered,
          // A failing endpoint still collects deliveries for later.
          ...(filter === undefined ? {} : { problem: null, enabled: before.enabled || before.disabledReason === 'failing' }),
        })
        if (enabled === false && before.disabledReason !== 'user') {
          await updateEndpoint(trx, id, { enabled, disabledReason: 'user', disabledAt: clock.now(), probeAt: null })
          await updateSubscription(trx, id, { enabled })
        }
        if (enabled === true) {
          // Enabling means that the problem is solved: failures are counted from zero, and waiting deliveries are sent.
          const well = {
            disabledReason: null,
            disabledAt: null,
            failingSince: null,
            consecutiveFailures: 0,
            pausedUntil: null,
            probeAt: null,
          }
          await updateEndpoint(trx, id, { enabled, ...well })
          await updateSubscription(trx, id, { enabled, problem: null })
          if (!before.enabled) await releaseAll(trx, id, clock.now())
        }
        return { changed: Object.keys(changes).filter((name) => changes[name as keyof EndpointChanges] !== undefined) }
      })
      if (enabled) wake()
      return after
    },

    async remove(principal, id) {
      const { workspaceId } = principal
      const { credential } = await get(workspaceId, id)
      await db.transaction(async (trx) => {
        const row = await lockEndpoint(trx, workspaceId, id)
        if (!row) throw hubError('not_found', { detail: `there is no endpoint "${id}" in this workspace` })
        await deleteSubscriptions(trx, 'endpoint', id)
        publisher.subscriptionsChanged(trx, workspaceId)
        await deleteEndpoint(trx, id)
        const detail = { url: originOf(row.url) }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'endpoint.deleted', subject: id, detail })
      })
      await forget(principal, credential)
    },

    async rotateSecret(principal, id, given) {
      const { workspaceId } = principal
      const { credential, signature } = await get(workspaceId, id)
      const key = keyFor(signature, given)
      const kept = await credentials.read(workspaceId, credential)
      await credentials.set(principal, { name: credential, data: secretsToStore(key.secret, kept, clock.millis()), kind: 'endpoint' })
      const endpoint = await change(principal, { id, action: 'endpoint.rotated' }, async (trx) => {
        await updateEndpoint(trx, id, { publicKey: key.publicKey })
        return { signature }
      })
      return { endpoint, secret: secretToShow(signature, key, given) }
    },

    async sendTest(principal, id) {
      const { workspaceId, url, credential, transform } = await get(principal.workspaceId, id)
      const event: HubEvent = {
        id: newId('evt'),
        workspaceId,
        type: 'hub.test',
        connector: 'hub',
        integrationId: null,
        integration: null,
        subject: id,
        data: { message: 'A test of this endpoint.', endpoint: id },
        receivedAt: clock.now(),
        replays: 0,
      }
      const sent = await send({ id: event.id, workspaceId, url, credential, transform, event: JSON.stringify(toCloudEvent(event)) })
      await db.transaction((trx) => {
        const detail = { ok: sent.ok, status: sent.status ?? null }
        return access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'endpoint.tested', subject: id, detail })
      })
      return sent
    },
  }

  async function forget(principal: Principal, credential: string): Promise<void> {
    await credentials
      .remove(principal, credential)
      .catch((error: unknown) => logger.warn({ err: error, name: credential }, 'the secret of a deleted endpoint could not be deleted'))
  }
}

function keyFor(kind: SignatureKind, given: string | undefined): SigningKey {
  if (given === undefined) return makeKey(kind)
  const key = readKey(kind, given)
  if (key) return key
  const message = kind === 'v1' ? 'must be whsec_ and 24 to 64 bytes in base64' : 'must be whsk_ and an ed25519 private key in base64'
  throw hubError('invalid_input', { errors: [{ path: 'secret', message }] })
}

/** Only a generated shared secret is shown. A private key is not needed outside, and a secret from the user is known. */
function secretToShow(kind: SignatureKind, { secret }: SigningKey, given: string | undefined): string | null {
  return kind === 'v1' && given === undefined ? secret : null
}

function checkUrl(egress: Pick<Egress, 'assertUrl'>, text: string, errors: FieldError[]): void {
  if (text.length > 2048 || !URL.canParse(text))
    return void errors.push({ path: 'url', message: 'must be an address of at most 2048 characters' })
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    errors.push({ path: 'url', message: 'must not hold a user name or a password: what is sent is signed instead' })
  if (url.hash !== '') errors.push({ path: 'url', message: 'must not have a fragment, which is never sent' })
  egress.assertUrl(url)
}

/** For the audit log. A path or a query may contain a secret, so they are left out. */
function originOf(url: string): string {
  return new URL(url).origin
}
