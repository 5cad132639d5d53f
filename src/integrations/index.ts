import { actorOf, type Access, type Principal } from '#access'
import type { Credentials } from '#credentials'
import type { Database } from '#db'
import { hubError } from '#errors'
import type { Connector, CredentialValues } from '#kit'
import type { HttpRuntime } from '#http'
import { digest } from '#lib/canonical'
import { coalesce } from '#lib/coalesce'
import { newId } from '#lib/ids'
import { nearest } from '#lib/nearest'
import type { OAuth } from '#oauth'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createChooser } from './choose.ts'
import { createConnections, type Connection, type ConnectionScope } from './connection.ts'
import { createRateLimiters } from './limits.ts'
import { createHealth, type Health } from './health.ts'
import { createAutoDiscovery } from './auto-discovery.ts'
import { createHomeEnvironment } from './environment.ts'
import { createOwnCredentials, guessAuthType, type Owner } from './own-credentials.ts'
import { createOAuthClients } from './oauth/clients.ts'
import { createConnecting, type Connecting } from './oauth/connecting.ts'
import { connectionOf } from './oauth/connection-state.ts'
import { createConnectLinks, type ConnectLinks } from './oauth/links.ts'
import { createLost } from './oauth/lost.ts'
import { createOwnPlaceCheck } from './oauth/own-place.ts'
import { createRenewableTokens } from './oauth/renewable-tokens.ts'
import { createStoreGrant } from './oauth/store-grant.ts'
import { createTakeBack } from './oauth/take-back.ts'
import { createPlaceCheck } from './pairing.ts'
import { connectorIn, type Reference } from './reference.ts'
import type { IntegrationChanges, IntegrationsOptions, NewIntegrationRequest } from './types.ts'
import { testConnection, type ConnectionTest } from './test-connection.ts'
import {
  beginWebhookSetup,
  deleteIntegration,
  endWebhookSetup,
  findForHook,
  findIntegration,
  insertIntegration,
  integrationsInUse,
  listIntegrations,
  workspacesToMove,
  type IntegrationRow,
  type NewIntegration,
} from './store.ts'
import { assertNameFree, assertUserFree, createUpdate, nameTaken } from './update.ts'
import { requireLongSecrets, webhookFieldsOf } from './webhook-secrets.ts'
import { authMethodOf, checkConfig } from './validate.ts'

export type { CallProgress, Connection } from './connection.ts'
export { withFlatSettings } from './flat-settings.ts'
export type { IntegrationRow } from './store.ts'
export type { IntegrationChanges, NewIntegrationRequest } from './types.ts'
export { shortestWebhookSecret } from './webhook-secrets.ts'
export type { ConnectRequest, Connecting } from './oauth/connecting.ts'
export type { ConnectLinks } from './oauth/links.ts'
export type { CredentialInput } from './validate.ts'

