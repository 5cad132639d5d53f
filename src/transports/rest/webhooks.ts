import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { WebhookRequest } from '#webhooks'
import type { RestApp, RestDeps } from './types.ts'

/** The largest body of a known sender: GitHub's limit. */
const largest = 25 * 1024 * 1024

interface HookRoute {
  readonly url: string
  readonly summary: string
  /** The hook that the path means; by default it is named in the path. */
  readonly hook?: string
}

const routes: readonly HookRoute[] = [
  { url: '/api/v1/webhooks/:hook', summary: 'Receive a webhook of an integration or a connector' },
  { url: '/api/v1/hooks/webhooks/:hook', summary: 'The same, in an older spelling' },
  { url: '/api/integrations/webhook/:hook', summary: 'Receive a webhook of any sender' },
]

export async function webhookRoutes(app: RestApp, deps: RestDeps): Promise<void> {
  // Apart from the other routes: here a body is bytes, whatever its type says, and has its own limit.
  await app.register(async (scope: RestApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largest }, (_request, body, done) => done(null, body))
    scope.addHook('onRequest', (request) => deps.webhooks.admit(request.ip))
    for (const route of [...routes, ...legacyRoutes(deps)]) receiveRoute(scope, deps, route)
  })
}

function legacyRoutes({ connectors }: RestDeps): HookRoute[] {
  return connectors.flatMap(({ name, title, webhook }) =>
    (webhook?.legacyPaths ?? []).map((url) => ({ url, summary: `Receive a webhook of ${title}`, hook: name })),
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

/** Node joins headers that are sent twice. The hub must not guess which of the two was meant. */
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
