import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAccess, type Access } from '#access'
import type { Config } from '#config'
import { connectors as ownConnectors } from '#connectors'
import { createCredentials, createKeyring, type Credentials } from '#credentials'
import { ensureDataDir, openDatabase, type Database } from '#db'
import { createEngine, type Engine } from '#engine'
import type { Readiness, RestApp } from '#transports/rest'
import { createEvents, type Events } from '#events'
import { createOutbound, type Outbound } from '#endpoints'
import { createExpressions, type Expressions } from '#expressions'
import { createFlows, type Flows } from '#flows'
import { createIntegrations, type Integrations } from '#integrations'
import { createEgress } from '#http'
import { HubError } from '#errors'
import { newId } from '#lib/ids'
import { createExecute, createHubTools, operations, type Execute } from '#operations'
import { createEventPublisher } from '#events/publish'
import { createLogger, createMetrics, createTraces, type Telemetry } from '#telemetry'
import { createTools, type Tools } from '#tools'
import { createHookCheck, createReader, createWebhooks, type Webhooks } from '#webhooks'
import { declaredValues, declaredVariables, operatorHosts } from './connector-variables.ts'
import { loadConnectors } from './load-connectors.ts'
import { version } from './version.ts'

/** The environment variables that the hub's own connectors declare. */
export const ownVariables = declaredVariables(ownConnectors)

/** The composition root: the only place that knows every module. It creates them in order and disposes of them in reverse. */
export interface Hub extends AsyncDisposable {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly integrations: Integrations
  readonly tools: Tools
  readonly expressions: Expressions
  readonly events: Events
  readonly outbound: Outbound
  readonly webhooks: Webhooks
  readonly flows: Flows
  /** Runs an operation, with all its checks. */
  readonly execute: Execute
  readonly engine: Engine
}

export async function createTelemetry(config: Config): Promise<Telemetry & AsyncDisposable> {
  const logger = createLogger({ level: config.LOG_LEVEL })
  const exporting = config.OTEL_EXPORTER_OTLP_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const traces = await createTraces({ enabled: exporting !== undefined, service: config.OTEL_SERVICE_NAME, version })
  return { logger, metrics: createMetrics(), traces, [Symbol.asyncDispose]: () => traces[Symbol.asyncDispose]() }
}