export interface Integrations extends AsyncDisposable {
  readonly connectors: readonly Connector[]
  /** By name or alias, in any case; `invalid_input` when there is none. */
  connector(name: string): Connector
  /** The same, or undefined. */
  findConnector(name: string): Connector | undefined
  list(workspaceId: string): Promise<IntegrationRow[]>
  /** By id, unique name or number; `integration_unknown` when there is none. */
  get(workspaceId: string, ref: string): Promise<IntegrationRow>
  /** The same, or undefined. */
  seek(workspaceId: string, ref: string): Promise<IntegrationRow | undefined>
  /** One that exists already: none is created from a credential with a well-known name. */
  find(workspaceId: string, ref: string): Promise<IntegrationRow | undefined>
  create(principal: Principal, request: NewIntegrationRequest): Promise<IntegrationRow>
  update(principal: Principal, ref: string, changes: IntegrationChanges): Promise<IntegrationRow>
  remove(principal: Principal, ref: string): Promise<void>
  /** The integration that a call means: the one it names, or the only one of the connector that is enabled. */
  choose(workspaceId: string, connector: Connector, ref: string | undefined): Promise<IntegrationRow>
  /** The names of the connectors of which the workspace has an enabled integration; read at most half a second ago. */
  usable(workspaceId: string): Promise<ReadonlySet<string>>
  /** The topics of a message bus that integrations receive, in all workspaces. */
  consuming(): Promise<readonly ConsumedTopic[]>
  /** Digests of the settings and of the version of the credential with which calls of an integration are made. */
  stateOf(integration: IntegrationRow): Promise<{ readonly config: string; readonly credential: string | null }>
  /** Opens the credential, and returns what an action works with. */
  connect(integration: IntegrationRow | undefined, connector: Connector, scope: ConnectionScope): Promise<Connection>
  /** Tests the credential with a cheap call, and counts the outcome. */
  test(principal: Principal, ref: string): Promise<ConnectionTest>
  /** The integrations that a webhook path may mean, by id, name or connector, in all workspaces. */
  forHook(ref: string): Promise<IntegrationRow[]>
  /** The secret for webhooks of a connector that the environment names, in the workspace that the environment describes. */
  webhookSecret(workspaceId: string, connector: Connector): string | undefined
  /** Runs the set-up of an integration's webhook, one at a time: two at once would make two webhooks. */
  settingUpWebhook<T>(integration: Pick<IntegrationRow, 'id' | 'name'>, work: () => Promise<T>): Promise<T>
  /** Counts the changes that this process made: what was read under an earlier count may be out of date. */
  changes(): number
  /** Refuses values of a credential that are secrets of webhooks and too short. */
  requireLongSecrets(workspaceId: string, credential: { readonly name: string; readonly data: CredentialValues }): Promise<void>
  readonly health: Health
  /** The redirect URL that the environment names for an application of one's own that connects this connector. */
  redirectOf(connector: Connector): string | undefined
  /** The integration of the connector that a person connects: the one of its name, which is made if it does not exist. */
  forConnecting(principal: Principal, connector: Connector): Promise<IntegrationRow>
  readonly connecting: Connecting
  readonly links: ConnectLinks
}

export interface ConsumedTopic {
  readonly workspaceId: string
  readonly integration: { readonly id: string; readonly name: string }
  readonly connector: string
  readonly topic: string
  readonly event: string
}

export interface IntegrationsDeps extends Telemetry {
  readonly db: Database
  readonly publisher: EventPublisher
  readonly access: Access
  readonly credentials: Credentials
  readonly oauth: OAuth
  readonly http: Omit<HttpRuntime, 'measure' | 'log' | 'etags'>
}

