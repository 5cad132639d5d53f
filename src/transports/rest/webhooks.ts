import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { hubError } from '#errors'
import type { WebhookRequest } from '#webhooks'
import { eventShape, renderEvent } from './events.ts'
import type { RestApp, RestDeps } from './server.ts'
import { pageOf, timestamp } from './shapes.ts'

/** The largest that a known sender sends: GitHub's limit. */
const largest = 25 * 1024 * 1024

interface HookRoute {
  readonly url: string
  readonly summary: string
  /** Which hook the path means; a name in it by default. */
  readonly hook?: string
}

const routes: readonly HookRoute[] = [
  { url: '/api/v1/webhooks/:hook', summary: 'Take in a webhook of an integration or a connector' },
  { url: '/api/v1/hooks/webhooks/:hook', summary: 'The same, as older set-ups spell it' },
  { url: '/api/integrations/webhook/:hook', summary: 'Take in a webhook of any sender' },
]

export async function webhookRoutes(app: RestApp, deps: RestDeps): Promise<void> {
  // Apart from the other routes: here a body is bytes, whatever its type says, and has its own limit.
  await app.register(async (scope: RestApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largest }, (_request, body, done) => done(null, body))
    scope.addHook('onRequest', (request) => deps.webhooks.admit(request.ip))
    for (const route of [...routes, ...legacyRoutes(deps)]) receiveRoute(scope, deps, route)
  })
  lookRoutes(app, deps)
}

function legacyRoutes({ integrations }: RestDeps): HookRoute[] {
  return integrations.connectors.flatMap(({ name, title, webhook }) =>
    (webhook?.legacyPaths ?? []).map((url) => ({ url, summary: `Take in a webhook of ${title}`, hook: name })),
  )
}

function receiveRoute(app: RestApp, { webhooks }: RestDeps, { url, summary, hook }: HookRoute): void {
  app.route({
    method: 'POST',
    url,
    bodyLimit: largest,
    config: { access: 'public' },
    schema: { tags: ['Webhooks'], summary, ...(hook === undefined ? { params: z.object({ hook: z.string().max(200) }) } : {}) },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const named = hook ?? (request.params as { hook: string }).hook
      const { status, body } = await webhooks.receive({
        hook: named,
        address: request.ip,
        headers: distinctHeaders(request),
        body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
      })
      reply.code(status)
      return body === undefined ? reply.send() : reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
    },
  })
}

/** Node joins headers that come twice; which of the two was meant, nobody may guess. */
function distinctHeaders({ raw }: FastifyRequest): WebhookRequest['headers'] {
  const distinct: Record<string, string | readonly string[]> = Object.create(null) as Record<string, never>
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at]!.toLowerCase()
    const value = raw.rawHeaders[at + 1]!
    const had = distinct[name]
    distinct[name] = had === undefined ? value : [had, value].flat()
  }
  return distinct
}

const rejectionShape = z.object({
  hook: z.string(),
  reason: z.string(),
  connector: z.string().nullable(),
  address: z.string(),
  count: z.int(),
  minute: timestamp,
  last_at: timestamp,
})

const trialShape = z.object({
  type: z.string(),
  subject: z.string().nullable(),
  data: z.unknown(),
  matches: z.array(z.object({ kind: z.string(), target: z.string() })),
})

const trialBody = z.strictObject({
  event_id: z.string().optional().describe('A stored event; otherwise the sample below.'),
  headers: z.record(z.string().max(100), z.string().max(4096)).default({}).describe('Headers of the sample.'),
  body: z.unknown().optional().describe('Body of the sample: a text as it is, anything else as JSON.'),
})

function lookRoutes(app: RestApp, { webhooks, events, integrations }: RestDeps): void {
  const tags = ['Webhooks']
  const params = z.object({ name: z.string().max(200) })
  const renderRejections = async (request: FastifyRequest, hook: string | undefined, limit: number) =>
    (await webhooks.rejections(request.principal, { hook, limit })).map(
      ({ hook: named, reason, connector, address, count, minute, lastAt }) => ({
        hook: named,
        reason,
        connector,
        address,
        count,
        minute: minute.toISOString(),
        last_at: lastAt.toISOString(),
      }),
    )

  app.get('/api/v1/webhooks/rejections', {
    config: { access: 'events:read' },
    schema: {
      tags,
      summary: 'Deliveries that were refused, and why',
      querystring: z.strictObject({ hook: z.string().max(200).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
      response: { 200: pageOf(rejectionShape) },
    },
    handler: async (request) => ({ items: await renderRejections(request, request.query.hook, request.query.limit), next_cursor: null }),
  })
  app.get('/api/integrations/webhook/:name/logs', {
    config: { access: 'events:read' },
    schema: {
      tags,
      summary: 'What a hook took in and what it refused, newest first',
      params,
      querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
      response: { 200: z.object({ items: z.array(eventShape), rejections: z.array(rejectionShape), next_cursor: z.null() }) },
    },
    handler: async (request) => {
      const { principal, params: asked, query } = request
      const row = await integrations.get(principal.workspaceId, asked.name)
      const items = await events.list(principal.workspaceId, { integration: row.id }, { limit: query.limit })
      return { items: items.map(renderEvent), rejections: await renderRejections(request, asked.name, query.limit), next_cursor: null }
    },
  })
  for (const url of ['/api/integrations/webhook/:name/test', '/api/v1/webhooks/:name/test']) {
    app.post(url, {
      config: { access: 'events:write' },
      schema: {
        tags,
        summary: 'Try a hook’s transformation and who would get its event, without effect',
        params,
        body: trialBody,
        response: { 200: trialShape },
      },
      handler: async ({ principal, params: asked, body }) => {
        if (body.event_id !== undefined) return webhooks.trial(principal, asked.name, { eventId: body.event_id })
        if (body.body === undefined)
          throw hubError('invalid_input', { errors: [{ path: 'body', message: 'is missing, and so is event_id' }] })
        const headers = Object.fromEntries(Object.entries(body.headers).map(([name, value]) => [name.toLowerCase(), value]))
        const bytes = Buffer.from(typeof body.body === 'string' ? body.body : JSON.stringify(body.body))
        return webhooks.trial(principal, asked.name, { headers, body: bytes })
      },
    })
  }
}
