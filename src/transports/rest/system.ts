import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { allows } from '#access'
import { errorCatalogue } from '#errors'
import { definitionSchema } from '#flows'
import { metricsOfWorkspace } from '#telemetry'
import type { RestApp, RestDeps } from './types.ts'

const checks = z.record(z.string(), z.object({ ok: z.boolean(), reason: z.string().optional() }))

/** Health, readiness and metrics, for load balancers, monitoring and operators. */
export function systemRoutes(app: RestApp, { version, readiness, busReadiness, metrics, isStopping }: RestDeps): void {
  const open = { access: 'public' }
  const ready = async (reply: FastifyReply) => {
    const found = isStopping() ? { server: { ok: false, reason: 'shutting down' } } : await readiness()
    const ok = Object.values(found).every((check) => check.ok)
    // A broker that is away holds up its own messages only, so it is told and does not count.
    const buses = ok ? await busReadiness() : []
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ready' : 'not_ready', checks: found, ...(buses.length > 0 ? { buses } : {}) })
  }

  app.get('/api/v1/health', {
    config: open,
    schema: {
      tags: ['System'],
      summary: 'Version of the hub',
      response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
    },
    handler: async () => ({ status: 'ok' as const, version }),
  })
  app.get('/healthz', {
    config: open,
    schema: { tags: ['System'], summary: 'Whether the process is alive', response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: async () => ({ status: 'ok' as const }),
  })
  const bus = z.object({ name: z.string(), status: z.string(), waiting: z.int(), lag_seconds: z.number() })
  const readyReply = z.object({
    status: z.enum(['ready', 'not_ready']),
    checks,
    buses: z.array(bus).optional().describe('Message buses; one that is away does not make the hub unready.'),
  })
  app.get('/readyz', {
    config: open,
    schema: {
      tags: ['System'],
      summary: 'Whether the hub can do its work, and what is missing',
      response: { 200: readyReply, 503: readyReply },
    },
    handler: (_request, reply) => ready(reply),
  })
  app.get('/metrics', {
    config: { access: 'metrics:read' },
    schema: { tags: ['System'], summary: 'Prometheus metrics of the workspace; with hub:metrics those of the whole hub' },
    handler: async ({ principal }, reply) => {
      const isWhole = allows(principal, 'hub:metrics')
      const text = isWhole ? await metrics.registry.metrics() : await metricsOfWorkspace(metrics, principal.workspaceId)
      return reply.type(metrics.registry.contentType).send(text)
    },
  })
  app.get('/schemas/flow.json', {
    config: open,
    schema: {
      tags: ['Flows'],
      summary: 'The JSON Schema of a flow definition, for editors',
      response: { 200: z.record(z.string(), z.unknown()) },
    },
    handler: async () => definitionSchema(),
  })
  app.get('/docs/errors', {
    config: open,
    schema: { hide: true },
    handler: async (_request, reply) => reply.type('text/html; charset=utf-8').send(errorPage()),
  })
}

function errorPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, kind, retryable, title }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${kind}</td><td>${retryable ? 'yes' : 'no'}</td><td>${title}</td></tr>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Errors</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}td,th{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd}tr:target{background:#fff3c4}</style>
<h1>Errors</h1><p>Every error of the API, as <code>application/problem+json</code>.</p>
<table><tr><th>code</th><th>status</th><th>kind</th><th>retryable</th><th>meaning</th></tr>${rows.join('')}</table></html>`
}