export async function createIntegrations(deps: IntegrationsDeps, options: IntegrationsOptions): Promise<Integrations> {
  const { db, access, credentials } = deps
  const { check = () => [] } = options
  const byName = new Map(
    options.connectors.flatMap((connector) => [connector.name, ...connector.aliases].map((name) => [name, connector] as const)),
  )
  const rateLimiters = createRateLimiters(db, deps)
  const environment = createHomeEnvironment((await access.workspaces.find({ name: 'default' }))?.id, options.environment)
  const clients = createOAuthClients({ credentials, environment, variables: options.environment })
  const requireOwnPlace = createOwnPlaceCheck(clients)
  const { refresher } = deps.oauth
  const renewableTokens = createRenewableTokens({
    clients,
    onLost: createLost({ db, access, publisher: deps.publisher, changed: (row) => changed(row) }),
  })
  const connections = createConnections({
    ...deps,
    refresher,
    renewableTokens,
    rateLimiters,
    ratePerMinute: options.ratePerMinute,
    demoEgress: options.demoEgress,
  })
  const own = createOwnCredentials(deps)
  let changes = 0
  const changed = ({ id, workspaceId }: Pick<IntegrationRow, 'id' | 'workspaceId'>): void => {
    changes++
    chooser.changed(workspaceId)
    connections.changed(id)
  }
  const health = createHealth({ ...deps, onDisabled: changed })

  const connector = (name: string): Connector => {
    const found = connectorIn(byName, name)
    if (!found) {
      const like = nearest(name, byName.keys(), 3)
      throw hubError('invalid_input', {
        errors: [{ path: 'integration_type', message: `"${name}" is not a connector; similar names: ${like.join(', ')}` }],
      })
    }
    return found
  }

  const referenceOf = (text: string): Reference => ({ text, connector: connectorIn(byName, text)?.name })
  const find = (workspaceId: string, ref: string) => findIntegration(db.sql, workspaceId, referenceOf(ref))
  const seek = async (workspaceId: string, ref: string): Promise<IntegrationRow | undefined> => {
    const row = await find(workspaceId, ref)
    if (row) return row
    await discovery.discoverNow(workspaceId)
    return find(workspaceId, ref)
  }
  const get = async (workspaceId: string, ref: string): Promise<IntegrationRow> => {
    const row = await seek(workspaceId, ref)
    if (!row) throw hubError('integration_unknown', { detail: `there is no integration "${ref}" in this workspace` })
    return row
  }

  /** Undefined when the name is taken. */
  const insert = async (actor: string, row: NewIntegration): Promise<IntegrationRow | undefined> => {
    const { workspaceId, origin } = row
    const inserted = await db.transaction(async (trx) => {
      const inserted = await insertIntegration(trx, row)
      if (!inserted) return undefined
      const detail = { name: inserted.name, connector: inserted.connector, origin }
      await access.audit.record(trx, { workspaceId, actor, action: 'integration.created', subject: inserted.id, detail })
      return inserted
    })
    if (inserted) changed(inserted)
    return inserted
  }

  const requireKnownPlace = createPlaceCheck((name) => byName.get(name))
  const checked = (known: Connector, config: Record<string, unknown>): Record<string, unknown> => checkConfig(known, config, check)

  const discovery = createAutoDiscovery({ ...deps, environment, own, insert }, options)
  const chooser = createChooser({ db, discover: discovery.discoverNow, referenceOf })
  await discovery.fromEnvironment()
  for (const name of await workspacesToMove(db.sql)) await own.moveToIds(await access.operator('start', name))

  const storeGrant = createStoreGrant({ ...deps, refresher, get, connector, check: checked, changed })
  const connecting = createConnecting({ ...deps, clients, storeGrant, get, connector })
  const links = createConnectLinks({ db, access, clients, connecting, get, connector })
  const takeBack = createTakeBack({ ...deps, clients })

  const create: Integrations['create'] = async (principal, request) => {
    const { workspaceId } = principal
    const known = connector(request.connector)
    const name = request.name ?? known.name
    const { webhook_secret: webhookSecret, ...plainConfig } = request.config ?? {}
    const authType = request.authType ?? guessAuthType(known, request.credential)
    const { oauth } = authMethodOf(known, authType)
    const before = request.credential === undefined ? oauth?.configBefore : undefined
    const config = checked(known, { ...before, ...environment.complete(workspaceId, known, plainConfig) })
    requireOwnPlace(principal, known, { wanted: { authType, config } })
    await assertNameFree(db.sql, workspaceId, name)
    await assertUserFree(db.sql, { workspaceId, connector: known.name, externalUser: request.externalUser ?? null })
    // Values that stand in the request belong to the caller, who may send them anywhere.
    if (typeof request.credential === 'string')
      await requireKnownPlace(db.sql, principal, { credential: request.credential, config, connector: known })
    const owner: Owner = { id: newId('int'), connector: known, authType, webhookCredential: null }
    const refused = { id: owner.id, workspaceId, connector: known.name, origin: 'user' as const }
    const credential = await own.keep(principal, owner, request.credential)
    const inserted = await own
      .keepWebhookSecret(principal, owner, webhookSecret)
      .then((webhookCredential) =>
        insert(actorOf(principal), {
          id: owner.id,
          workspaceId,
          name,
          connector: known.name,
          authType,
          credential,
          config,
          status: (request.enabled ?? true) ? 'active' : 'inactive',
          origin: request.isDemo === true ? 'demo' : 'user',
          webhookCredential: webhookCredential ?? null,
          externalUser: request.externalUser ?? null,
          connection: connectionOf(known, authType, credential),
        }),
      )
      .catch(async (error: unknown) => {
        await own.remove(principal, refused)
        throw error
      })
    if (inserted) return inserted
    await own.remove(principal, refused)
    throw nameTaken(name)
  }

  const forConnecting: Integrations['forConnecting'] = async (principal, known) => {
    const method = known.auth.find(({ oauth }) => oauth !== undefined)
    if (!method)
      throw hubError('invalid_input', { errors: [{ path: 'providerType', message: `${known.title} is not connected by OAuth` }] })
    const existing = await seek(principal.workspaceId, known.name)
    if (!existing) return create(principal, { connector: known.name, authType: method.type })
    if (authMethodOf(known, existing.authType).oauth !== undefined) return existing
    throw hubError('already_exists', {
      detail: `integration "${existing.name}" uses ${existing.authType}, which no person allows`,
      hint: `PATCH /api/v1/integrations/${existing.id} {"auth_type": "${method.type}"} first, or delete it`,
    })
  }

  // Callers who ask at the same time share one read.
  const listShared = coalesce((workspaceId: string) => listIntegrations(db.sql, workspaceId))

  return {
    connectors: options.connectors,
    connector,
    findConnector: (name) => connectorIn(byName, name),
    changes: () => changes,
    webhookSecret: environment.webhookSecret,
    health,
    connecting,
    links,
    redirectOf: ({ auth }) => auth.flatMap(({ oauth }) => oauth?.redirectSetting ?? []).map((name) => options.environment[name])[0],
    forConnecting,
    get,
    find,
    seek,
    async settingUpWebhook({ id, name }, work) {
      if (!(await beginWebhookSetup(db.sql, id)))
        throw hubError('in_use', { detail: `the webhook of integration "${name}" is being set up`, hint: 'try again in a moment' })
      try {
        return await work()
      } finally {
        await endWebhookSetup(db.sql, id)
      }
    },
    async requireLongSecrets(workspaceId, { name, data }) {
      const rows = await listIntegrations(db.sql, workspaceId)
      requireLongSecrets(webhookFieldsOf(name, options.connectors, rows), data, 'data')
    },
    async list(workspaceId) {
      await discovery.discover(workspaceId)
      return listShared(workspaceId)
    },

    create,

    update: createUpdate({ db, access, own, requireKnownPlace, requireOwnPlace, get, connector, changed, check: checked }),

    async remove(principal, ref) {
      const row = await get(principal.workspaceId, ref)
      // While its tokens still exist. A provider that cannot be reached does not keep the integration.
      const revoked = await takeBack(row, connector(row.connector))
      const deleted = db.transaction(async (trx) => {
        await deleteIntegration(trx, row.id)
        const { workspaceId, id, name } = row
        const detail = { name, connector: row.connector, ...(revoked === undefined ? {} : { revoked }) }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'integration.deleted', subject: id, detail })
      })
      // Also after a failure, because the answer to a commit can be lost.
      await deleted.finally(() => changed(row))
      // Afterwards: an integration that still exists must not lose its secrets.
      await own.remove(principal, row)
      rateLimiters.forget(row.id)
    },

    forHook: (ref) => findForHook(db.sql, ref, connectorIn(byName, ref)?.name),

    choose: chooser.choose,
    usable: chooser.usable,
    async consuming() {
      const consumers = new Map(options.connectors.flatMap(({ name, topics }) => (topics ? [[name, topics] as const] : [])))
      if (consumers.size === 0) return []
      const rows = await integrationsInUse(db.sql, [...consumers.keys()])
      return rows.flatMap(({ id, name, workspaceId, connector, config }) =>
        consumers.get(connector)!(config).map((declared) => ({ ...declared, workspaceId, connector, integration: { id, name } })),
      )
    },
    async stateOf({ workspaceId, connector: of, authType, config, credential }) {
      const info = credential === null ? undefined : await credentials.info(workspaceId, credential)
      // A credential that is deleted and made again has the first version again.
      const version = info && { version: info.version, createdAt: info.createdAt.toISOString() }
      return {
        config: digest({ of, authType, config }),
        credential: credential === null ? null : digest({ credential, version: version ?? null }),
      }
    },
    connect: connections.connect,

    async test(principal, ref) {
      const integration = await get(principal.workspaceId, ref)
      const timeoutMs = deps.http.timeoutMs * 2
      return testConnection({ connect: connections.connect, health, timeoutMs }, integration, connector(integration.connector))
    },

    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]()
      await health[Symbol.asyncDispose]()
    },
  }
}
