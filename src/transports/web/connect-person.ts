import type { FastifyReply, FastifyRequest } from 'fastify'
import { allows, type People, type Principal } from '#access'
import { hubError } from '#errors'
import type { Integrations } from '#integrations'
import { newId } from '#lib/ids'
import type { Origins, RestApp } from '#transports/rest'
import { html } from './html.ts'
import { sendPage } from './page.ts'

export interface ConnectPersonDeps {
  readonly people: People
  readonly integrations: Integrations
  readonly origins: Origins
}

/** What the pages of `connect.ts` share with these. */
export interface ConnectPages {
  shown(request: FastifyRequest, reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply>
  /** What only this browser has; sets its cookie. */
  browser(request: FastifyRequest, reply: FastifyReply): string
}

interface Asked {
  readonly integration?: string
  readonly workspace?: string
  readonly attempt?: string
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
    pages.shown(request, reply, async () => {
      const origin = origins.own(request)
      const principal = await person(request)
      if (!principal) return signIn(request, reply)
      const { integration: name = '', workspace } = request.query as Asked
      const integration = await integrations.get(principal.workspaceId, name)
      const connector = integrations.connector(integration.connector)
      const problem = await integrations.connecting.problemWith(integration)
      const mayConnect = allows(principal, 'integrations:write')
      const isElsewhere = request.host !== new URL(origin).host
      const state = integration.connection?.state
      return sendPage(reply, {
        title: `Connect ${connector.title}`,
        script: 'connect.js',
        data: {
          attempt: newId('att'),
          integration: integration.name,
          workspace: workspace ?? principal.workspaceId,
        },
        body: html`
          <p>
            ${connector.title} as “${integration.name}”.
            ${state === 'connected' ? `It is connected${integration.connection?.account ? ` as ${integration.connection.account}` : ''}; connecting again replaces that.` : undefined}
            ${state === 'reconnect_needed' ? html`<span class="note waiting">It has to be connected again: ${integration.connection?.problem ?? ''}</span>` : undefined}
          </p>
          ${isElsewhere ? html`<p class="note waiting">You are at ${request.host}, but this hub is known as ${origin}. ${connector.title} sends you back there, so open this page there.</p>` : undefined}
          ${problem === undefined ? undefined : html`<p class="note failed" role="alert">${problem.message}. ${problem.details.hint ?? ''}</p>`}
          ${mayConnect ? undefined : html`<p class="note failed" role="alert">You may not connect integrations: your role lacks integrations:write.</p>`}
          <p class="muted">The application at ${connector.title} needs this redirect URL: <code>${origin}/oauth/callback</code></p>
          <p id="message" class="note waiting" role="status" hidden></p>
          <div class="actions">
            <button class="main" id="connect" ${problem !== undefined || !mayConnect ? html`disabled` : undefined}>Connect</button>
            <a class="button" id="same-tab" hidden>Continue in this tab</a>
            <button id="again" hidden>Start again</button>
            <button id="cancel" hidden>Cancel</button>
          </div>
          <noscript
            ><p><a class="button main" href="${startUrl(integration.name, workspace)}">Connect</a></p></noscript
          >
        `,
      })
    }),
  )

  app.get('/connect/start', open, (request, reply) =>
    pages.shown(request, reply, async () => {
      const origin = origins.own(request)
      const principal = await person(request)
      if (!principal) return signIn(request, reply)
      // Another site must not begin it in the name of whoever is signed in here.
      const { 'sec-fetch-site': site = 'same-origin' } = request.headers
      const { integration: name = '', workspace, attempt } = request.query as Asked
      if (site !== 'same-origin' && site !== 'none') return reply.redirect(`/connect?${queryOf(name, workspace)}`, 303)
      if (!allows(principal, 'integrations:write')) throw hubError('scope_missing', { detail: 'your role lacks integrations:write' })
      if (attempt !== undefined && !/^att_[0-9a-f-]{36}$/.test(attempt))
        throw hubError('invalid_input', { errors: [{ path: 'query.attempt', message: 'must be the id of an attempt' }] })
      const integration = await integrations.get(principal.workspaceId, name)
      const { url } = await integrations.connecting.begin(principal, integration, {
        ...(attempt === undefined ? { returnUrl: `${origin}/connect?${queryOf(name, workspace)}` } : { id: attempt }),
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

function startUrl(integration: string, workspace: string | undefined): string {
  return `/connect/start?${queryOf(integration, workspace)}`
}
