import { actorOf, type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import { hubError } from '#errors'
import type { Connector, CredentialValues, EnvironmentVariables } from '#kit'
import type { HttpRuntime } from '#http'
import { coalesce } from '#lib/coalesce'
import { sha256 } from '#lib/canonical'
import { newId } from '#lib/ids'
import { nearest } from '#lib/nearest'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createCallers, type Caller, type Scope } from './connection.ts'
import { createGates } from './limits.ts'
import { createHealth, type Health } from './health.ts'
import { createPresets } from './auto-discovery.ts'
import {
  deleteIntegration,
  findForHook,
  findIntegration,
  insertIntegration,
  listIntegrations,
  updateIntegration,
  type IntegrationOrigin,
  type IntegrationRow,
} from './store.ts'
import { authMethodOf, checkConfig, credentialDataOf, type CheckConfig, type CredentialInput } from './validate.ts'

export type { Caller } from './connection.ts'
export type { IntegrationRow } from './store.ts'
export type { CredentialInput } from './validate.ts'

export interface NewIntegrationRequest {
  readonly name?: string | undefined
  readonly connector: string
  readonly authType?: string | undefined
  /** A stored credential by name, or the values of a new one. */
  readonly credential?: CredentialInput | undefined
  readonly config?: Record<string, unknown> | undefined
  readonly enabled?: boolean | undefined
}

export interface IntegrationChanges {
  readonly name?: string | undefined
  readonly authType?: string | undefined
  readonly credential?: CredentialInput | undefined
  readonly config?: Record<string, unknown> | undefined
  readonly enabled?: boolean | undefined
  readonly status?: 'active' | 'inactive' | undefined
}

export interface Integrations extends AsyncDisposable {
  readonly connectors: readonly Connector[]
  connector(name: string): Connector
  list(workspaceId: string): Promise<IntegrationRow[]>
  /** By id or unique name; `integration_unknown` when there is none. */
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  /** The same, or undefined. */
  find(workspaceId: string, ref: string): Promise<IntegrationRow | undefined>
  create(principal: Principal, request: NewIntegrationRequest): Promise<IntegrationRow>
  update(principal: Principal, ref: string, changes: IntegrationChanges): Promise<IntegrationRow>
  remove(principal: Principal, ref: string): Promise<void>
  /** The one that a call of this connector is meant for: the one named, or the only one enabled. */
  choose(workspaceId: string, connector: Connector, ref: string | undefined): Promise<IntegrationRow>
  /** Opens the credential and makes what an action runs with. */
  caller(integration: IntegrationRow | undefined, connector: Connector, scope: Scope): Promise<Caller>
  /** Proves the credential with a cheap call, and counts the outcome. */
  test(principal: Principal, ref: string): Promise<{ ok: boolean; account?: string; ms: number; error?: Record<string, unknown> }>
  /** Those that a hook of this id, name or connector may mean, in all workspaces. */
  forHook(ref: string): Promise<IntegrationRow[]>
  readonly health: Health
}

export interface IntegrationsDeps extends Telemetry {
  readonly db: Database
  readonly publisher: EventPublisher
  readonly access: Access
  readonly credentials: Credentials
  readonly http: Omit<HttpRuntime, 'measure' | 'log' | 'etags'>
}

export interface IntegrationsOptions {
  readonly connectors: readonly Connector[]
  /** The outside systems' own variables, which make integrations by being set. */
  readonly environment: EnvironmentVariables
  readonly ratePerMinute: number
  readonly check?: CheckConfig
}