/** Everything except the transports: what a command needs, beside a serving hub or alone. */
export async function openHub(config: Config, mode: 'serve' | 'attach' = 'attach'): Promise<Hub> {
  await using stack = new AsyncDisposableStack()
  const telemetry = stack.use(await createTelemetry(config))
  if (config.DATABASE_URL === undefined) ensureDataDir(config.HUB_DATA_DIR)
  const db = stack.use(
    await openDatabase({ url: config.DATABASE_URL, dataDir: config.HUB_DATA_DIR, poolSize: config.HUB_DATABASE_POOL, mode }, telemetry),
  )
  const executorId = newId(mode === 'serve' ? 'exe' : 'cli')
  const engine = stack.use(createEngine({ db, ...telemetry }, { executorId, drainMs: config.HUB_DRAIN_SECONDS * 1000 }))
  const access = stack.use(createAccess(db, telemetry))
  await access.bootstrap(config.HUB_ADMIN_TOKEN, (token) => keepAdminToken(config, token))
  const keyring = createKeyring({ keys: config.HUB_SECRET_KEYS, dataDir: config.HUB_DATA_DIR })
  const credentials = stack.use(createCredentials({ db, access, ...telemetry }, { keyring, ...vaultOptions(config) }))

  const connectors = [...ownConnectors, ...(await loadConnectors(config.HUB_CONNECTORS))]
  const egress = createEgress({ allow: [...config.HUB_EGRESS_ALLOW, ...operatorHosts(connectors, config.others)] })
  stack.defer(() => egress.close())
  const publisher = createEventPublisher(db)
  const expressions = stack.use(createExpressions(telemetry))
  const integrations: Integrations = stack.use(
    await createIntegrations(
      {
        db,
        access,
        credentials,
        publisher,
        ...telemetry,
        http: { egress, timeoutMs: config.INTEGRATION_TIMEOUT * 1000, maxRetries: config.MAX_RETRY_ATTEMPTS },
      },
      {
        connectors,
        environment: declaredValues(connectors, config.others),
        ratePerMinute: config.RATE_LIMIT_PER_MINUTE,
        check: createHookCheck(expressions),
      },
    ),
  )
  const tools = stack.use(
    createTools(
      { db, engine, access, integrations, publisher, ...telemetry },
      { connectors, ownTools: createHubTools(operations, () => execute) },
    ),
  )
  const reader = createReader({ integrations, expressions })
  const events = stack.use(createEvents({ db, access, expressions, publisher, read: reader.read, ...telemetry }))
  const outbound = stack.use(
    createOutbound(
      { db, access, credentials, egress, expressions, publisher, read: reader.read, ...telemetry },
      { drainMs: config.HUB_DRAIN_SECONDS * 1000 },
    ),
  )
  events.consume('endpoint', outbound.consumer)
  const webhooks = stack.use(createWebhooks({ db, access, credentials, integrations, events, expressions, reader, ...telemetry }))
  const flows: Flows = stack.use(createFlows({ db, engine, access, events, expressions, publisher, tools, connectors, ...telemetry }))
  const execute: Execute = createExecute({ access, credentials, integrations, tools, events, outbound, webhooks, flows })
  const owned = stack.move()
  return {
    config,
    execute,
    telemetry,
    db,
    access,
    credentials,
    integrations,
    tools,
    expressions,
    events,
    outbound,
    webhooks,
    flows,
    engine,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export interface ComposedHub extends AsyncDisposable {
  readonly hub: Hub
  readonly rest: RestApp
}

/** A hub with its transports, which does not listen yet. */
export async function composeHub(
  config: Config,
  mode: 'serve' | 'attach' = 'attach',
  isStopping: () => boolean = () => false,
): Promise<ComposedHub> {
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await openHub(config, mode))
  const { telemetry, access, tools, webhooks, execute } = hub
  // Imported here, because a command beside a serving hub does not need it and starts faster without it.
  const { buildRest } = await import('#transports/rest')
  const rest = await buildRest(
    {
      ...telemetry,
      version,
      connectors: hub.integrations.connectors,
      access,
      tools,
      webhooks,
      execute,
      readiness: readinessOf(hub),
      isStopping,
    },
    { bodyLimit: config.HUB_BODY_LIMIT, corsOrigins: config.HUB_CORS_ORIGINS, trustProxy: config.HUB_TRUST_PROXY },
  )
  stack.defer(() => rest.close())
  const owned = stack.move()
  return { hub, rest, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export interface ServingHub {
  readonly hub: Hub
  readonly address: string
  /** Accepts no more work, waits for the work in progress up to the drain time, then disposes of everything. */
  stop(): Promise<void>
}

export async function serveHub(config: Config): Promise<ServingHub> {
  let stopping = false
  await using stack = new AsyncDisposableStack()
  const { hub, rest } = stack.use(await composeHub(config, 'serve', () => stopping))
  const { tools, events, outbound, webhooks, flows, engine } = hub
  const isWorker = config.HUB_ROLE !== 'api'
  stack.use(await engine.start(isWorker ? { jobs: { ...tools.jobs, ...flows.jobs }, pollers: [] } : undefined))
  if (isWorker) {
    tools.start()
    events.start()
    outbound.start()
    webhooks.start()
    flows.start()
  }
  const address = await rest.listen({ host: config.HUB_HOST, port: config.HUB_PORT })
  // Closed before the engine, because a request may still start a run.
  stack.defer(() => rest.close())
  const owned = stack.move()
  return {
    hub,
    address,
    async stop() {
      stopping = true
      // Closes idle connections repeatedly: a client would keep one whose request ends later, and delay the stop.
      const closingIdle = setInterval(() => rest.server.closeIdleConnections(), 50)
      // A request that never ends must not delay the stop either.
      const closingAll = setTimeout(() => rest.server.closeAllConnections(), config.HUB_DRAIN_SECONDS * 1000)
      await owned.disposeAsync().finally(() => {
        clearInterval(closingIdle)
        clearTimeout(closingAll)
      })
    },
  }
}

function readinessOf({ db, credentials, telemetry }: Hub): Readiness {
  return async () => {
    const [database, store] = await Promise.all([probe(() => db.ping()), probe(() => credentials.check())])
    telemetry.metrics.databaseUp.set(database.ok ? 1 : 0)
    return { database, credentials: store }
  }
}

async function probe(check: () => Promise<void>): Promise<{ ok: boolean; reason?: string }> {
  try {
    await check()
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: error instanceof HubError ? error.message : 'failed' }
  }
}

function keepAdminToken(config: Config, token: string): void {
  ensureDataDir(config.HUB_DATA_DIR)
  const path = join(config.HUB_DATA_DIR, 'admin-token')
  // Written under another name first, so that the file is complete at every moment.
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

function vaultOptions(config: Config) {
  if (config.HUB_CREDENTIALS !== 'vault') return {}
  const { VAULT_ADDR, VAULT_TOKEN, VAULT_ROLE_ID, VAULT_SECRET_ID, VAULT_NAMESPACE, VAULT_MOUNT, VAULT_PREFIX } = config
  const login =
    VAULT_ROLE_ID && VAULT_SECRET_ID
      ? { method: 'approle' as const, roleId: VAULT_ROLE_ID, secretId: VAULT_SECRET_ID }
      : { method: 'token' as const, token: VAULT_TOKEN! }
  return { vault: { address: VAULT_ADDR!, login, namespace: VAULT_NAMESPACE, place: { mount: VAULT_MOUNT, prefix: VAULT_PREFIX } } }
}
