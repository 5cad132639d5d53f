import { createNoticeBuffer, createSums, createLogger, createMetrics, type Telemetry } from '#telemetry'

/** Telemetry whose log lines a test can read. */
export function testTelemetry(lines: string[] = []): Telemetry {
  return {
    logger: createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } }),
    metrics: createMetrics(),
    notices: createNoticeBuffer(),
    sums: createSums(),
    traces: { span: (_name, _attributes, work) => work({} as never), [Symbol.asyncDispose]: async () => undefined },
  }
}
