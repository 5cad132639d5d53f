import { SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'

export interface Traces extends AsyncDisposable {
  /** Runs `work` in a span. Without an exporter this costs a function call. */
  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>
}

/** The SDK is loaded only when an exporter is set, because it takes 20 MB of memory. */
export async function createTraces(options: { enabled: boolean; service: string; version: string }): Promise<Traces> {
  const stop = options.enabled ? await startExporter(options) : undefined
  const tracer = trace.getTracer('integration-hub', options.version)
  return {
    span: (name, attributes, work) =>
      tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await work(span)
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' })
          throw error
        } finally {
          span.end()
        }
      }),
    async [Symbol.asyncDispose]() {
      await stop?.()
    },
  }
}

async function startExporter(options: { service: string; version: string }): Promise<() => Promise<void>> {
  const { BatchSpanProcessor, NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service, 'service.version': options.version }),
    // The exporter itself reads OTEL_EXPORTER_OTLP_*, the standard variables of OpenTelemetry.
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  provider.register()
  return async () => {
    // A collector that does not respond must not delay the shutdown.
    await provider.shutdown().catch(() => undefined)
    trace.disable()
  }
}
