import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** All metrics of the hub are defined here, so that names and labels stay consistent. A series with a name from a workspace has its id as a label. */
export function createMetrics() {
  const registry = new Registry()
  // The default of 10 ms wakes an idle process a hundred times a second, which is half a percent of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const registers = [registry]
  return {
    registry,
    httpDuration: new Histogram({
      name: 'hub_http_request_duration_seconds',
      help: 'How long the hub took to answer a request.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    authFailures: new Counter({
      name: 'hub_auth_failures_total',
      help: 'Requests refused for their token, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    databaseUp: new Gauge({ name: 'hub_database_up', help: '1 while the database answers.', registers }),
    databaseRestarts: new Counter({
      name: 'hub_embedded_database_restarts_total',
      help: 'How often the embedded PostgreSQL was started again after it died.',
      registers,
    }),
    takenOver: new Counter({
      name: 'hub_jobs_taken_over_total',
      help: 'Jobs taken over from a dead process: returned to the queue, or quarantined.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    pollerRounds: new Counter({
      name: 'hub_poller_rounds_total',
      help: 'Rounds of background work, by outcome: more (work is left), done, failed.',
      labelNames: ['poller', 'outcome'] as const,
      registers,
    }),
    httpClient: new Histogram({
      name: 'hub_http_client_duration_seconds',
      help: 'How long outside systems took to answer.',
      labelNames: ['connector', 'method', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    toolCalls: new Counter({
      name: 'hub_tool_calls_total',
      help: 'Tool calls by what became of them.',
      labelNames: ['workspace', 'tool', 'connector', 'outcome'] as const,
      registers,
    }),
    toolDuration: new Histogram({
      name: 'hub_tool_duration_seconds',
      help: 'How long tool calls took, the outside system included.',
      labelNames: ['workspace', 'tool', 'connector'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    integrationErrors: new Counter({
      name: 'hub_integration_errors_total',
      help: 'Failures that count against an integration, by code.',
      labelNames: ['workspace', 'connector', 'integration', 'code'] as const,
      registers,
    }),
    integrationHealth: new Gauge({
      name: 'hub_integration_health',
      help: '1 while the last call of an integration went well, 0 after a failure, -1 when it was disabled for its failures.',
      labelNames: ['workspace', 'connector', 'integration'] as const,
      registers,
    }),
    limitRemaining: new Gauge({
      name: 'hub_rate_limit_remaining',
      help: 'What the outside system says is left of its limit.',
      labelNames: ['workspace', 'connector', 'integration'] as const,
      registers,
    }),
    limitUsed: new Gauge({
      name: 'hub_rate_limit_used_ratio',
      help: 'How much of the outside system’s limit is used, 0 to 1.',
      labelNames: ['workspace', 'connector', 'integration'] as const,
      registers,
    }),
    limitWaits: new Counter({
      name: 'hub_rate_limit_waits_total',
      help: 'Requests that had to wait for a limit, or were refused for it.',
      labelNames: ['connector'] as const,
      registers,
    }),
    webhooks: new Counter({
      name: 'hub_webhooks_total',
      help: 'Deliveries that came in, by what became of them: accepted, duplicate, handshake, or why they were refused.',
      labelNames: ['connector', 'outcome'] as const,
      registers,
    }),
    webhookGap: new Gauge({
      name: 'hub_webhook_gap',
      help: 'Deliveries that an outside system sent and the hub did not have, at the last look.',
      labelNames: ['workspace', 'connector', 'integration'] as const,
      registers,
    }),
    eventsDispatched: new Counter({ name: 'hub_events_dispatched_total', help: 'Events handed on to who subscribed.', registers }),
    dispatchDelay: new Histogram({
      name: 'hub_event_dispatch_delay_seconds',
      help: 'From the arrival of an event until it was handed on.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300],
      registers,
    }),
    deliveries: new Counter({
      name: 'hub_deliveries_total',
      help: 'Attempts to deliver an event to an endpoint, by what became of them: delivered, failed (goes again), dead, postponed.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    deliveryDuration: new Histogram({
      name: 'hub_delivery_duration_seconds',
      help: 'How long endpoints took to answer.',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers,
    }),
    endpoints: new Gauge({
      name: 'hub_endpoints',
      help: 'Outbound endpoints by state: active, paused (asked to be left alone), failing (disabled for its failures), disabled.',
      labelNames: ['state'] as const,
      registers,
    }),
    busConnected: new Gauge({
      name: 'hub_bus_connected',
      help: '1 while this process is connected to the bus.',
      labelNames: ['bus'] as const,
      registers,
    }),
    busWaiting: new Gauge({
      name: 'hub_bus_waiting',
      help: 'Events that are still to be published to the bus, of all workspaces.',
      labelNames: ['bus'] as const,
      registers,
    }),
    syncVisible: new Histogram({
      name: 'hub_sync_visible_seconds',
      help: 'How long after a change in an outside system, or after its event, the changed content was found by search.',
      labelNames: ['connector'] as const,
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400],
      registers,
    }),
    syncDeleted: new Histogram({
      name: 'hub_sync_deleted_seconds',
      help: 'How long after the hub noticed that content was deleted it was in no answer any more.',
      labelNames: ['connector'] as const,
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400],
      registers,
    }),
    busLag: new Gauge({
      name: 'hub_bus_lag_seconds',
      help: 'How long the oldest of them has waited.',
      labelNames: ['bus'] as const,
      registers,
    }),
    busPublished: new Counter({
      name: 'hub_bus_published_total',
      help: 'Messages that the bus has confirmed.',
      labelNames: ['bus'] as const,
      registers,
    }),
    busReceived: new Counter({
      name: 'hub_bus_received_total',
      help: 'Messages from the bus by what became of them: completed and failed (commands), stored (as an event), dead, again.',
      labelNames: ['bus', 'outcome'] as const,
      registers,
    }),
    expressionLimits: new Counter({
      name: 'hub_expression_limits_total',
      help: 'Evaluations of expressions that ran into a limit, by which.',
      labelNames: ['limit'] as const,
      registers,
    }),
    flowRuns: new Counter({
      name: 'hub_flow_runs_total',
      help: 'Runs of flows by what became of them.',
      labelNames: ['workspace', 'flow', 'outcome'] as const,
      registers,
    }),
    flowDuration: new Histogram({
      name: 'hub_flow_run_duration_seconds',
      help: 'How long runs took, their waits included.',
      buckets: [0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600, 86_400],
      registers,
    }),
    tokenRefreshes: new Counter({
      name: 'hub_oauth_refreshes_total',
      help: 'Access tokens that were renewed, by outcome: renewed, overtaken (somebody else was faster), failed (later again), refused (a person has to connect again).',
      labelNames: ['connector', 'outcome'] as const,
      registers,
    }),
    credentialReads: new Counter({
      name: 'hub_credential_reads_total',
      help: 'Credentials opened, by outcome.',
      labelNames: ['outcome'] as const,
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** The series of one workspace in the text format of Prometheus. */
export async function metricsOfWorkspace({ registry }: Pick<Metrics, 'registry'>, workspaceId: string): Promise<string> {
  // Quotes inside a value are escaped, so no value can look like this label.
  const own = new RegExp(`[{,]workspace="${RegExp.escape(workspaceId)}"[,}]`)
  const families = (await registry.metrics()).split(/\n(?=# HELP )/)
  return families
    .flatMap((family) => {
      const lines = family.split('\n')
      const series = lines.filter((line) => own.test(line))
      return series.length === 0 ? [] : [...lines.filter((line) => line.startsWith('#')), ...series, '']
    })
    .join('\n')
}
