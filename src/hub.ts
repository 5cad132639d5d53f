import { createAccess, createPeople } from '#access'
import { createActorNames } from '#actors'
import { createApps } from '#apps'
import { createBulk } from '#bulk'
import { createBuses, readMessage } from '#buses'
import type { Config } from '#config'
import { connectors as ownConnectors } from '#connectors'
import { createCredentials, createKeyring } from '#credentials'
import { ensureDataDir, openDatabase, type Database } from '#db'
import { createDemo, createDemoPlaces } from '#demo'
import { createOutbound } from '#endpoints'
import { createEngine, type Engine, type Work } from '#engine'
import { createEvents, type ReadEvent } from '#events'
import { createEventPublisher } from '#events/publish'
import { createExpressions, type Expressions } from '#expressions'
import { createFlows, flowTools } from '#flows'
import { createEgress, isPrivatePlace } from '#http'
import { createIntegrations } from '#integrations'
import { createBounded, type Bounded } from '#lib/bounded'
import { createHints } from '#hints'
import { newId } from '#lib/ids'
import { createOAuth } from '#oauth'
import {
  createBulkActions,
  createExecute,
  createHubToolRunner,
  hubTools,
  operations,
  type Addresses,
  type BaseModules,
  type Execute,
  type Modules,
} from '#operations'
import { createRetention } from '#retention'
import { createSearch } from '#search'
import { createStats } from '#stats'
import { createSync } from '#sync'
import { createTraceReader } from '#trace'
import { createScripts } from '#scripts'
import { createNoticeBuffer, createSums, createLogger, createMetrics, createTraces, type Telemetry } from '#telemetry'
import { createCatalogue, createInvocations, createRegistry, createTools } from '#tools'
import { createHookCheck, createReader, createWebhooks } from '#webhooks'
import { busSettings } from './bus-settings.ts'
import { keepAdminToken, keepSetupLink } from './admin-token.ts'
import { declaredValues, declaredVariables, operatorHosts } from './connector-variables.ts'
import { demoSystemsOf } from './demo-systems.ts'
import { loadConnectors } from './load-connectors.ts'
import { createSignInSecret } from './sign-in-secret.ts'
import { version } from './version.ts'

/** The environment variables that the hub's own connectors declare. */
export const ownVariables = declaredVariables(ownConnectors)

/** The composition root: the only place that knows every module. It creates them in order and disposes of them in reverse. */
export interface Hub extends AsyncDisposable, Modules {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly db: Database
  readonly engine: Engine
  readonly expressions: Expressions
  /** Runs an operation, with all its checks. */
  readonly execute: Execute
  /** Dispatches everything that is stored and returns how many events that were. For tests and benches. */
  dispatch(): Promise<number>
  /** What a process that works does in the background. */
  readonly work: Work
  /** Bounds the steps of a stop: HUB_DRAIN_SECONDS and the time to close everything. */
  readonly bounded: Bounded
}

/** What a healthy hub needs to close everything, beyond the time for work in progress. */
const closeMs = 5000

export async function createTelemetry(config: Config): Promise<Telemetry & AsyncDisposable> {
  const logger = createLogger({ level: config.LOG_LEVEL })
  const exporting = config.OTEL_EXPORTER_OTLP_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const traces = await createTraces({ enabled: exporting !== undefined, service: config.OTEL_SERVICE_NAME, version })
  const parts = { logger, metrics: createMetrics(), traces, notices: createNoticeBuffer(), sums: createSums() }
  return { ...parts, [Symbol.asyncDispose]: () => traces[Symbol.asyncDispose]() }
}

