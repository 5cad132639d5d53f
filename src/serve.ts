import type { Config } from '#config'
import { HubError } from '#errors'
import { openHub, type Hub } from '#hub'
import { operations } from '#operations'
import type { McpHandler } from '#transports/mcp'
import type { Readiness, RestApp } from '#transports/rest'
import { version } from './version.ts'

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
  const { telemetry, access, people, apps, tools, webhooks, execute } = hub
  // Imported here, because a command beside a serving hub does not need it and starts faster without it.
  const { buildRest, createOrigins } = await import('#transports/rest')
  const { busRoutes } = await import('#transports/bus')
  const { mcpRoutes } = await import('#transports/mcp')
  const { trpcRoutes } = await import('#transports/trpc')
  const { webRoutes } = await import('#transports/web')
  const { HUB_BODY_LIMIT: bodyLimit, HUB_CORS_ORIGINS: corsOrigins, HUB_PUBLIC_URL: publicUrl, HUB_ALLOWED_HOSTS: allowedHosts } = config
  const names = { corsOrigins, publicUrl, allowedHosts }
  const origins = createOrigins(names)
  const mcp = await mcpOf(hub, config)
  const rest = await buildRest(
    {
      ...telemetry,
      version,
      connectors: hub.integrations.connectors,
      access,
      people,
      apps,
      tools,
      webhooks,
      execute,
      readiness: readinessOf(hub),
      busReadiness: async () => (await hub.buses.overview()).map(busReadinessOf),
      isStopping,
      addRoutes: async (app) => {
        await mcpRoutes(app, { mcp, tools, access, people, apps, origins }, names)
        busRoutes(app, { version, tools, connectors: hub.integrations.connectors }, placesOf(config))
        await trpcRoutes(app, { access, people, apps, origins, execute, isStopping }, operations)
        await webRoutes(app, { people, access, apps, integrations: hub.integrations, origins })
      },
    },
    { bodyLimit, ...names, trustProxy: config.HUB_TRUST_PROXY },
  )
  stack.defer(hub.bounded('HTTP server', () => rest.close()))
  const owned = stack.move()
  return { hub, rest, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What the operator calls the exchanges and topics of the buses. */
function placesOf(config: Config) {
  const { AMQP_COMMANDS_EXCHANGE: commandsExchange, AMQP_EVENTS_EXCHANGE: eventsExchange } = config
  const { PULSAR_NAMESPACE: pulsarNamespace, PULSAR_COMMANDS: pulsarCommands, PULSAR_RESULTS: pulsarResults } = config
  return { commandsExchange, eventsExchange, pulsarNamespace, pulsarCommands, pulsarResults }
}

/** What answers the MCP messages of a hub, whatever carries them. */
export async function mcpOf({ telemetry, tools, scripts, execute }: Hub, config: Config): Promise<McpHandler> {
  const { createMcp } = await import('#transports/mcp')
  return createMcp(
    { ...telemetry, version, tools, scripts, execute },
    { bodyLimit: config.HUB_BODY_LIMIT, listTokens: config.HUB_MCP_LIST_TOKENS },
  )
}

export interface ServingHub {
  readonly hub: Hub
  readonly address: string
  /** Accepts no more work, waits for the work in progress up to the drain time, then disposes of everything. Throws if a part did not end in time. */
  stop(): Promise<void>
}

export async function serveHub(config: Config): Promise<ServingHub> {
  let stopping = false
  await using stack = new AsyncDisposableStack()
  const { hub, rest } = stack.use(await composeHub(config, 'serve', () => stopping))
  stack.use(await hub.engine.start(config.HUB_ROLE === 'api' ? undefined : hub.work))
  const address = await rest.listen({ host: config.HUB_HOST, port: config.HUB_PORT })
  // Closed before the engine, because a request may still start a run.
  stack.defer(hub.bounded('requests in progress', () => rest.close()))
  if (config.HUB_ROLE !== 'api') {
    const { serveCommands } = await import('#transports/bus')
    const commands = serveCommands({ ...hub.telemetry, tools: hub.tools, buses: hub.buses })
    stack.defer(hub.bounded('commands in progress', () => commands[Symbol.asyncDispose]()))
  }
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

function busReadinessOf({ name, state, waiting, oldest }: Awaited<ReturnType<Hub['buses']['overview']>>[number]) {
  const lag = oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.getTime()) / 1000
  return { name, status: state?.status ?? 'closed', waiting, lag_seconds: Math.round(lag * 10) / 10 }
}

async function probe(check: () => Promise<void>): Promise<{ ok: boolean; reason?: string }> {
  try {
    await check()
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: error instanceof HubError ? error.message : 'failed' }
  }
}
