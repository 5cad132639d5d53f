import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createThrottle } from '#access'
import { HubError } from '#errors'
import { cookieIn } from '#lib/cookie'
import type { RestApp } from '#transports/rest'
import { setCookie } from './cookies.ts'
import { readForms } from './forms.ts'
import { sendPage } from './page.ts'
import { connectPersonRoutes, type ConnectPersonDeps } from './connect-person.ts'
import { attemptPage, linkPage } from './connect-pages.ts'
import { shown } from './shown.ts'

/** What only this browser has, so that nobody else completes what began here. */
const cookie = 'hub_connect'
const cookiePath = '/'
const cookieSeconds = 86_400

/** Links and answers of providers that are not valid, per address and minute. More of them are refused, and nothing that is valid. */
const misses = 30

const open = { config: { access: 'public' }, schema: { hide: true } } as const

/** The pages on which people connect integrations: a link, the way to the provider, and the way back. */
export async function connectRoutes(app: RestApp, { people, integrations, origins }: ConnectPersonDeps): Promise<void> {
  const throttle = createThrottle(misses)
  const found = async <T>({ ip }: FastifyRequest, work: () => Promise<T>): Promise<T> => {
    try {
      return await throttle.read(ip, work)
    } catch (error) {
      if (error instanceof HubError && (error.code === 'link_invalid' || error.code === 'attempt_unknown')) await throttle.failed(ip)
      throw error
    }
  }

  const browserOf = (request: FastifyRequest): string | undefined => {
    const value = cookieIn(request.headers.cookie, cookie)
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined
  }

  const begun = (request: FastifyRequest, reply: FastifyReply): string => {
    const value = browserOf(request) ?? randomBytes(32).toString('base64url')
    setCookie(reply, { name: cookie, value, path: cookiePath, seconds: cookieSeconds, secure: origins.own(request).startsWith('https:') })
    return value
  }

  connectPersonRoutes(app, { people, integrations, origins }, { browser: begun })

  app.get<{ Params: { token: string } }>('/connect/:token', open, (request, reply) =>
    shown(request, reply, async () => {
      origins.own(request)
      return sendPage(reply, linkPage(await found(request, () => integrations.links.look(request.params.token)), request.params.token))
    }),
  )

  app.get<{ Querystring: Record<string, string> }>('/oauth/callback', open, (request, reply) =>
    shown(request, reply, async () => {
      origins.own(request)
      const { raw } = request
      const parameters = new URL(raw.url ?? '/', 'http://hub').searchParams
      const attempt = await found(request, () => integrations.connecting.complete(parameters, { browser: browserOf(request) ?? '' }))
      return sendPage(reply, attemptPage(attempt))
    }),
  )

  await app.register(async (forms: RestApp) => {
    readForms(forms)
    forms.post<{ Params: { token: string } }>('/connect/:token', open, (request, reply) =>
      shown(request, reply, async () => {
        origins.requireOwn(request)
        const redirectUri = `${origins.own(request)}/oauth/callback`
        const { url } = await found(request, () => integrations.links.use(request.params.token, begun(request, reply), redirectUri))
        return reply.redirect(url, 303)
      }),
    )
    forms.post('/oauth/choice', open, (request, reply) =>
      shown(request, reply, async () => {
        origins.requireOwn(request)
        const { attempt = '', choice = '' } = request.body as Record<string, string>
        return sendPage(reply, attemptPage(await integrations.connecting.choose(attempt, choice, { browser: browserOf(request) ?? '' })))
      }),
    )
  })
}