export async function createIntegrations(deps: IntegrationsDeps, options: IntegrationsOptions): Promise<Integrations> {
  const { db, access, credentials } = deps
  const { check = () => [] } = options
  const byName = new Map(
    options.connectors.flatMap((connector) => [connector.name, ...connector.aliases].map((name) => [name, connector] as const)),
  )
  const gates = createGates(db, deps)
  const callers = createCallers(deps, gates, options.ratePerMinute)
  const health = createHealth({ ...deps, onDisabled: (integration) => callers.changed(integration) })

  const connector = (name: string): Connector => {
    const found = byName.get(name)
    if (!found) {
      const like = nearest(name, byName.keys(), 3)
      throw hubError('invalid_input', {
        errors: [{ path: 'integration_type', message: `"${name}" is not a connector; the nearest: ${like.join(', ')}` }],
      })
    }
    return found
  }

  const get = async (workspaceId: string, ref: string): Promise<IntegrationRow> => {
    const row = await findIntegration(db.sql, workspaceId, ref)
    if (row) return row
    await presets.discover(workspaceId)
    const discovered = await findIntegration(db.sql, workspaceId, ref)
    if (!discovered) throw hubError('integration_unknown', { detail: `there is no integration "${ref}" in this workspace` })
    return discovered
  }

  const insert = async (
    workspaceId: string,
    actor: string,
    row: {
      name: string
      connector: Connector
      authType: string
      credential: string | null
      config: Record<string, unknown>
      enabled: boolean
      origin: IntegrationOrigin
      webhookCredential: string | null
    },
  ): Promise<IntegrationRow | undefined> => {
    const made = await db.transaction(async (trx) => {
      const made = await insertIntegration(trx, { ...row, id: newId('int'), workspaceId, connector: row.connector.name })
      if (!made) return undefined
      const detail = { name: made.name, connector: made.connector, origin: row.origin }
      await access.audit.record(trx, { workspaceId, actor, action: 'integration.created', subject: made.id, detail })
      return made
    })
    if (made) callers.changed(made)
    return made
  }

  const presets = createPresets({ db, credentials, access, insert }, options)

  /** The credential's name; values given inline become a credential of the integration's own. */
  const keepCredential = async (
    principal: Principal,
    integrationName: string,
    known: Connector,
    authType: string,
    input: CredentialInput | undefined,
  ): Promise<string | null> => {
    const method = authMethodOf(known, authType)
    if (typeof input === 'string') {
      const values = await credentials.read(principal.workspaceId, input)
      if (!values) throw hubError('credential_missing', { detail: `there is no credential "${input}"`, hint: known.connect })
      credentialDataOf(method, values)
      return input
    }
    if (input === undefined) {
      credentialDataOf(method, {})
      return null
    }
    const name = `integration-${plainName(integrationName)}`
    await credentials.set(principal, name, credentialDataOf(method, input), known.name)
    return name
  }

  /** `webhook_secret` may stand in the config, as people expect it there; it is kept as a credential, the one before it beside it. */
  const keepWebhookSecret = async (
    principal: Principal,
    integrationName: string,
    known: Connector,
    config: Record<string, unknown> | undefined,
    had: string | null,
  ): Promise<string | null> => {
    const secret = config?.['webhook_secret']
    if (secret === undefined) return had
    if (typeof secret !== 'string' || secret.length < 8 || !known.webhook)
      throw hubError('invalid_input', {
        errors: [
          {
            path: 'config.webhook_secret',
            message: known.webhook ? 'must be a text of 8 characters or more' : `${known.title} sends no webhooks`,
          },
        ],
      })
    const name = had ?? `webhook-${plainName(integrationName)}`
    const before = had === null ? undefined : (await credentials.read(principal.workspaceId, had))?.['token']
    const previous = before === undefined || before === secret ? {} : { previous: before }
    await credentials.set(principal, name, { token: secret, ...previous }, known.name)
    return name
  }

  await presets.fromEnvironment()

  // Callers who ask at the same time share one read.
  const listShared = coalesce((workspaceId: string) => listIntegrations(db.sql, workspaceId))

  return {
    connectors: options.connectors,
    connector,
    health,
    get,
    find: (workspaceId, ref) => findIntegration(db.sql, workspaceId, ref),
    async list(workspaceId) {
      await presets.discover(workspaceId)
      return listShared(workspaceId)
    },

    async create(principal, request) {
      const known = connector(request.connector)
      const name = request.name ?? known.name
      const authType = request.authType ?? guessAuthType(known, request.credential)
      const { webhook_secret: _, ...plainConfig } = request.config ?? {}
      const config = checkConfig(known, plainConfig, check)
      const taken = await findIntegration(db.sql, principal.workspaceId, name)
      if (taken) throw hubError('already_exists', { detail: `there is an integration "${name}" already`, hint: 'PATCH changes it' })
      const credential = await keepCredential(principal, name, known, authType, request.credential)
      const webhookCredential = await keepWebhookSecret(principal, name, known, request.config, null)
      const made = await insert(principal.workspaceId, actorOf(principal), {
        name,
        connector: known,
        authType,
        credential,
        config,
        enabled: request.enabled ?? true,
        origin: 'user',
        webhookCredential,
      })
      if (!made) throw hubError('already_exists', { detail: `there is an integration "${name}" already` })
      return made
    },

    async update(principal, ref, changes) {
      const row = await get(principal.workspaceId, ref)
      const known = connector(row.connector)
      const authType = changes.authType ?? row.authType
      const { webhook_secret: _, ...plainConfig } = changes.config ?? {}
      const config = changes.config === undefined ? undefined : checkConfig(known, plainConfig, check)
      const webhookCredential = await keepWebhookSecret(principal, row.name, known, changes.config, row.webhookCredential)
      const credential =
        changes.credential === undefined
          ? undefined
          : await keepCredential(principal, changes.name ?? row.name, known, authType, changes.credential)
      const enabled = changes.enabled ?? (changes.status === undefined ? undefined : changes.status === 'active')
      const updated = await db.transaction(async (trx) => {
        const after = await updateIntegration(trx, row.id, {
          ...(changes.name === undefined ? {} : { name: changes.name }),
          ...(changes.authType === undefined ? {} : { authType }),
          ...(credential === undefined ? {} : { credential }),
          ...(config === undefined ? {} : { config }),
          ...(webhookCredential === null ? {} : { webhookCredential }),
          // Whoever switches it on means that the trouble is over: the count begins anew.
          ...(enabled === undefined
            ? {}
            : { enabled, status: enabled ? ('active' as const) : ('inactive' as const), consecutiveErrors: 0 }),
        })
        const detail = {
          name: row.name,
          changed: Object.keys(changes).filter((key) => changes[key as keyof IntegrationChanges] !== undefined),
        }
        await access.audit.record(trx, {
          workspaceId: row.workspaceId,
          actor: actorOf(principal),
          action: 'integration.updated',
          subject: row.id,
          detail,
        })
        return after!
      })
      callers.changed(row)
      return updated
    },

    async remove(principal, ref) {
      const row = await get(principal.workspaceId, ref)
      await db.transaction(async (trx) => {
        await deleteIntegration(trx, row.id)
        const detail = { name: row.name, connector: row.connector }
        await access.audit.record(trx, {
          workspaceId: row.workspaceId,
          actor: actorOf(principal),
          action: 'integration.deleted',
          subject: row.id,
          detail,
        })
      })
      callers.changed(row)
      gates.forget(row.id)
    },

    forHook: (ref) => findForHook(db.sql, ref, byName.get(ref)?.name),

    choose: (workspaceId, known, ref) => callers.choose(workspaceId, known, ref, () => presets.discover(workspaceId)),
    caller: (integration, known, scope) => callers.open(integration, known, scope),

    async test(principal, ref) {
      const row = await get(principal.workspaceId, ref)
      return callers.test(row, connector(row.connector), health)
    },

    async [Symbol.asyncDispose]() {
      await callers[Symbol.asyncDispose]()
      await health[Symbol.asyncDispose]()
    },
  }
}

function guessAuthType(known: Connector, credential: CredentialInput | undefined): string {
  const values = typeof credential === 'object' ? credential : undefined
  const fitting = values && known.auth.find((method) => credentialFits(method, values))
  return (fitting ?? known.auth[0])!.type
}

function credentialFits(method: Connector['auth'][number], values: CredentialValues): boolean {
  try {
    credentialDataOf(method, values)
    return Object.keys(method.fields.shape).length > 0
  } catch {
    return false
  }
}

/** An integration's name as part of a credential's. Two names that only differ in signs must not share a credential. */
function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 70)
  return plain === name ? plain : `${plain}-${sha256(name).slice(0, 12)}`
}
