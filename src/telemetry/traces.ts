import { SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'

export interface Traces extends AsyncDisposable {
  /** Runs `work` in a span. Without an exporter this costs a function call. */
  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>
}

/** The SDK is loaded only when an exporter is set: it would cost 20 MB of memory in every hub that exports nothing. */
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
    // The exporter reads OTEL_EXPORTER_OTLP_* itself: those are OpenTelemetry's own names.
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  provider.register()
  return async () => {
    // A collector that is down must not hold up a shutdown.
    await provider.shutdown().catch(() => undefined)
    trace.disable()
  }
}
