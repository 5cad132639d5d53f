import { createLogger, type Logger } from './logger.ts'
import { createMetrics, metricsOfWorkspace, type Metrics } from './metrics.ts'
import { createTraces, type Traces } from './traces.ts'

export { createLogger, createMetrics, createTraces, metricsOfWorkspace, type Logger, type Metrics, type Traces }

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly traces: Traces
}
