import type { FastifyReply, FastifyRequest } from 'fastify'
import { allows, type People, type Principal } from '#access'
import { hubError, type HubError } from '#errors'
import type { Integrations } from '#integrations'
import { newId } from '#lib/ids'
import type { Origins, RestApp } from '#transports/rest'
import { connectPage } from './connect-pages.ts'
import { safeNext } from './next.ts'
import { sendPage } from './page.ts'
import { shown } from './shown.ts'

export interface ConnectPersonDeps {
  readonly people: People
  readonly integrations: Integrations
  readonly origins: Origins
}

/** What the pages of `connect.ts` share with these. */
export interface ConnectPages {
  /** What only this browser has; sets its cookie. */
  browser(request: FastifyRequest, reply: FastifyReply): string
}

interface Asked {
  readonly integration?: string
  readonly workspace?: string
  readonly attempt?: string
  /** Where the browser goes afterwards, for a page that does not wait for an attempt. */
  readonly next?: string
}

const open = { config: { access: 'public' }, schema: { hide: true } } as const

/** The page from which somebody who is signed in connects an integration, and what its popup opens. */
export function connectPersonRoutes(app: RestApp, { people, integrations, origins }: ConnectPersonDeps, pages: ConnectPages): void {
  /** Whoever is signed in; undefined after the browser was sent to sign in. */
  const person = async (request: FastifyRequest): Promise<Principal | undefined> => {
    const { workspace } = request.query as Asked
    if (!(await people.session(request.headers.cookie))) return undefined
    return people.authenticate(request.headers.cookie ?? '', workspace)
  }

  const signIn = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.redirect(`/sign-in?next=${encodeURIComponent(request.url)}`, 303)

  app.get('/connect', open, (request, reply) =>
    shown(request, reply, async () => {
      const origin = origins.own(request)
      const principal = await person(request)
      if (!principal) return signIn(request, reply)
      const { integration: name = '', workspace } = request.query as Asked
      const integration = await integrations.get(principal.workspaceId, name)
      const connector = integrations.connector(integration.connector)
      return sendPage(
        reply,
        connectPage({
          integration,
          connector,
          origin,
          attempt: newId('att'),
          workspace: workspace ?? principal.workspaceId,
          host: integrations.connecting.hostOf(integration),
          isElsewhere: request.host !== new URL(origin).host,
          problem: mayConnect(principal) ?? (await integrations.connecting.problemWith(integration)),
        }),
      )
    }),
  )

  app.get('/connect/start', open, (request, reply) =>
    shown(request, reply, async () => {
      const origin = origins.own(request)
      const principal = await person(request)
      if (!principal) return signIn(request, reply)
      // Another site must not begin it in the name of whoever is signed in here. Browsers say this only where the hub has TLS, or is on this machine.
      const { 'sec-fetch-site': site = 'same-origin' } = request.headers
      const { integration: name = '', workspace, attempt, next } = request.query as Asked
      if (site !== 'same-origin' && site !== 'none') return reply.redirect(`/connect?${queryOf(name, workspace)}`, 303)
      const problem = mayConnect(principal)
      if (problem) throw problem
      if (attempt !== undefined && !/^att_[0-9a-f-]{36}$/.test(attempt))
        throw hubError('invalid_input', { errors: [{ path: 'query.attempt', message: 'must be the id of an attempt' }] })
      const integration = await integrations.get(principal.workspaceId, name)
      const { url } = await integrations.connecting.begin(principal, integration, {
        ...(attempt === undefined
          ? { returnUrl: `${origin}${next === undefined ? `/connect?${queryOf(name, workspace)}` : safeNext(next)}` }
          : { id: attempt }),
        redirectUri: `${origin}/oauth/callback`,
        browser: pages.browser(request, reply),
      })
      return reply.redirect(url, 303)
    }),
  )
}

function queryOf(integration: string, workspace: string | undefined): string {
  return new URLSearchParams({ integration, ...(workspace === undefined ? {} : { workspace }) }).toString()
}

function mayConnect(principal: Principal): HubError | undefined {
  if (allows(principal, 'integrations:write')) return undefined
  return hubError('scope_missing', {
    detail: 'your role does not let you connect integrations',
    hint: 'ask an administrator of the workspace',
  })
}
