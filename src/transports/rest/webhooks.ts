import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { WebhookRequest } from '#webhooks'
import { createBodyBudget, readBody, type Reading } from './body.ts'
import type { RestApp, RestDeps } from './types.ts'

const mb = 1024 * 1024
/** Bodies in memory whose sender is not known yet: room for five of the largest, and for hundreds of ordinary ones. */
const limits = { total: 128 * mb, perAddress: 64 * mb }
const idleMs = 10_000

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The hook that the path means. */
    hook?: string
  }
  interface FastifyRequest {
    /** Set for webhooks, before the body is read. */
    reading?: Reading
  }
}

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
  const budget = createBodyBudget(limits)
  // Apart from the other routes: here a body is bytes, whatever its type says, and has its own limit.
  await app.register(async (scope: RestApp) => {
    scope.decorateRequest('reading')
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => readBody(payload, request.reading!))
    scope.addHook('onRequest', async (request, reply) => {
      const { ip } = request
      // Nobody reads the rest of the body, so nobody shall send it.
      const giveUp = (): void => void reply.header('connection', 'close')
      const maxBytes = await deps.webhooks.admit(hookOf(request), ip).catch((error: unknown) => {
        giveUp()
        throw error
      })
      let held = 0
      reply.raw.once('close', () => budget.give(ip, held))
      const take = (bytes: number): boolean => {
        const fits = budget.take(ip, bytes)
        if (fits) held += bytes
        return fits
      }
      request.reading = { maxBytes, idleMs, take, giveUp }
    })
    for (const route of [...routes, ...legacyRoutes(deps)]) receiveRoute(scope, deps, route)
  })
}

/** A route of one hook names it in its configuration, the others in the path. */
function hookOf({ routeOptions, params }: FastifyRequest): string {
  return routeOptions.config.hook ?? (params as { hook: string }).hook
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
    bodyLimit: 25 * mb,
    config: { access: 'public', ...(hook === undefined ? {} : { hook }) },
    schema: { tags: ['Webhooks'], summary, ...(hook === undefined ? { params: z.object({ hook: z.string().max(200) }) } : {}) },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const { status, body } = await webhooks.receive({
        hook: hookOf(request),
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
