import type { FastifyReply } from 'fastify'
import type { AuthAnswer } from '#access'
import type { RestApp } from '#transports/rest'
import type { WebDeps } from './deps.ts'

const bodyLimit = 65_536

/** `/auth/*`: signing in and out, passkeys and second factors. */
export async function authRoutes(app: RestApp, { people, origins }: WebDeps): Promise<void> {
  // Apart from the other routes, because the bodies are passed on as they came.
  await app.register(async (scope: RestApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body))
    scope.route({
      method: ['GET', 'POST'],
      url: '/auth/*',
      bodyLimit,
      config: { access: 'public' },
      schema: { hide: true },
      handler: async (request, reply) => {
        const origin = origins.own(request)
        if (request.method !== 'GET') origins.requireOwn(request)
        const { method, url, headers, ip: address } = request
        const body = Buffer.isBuffer(request.body) ? request.body : undefined
        return sendAuth(reply, await people.answer({ method, url, headers, body, origin, address }))
      },
    })
  })
}

/** Passes on what better-auth answered, with our own security headers. */
export function sendAuth(reply: FastifyReply, { status, headers, body }: AuthAnswer): FastifyReply {
  for (const name of ['content-type', 'location', 'retry-after', 'x-retry-after']) {
    const value = headers.get(name)
    if (value !== null) reply.header(name, value)
  }
  for (const cookie of headers.getSetCookie()) reply.header('set-cookie', cookie)
  return reply.code(status).send(body)
}
