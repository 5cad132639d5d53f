import { createNoticeBuffer, hintKinds, type NoticeBuffer, type HintKind } from './notices.ts'
import { createLogger, type Logger } from './logger.ts'
import { createMetrics, metricsOfWorkspace, type Metrics } from './metrics.ts'
import { counterNames, createSums, latencyBounds, type CounterName, type MinuteSums, type Sums } from './sums.ts'
import { createTraces, type Traces } from './traces.ts'

export {
  createNoticeBuffer,
  createLogger,
  createMetrics,
  createTraces,
  hintKinds,
  metricsOfWorkspace,
  type NoticeBuffer,
  type HintKind,
  type Logger,
  type Metrics,
  type Traces,
}

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly traces: Traces
  /** What this process changed, for those who watch. */
  readonly notices: NoticeBuffer
  /** What this process did, by workspace and minute. */
  readonly sums: Sums
}

export { counterNames, createSums, latencyBounds, type CounterName, type MinuteSums, type Sums }
