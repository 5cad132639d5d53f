import { createAccess } from '#access'
import type { Config } from '#config'
import { connectors as ownConnectors } from '#connectors'
import { createCredentials, createKeyring } from '#credentials'
import { ensureDataDir, openDatabase, type Database } from '#db'
import { createOutbound } from '#endpoints'
import { createEngine, type Engine, type Work } from '#engine'
import { createEvents } from '#events'
import { createEventPublisher } from '#events/publish'
import { createExpressions, type Expressions } from '#expressions'
import { createFlows, flowTools } from '#flows'
import { createEgress } from '#http'
import { createIntegrations } from '#integrations'
import { newId } from '#lib/ids'
import { createExecute, createHubToolRunner, hubTools, operations, type BaseModules, type Execute, type Modules } from '#operations'
import { createRetention } from '#retention'
import { createLogger, createMetrics, createTraces, type Telemetry } from '#telemetry'
import { createCatalogue, createInvocations, createRegistry, createTools } from '#tools'
import { createHookCheck, createReader, createWebhooks } from '#webhooks'
import { keepAdminToken } from './admin-token.ts'
import { declaredValues, declaredVariables, operatorHosts } from './connector-variables.ts'
import { loadConnectors } from './load-connectors.ts'
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
  const publisher = createEventPublisher({ db, engine })
  const expressions = stack.use(createExpressions(telemetry))
  const base = { db, engine, access, credentials, publisher, expressions, ...telemetry }
  const integrations = stack.use(
    await createIntegrations(
      { ...base, http: { egress, timeoutMs: config.INTEGRATION_TIMEOUT * 1000, maxRetries: config.MAX_RETRY_ATTEMPTS } },
      {
        connectors,
        environment: declaredValues(connectors, config.others),
        ratePerMinute: config.RATE_LIMIT_PER_MINUTE,
        check: createHookCheck(expressions),
      },
    ),
  )
  const reader = createReader({ integrations, expressions })
  const retention = createRetention(base)
  const events = stack.use(createEvents({ ...base, read: reader.read }))
  const outbound = stack.use(createOutbound({ ...base, egress, read: reader.read }, { drainMs: config.HUB_DRAIN_SECONDS * 1000 }))
  const webhooks = stack.use(createWebhooks({ ...base, integrations, events, reader }))
  const catalogue = createCatalogue(createRegistry(connectors, hubTools(operations)), [flowTools(db)])
  const flows = stack.use(createFlows({ ...base, events, catalogue, connectors }))
  const modules: BaseModules = {
    access,
    credentials,
    integrations,
    invocations: createInvocations(db),
    events,
    outbound,
    webhooks,
    flows,
    retention,
  }
  const tools = stack.use(
    createTools(
      { ...base, integrations, catalogue },
      {
        runners: { operation: createHubToolRunner(operations, createExecute(modules)), flow: flows.runTool },
        // A run that asked for the approval continues.
        onApprovalDecided: async (trx, { runId }) => {
          if (runId !== null) await flows.wake(trx, [runId])
        },
      },
    ),
  )
  const dispatcher = events.dispatcher({ endpoint: outbound.subscriber, ...flows.subscribers })
  const work: Work = {
    jobs: { ...tools.jobs, ...flows.jobs(tools) },
    pollers: [
      dispatcher.poller,
      outbound.poller,
      ...webhooks.pollers,
      ...flows.pollers,
      ...tools.pollers,
      retention.poller([events, outbound, webhooks, flows, tools].flatMap((module) => module.retention)),
    ],
  }
  const owned = stack.move()
  return {
    config,
    telemetry,
    db,
    engine,
    expressions,
    ...modules,
    tools,
    execute: createExecute({ ...modules, tools }),
    dispatch: dispatcher.drain,
    work,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
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