/** Everything except the transports: what a command needs, beside a serving hub or alone. */
export async function openHub(config: Config, mode: 'serve' | 'attach' = 'attach'): Promise<Hub> {
  await using stack = new AsyncDisposableStack()
  const drainMs = config.HUB_DRAIN_SECONDS * 1000
  const bounded = createBounded(drainMs + closeMs, (step, waitedMs) =>
    telemetry.logger.error({ step, waited_ms: waitedMs }, 'a step of the stop did not end in time; the hub goes on without it'),
  )
  const owned = <T extends AsyncDisposable>(name: string, part: T): T => {
    stack.defer(bounded(name, () => part[Symbol.asyncDispose]()))
    return part
  }
  const telemetry = await createTelemetry(config)
  owned('telemetry', telemetry)
  if (config.DATABASE_URL === undefined) await ensureDataDir(config.HUB_DATA_DIR)
  const db = stack.use(
    await openDatabase(
      { url: config.DATABASE_URL, dataDir: config.HUB_DATA_DIR, poolSize: config.HUB_DATABASE_POOL, mode, bounded },
      telemetry,
    ),
  )
  // Before everything that changes something, so that what it changes while it stops is told too.
  const hints = owned('hints', createHints({ db, ...telemetry }))
  const stats = owned('sums by the minute', createStats({ db, ...telemetry }))
  const executorId = newId(mode === 'serve' ? 'exe' : 'cli')
  const engine = owned('notifications', createEngine({ db, ...telemetry }, { executorId, drainMs, bounded }))
  const access = owned('access', createAccess(db, telemetry))
  await access.bootstrap(config.HUB_ADMIN_TOKEN, (token) => keepAdminToken(config, token))
  const keyring = createKeyring({ keys: config.HUB_SECRET_KEYS, dataDir: config.HUB_DATA_DIR })
  const credentials = owned('credentials', createCredentials({ db, access, ...telemetry }, { keyring, ...vaultOptions(config) }))

  const people = createPeople(
    { db, audit: access.audit, changed: access.changed, ...telemetry },
    {
      secret: createSignInSecret(credentials, access),
      url: config.HUB_PUBLIC_URL ?? `http://localhost:${config.HUB_PORT}`,
      sso: ssoOf(config),
      ssoRole: config.HUB_OIDC_ROLE,
    },
  )
  if (mode === 'serve') await people.ensureSetupLink((link) => keepSetupLink(config, link))

  const connectors = [...ownConnectors, ...(await loadConnectors(config.HUB_CONNECTORS))]
  const egress = createEgress({ allow: [...config.HUB_EGRESS_ALLOW, ...operatorHosts(connectors, config.others)] })
  stack.defer(bounded('outgoing connections', () => egress.close()))
  const documents = createEgress({ allow: documentHosts(config) })
  stack.defer(bounded('requests for descriptions of apps', () => documents.close()))
  const apps = createApps({ db, access, egress: documents, ...telemetry })
  const publisher = createEventPublisher({ db, engine, ...telemetry })
  const expressions = owned('expressions', createExpressions(telemetry))
  const scripts = owned('scripts', createScripts())
  const oauth = owned(
    'OAuth',
    await createOAuth(
      { db, credentials, keyring, egress, ...telemetry },
      { timeoutMs: config.INTEGRATION_TIMEOUT * 1000, redisUrl: config.REDIS_URL },
    ),
  )
  const base = { db, engine, access, credentials, publisher, expressions, ...telemetry }
  const places = createDemoPlaces()
  const integrations = owned(
    'integrations',
    await createIntegrations(
      { ...base, oauth, http: { egress, timeoutMs: config.INTEGRATION_TIMEOUT * 1000, maxRetries: config.MAX_RETRY_ATTEMPTS } },
      {
        connectors,
        environment: declaredValues(connectors, config.others),
        ratePerMinute: config.RATE_LIMIT_PER_MINUTE,
        demoEgress: places.egressOf,
        check: createHookCheck(expressions),
        isServing: mode === 'serve',
      },
    ),
  )
  const reader = createReader({ integrations, expressions })
  const retention = createRetention(base)
  const read: ReadEvent = async (event) => (event.connector === 'bus' ? readMessage(event) : reader.read(event))
  const events = owned('events', createEvents({ ...base, read }))
  const outbound = owned('endpoints', createOutbound({ ...base, egress, read }, { drainMs }))
  const buses = owned('buses', createBuses({ ...base, events, integrations }, busSettings(config, connectors, telemetry)))
  const webhooks = owned('webhooks', createWebhooks({ ...base, integrations, events, reader }))
  const search = createSearch({ db, access, people })
  const sync = createSync({ ...base, events, integrations, index: search.index })
  const catalogue = createCatalogue(createRegistry(connectors, hubTools(operations)), [flowTools(db)], integrations)
  const flows = owned(
    'flows',
    createFlows({ ...base, scripts, events, catalogue, connectors }, { maxActiveRuns: config.HUB_MAX_ACTIVE_RUNS }),
  )
  const modules: BaseModules = {
    access,
    people,
    apps,
    credentials,
    integrations,
    invocations: createInvocations(db),
    events,
    buses,
    outbound,
    webhooks,
    flows,
    retention,
    hints,
    stats,
    traceReader: createTraceReader({ db }),
    actorNames: createActorNames({ db }),
    bulk: createBulk(base),
    search,
    sync,
    addresses: addressesOf(config),
  }
  const tools = owned(
    'tools',
    createTools(
      { ...base, integrations, catalogue },
      {
        runners: { operation: createHubToolRunner(operations, createExecute(modules)), flow: flows.runTool },
        digestOfFlow: flows.digestOf,
        flowSecrets: flows.secrets,
        // A run that asked for the approval continues.
        onApprovalDecided: async (trx, { runId }) => {
          if (runId !== null) await flows.wake(trx, [runId])
        },
      },
    ),
  )
  const dispatcher = events.dispatcher({
    endpoint: outbound.subscriber,
    bus: buses.subscriber,
    sync: sync.subscriber,
    ...flows.subscribers,
  })
  const demo = owned('demo systems', createDemo({ ...base, integrations, flows, webhooks, places }, demoSystemsOf(config)))
  const execute = createExecute({ ...modules, tools, scripts, demo })
  const work: Work = {
    jobs: { ...tools.jobs, ...flows.jobs(tools), ...sync.jobs, ...modules.bulk.jobs(createBulkActions(execute)) },
    pollers: [
      dispatcher.poller,
      outbound.poller,
      ...buses.pollers,
      ...sync.pollers,
      ...webhooks.pollers,
      ...flows.pollers,
      ...tools.pollers,
      retention.poller(
        [people, apps, events, outbound, webhooks, flows, tools, stats, sync, modules.bulk].flatMap((module) => module.retention),
      ),
    ],
  }
  // Before the hub listens, so that no call and no event comes before the flows that it is for.
  await flows.installBundled()
  const all = stack.move()
  return {
    config,
    telemetry,
    db,
    engine,
    expressions,
    ...modules,
    tools,
    scripts,
    demo,
    execute,
    dispatch: dispatcher.drain,
    work,
    bounded,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function addressesOf({ HUB_PUBLIC_URL: url, HUB_HOST: host, HUB_PORT: port, HUB_CORS_ORIGINS: trusted }: Config): Addresses {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return { publicUrl: url, listening: `http://${name.includes(':') ? `[${name}]` : name}:${port}`, trusted }
}

/** Whoever can sign in says where the description of an app is, so a hub that is not private reads none at a private place. */
function documentHosts({ HUB_PUBLIC_URL: url, HUB_EGRESS_ALLOW: allowed }: Config): readonly string[] {
  return url === undefined || isPrivatePlace(url) ? allowed : []
}

function ssoOf(config: Config) {
  const { HUB_OIDC_ISSUER: issuer, HUB_OIDC_CLIENT_ID: clientId, HUB_OIDC_CLIENT_SECRET: clientSecret, HUB_OIDC_NAME: name } = config
  return issuer && clientId && clientSecret ? { issuer, clientId, clientSecret, name } : undefined
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
