import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SignInSession } from '#access'
import type { GrantView } from '#apps'
import type { RestApp } from '#transports/rest'
import { toolsOf, wordsFor } from './consent-page.ts'
import type { WebDeps } from './deps.ts'
import { readForms } from './forms.ts'
import { html, type Html } from './html.ts'
import { sendPage } from './page.ts'
import { shown } from './shown.ts'

const open = { config: { access: 'public' }, schema: { hide: true } } as const
const path = '/account/apps'
/** Of one person. */
const most = 200

/** `/account/apps`: what a person allowed, and the end of it. */
export async function appsRoutes(app: RestApp, { apps, people, origins }: WebDeps): Promise<void> {
  const signedIn = async (request: FastifyRequest, reply: FastifyReply): Promise<SignInSession | undefined> => {
    origins.own(request)
    const session = await people.session(request.headers.cookie)
    if (!session) void reply.redirect(`/sign-in?next=${path}`, 303)
    return session
  }

  app.get(path, open, (request, reply) =>
    shown(request, reply, async () => {
      const session = await signedIn(request, reply)
      if (!session) return reply
      return sendPage(reply, { title: 'Apps', body: listOf(await apps.grants.list({ userId: session.id, limit: most })) })
    }),
  )

  await app.register(async (forms: RestApp) => {
    readForms(forms)
    forms.post(path, open, (request, reply) =>
      shown(request, reply, async () => {
        origins.requireOwn(request)
        const session = await signedIn(request, reply)
        if (!session) return reply
        const { grant = '' } = (request.body ?? {}) as Readonly<Record<string, string>>
        await apps.grants.revoke({ kind: 'user', id: session.id }, grant, { userId: session.id })
        return reply.redirect(path, 303)
      }),
    )
  })
}

function listOf(grants: readonly GrantView[]): Html {
  if (grants.length === 0) return html`<p>You have not allowed any app to use this hub for you.</p>`
  return html`<p>These apps may use this hub for you. One that you end stops working within a second.</p>
    <ul class="plain">
      ${grants.map(
        ({ id, app, workspace, scopes, view, createdAt, lastUsedAt }) =>
          html`<li>
            <div>
              <strong>${app.name}</strong
              >${app.kind === 'document' ? html` <span class="muted">${new URL(app.clientId).host}</span>` : undefined}<br />
              <span class="muted">In ${workspace}. Tools: ${toolsOf(view)}. ${scopes.map(wordsFor).join('; ')}.</span><br />
              <span class="muted">Allowed on ${day(createdAt)}, ${lastUsedAt ? `last used on ${day(lastUsedAt)}` : 'not used yet'}.</span>
            </div>
            <form method="post" action="${path}">
              <input type="hidden" name="grant" value="${id}" />
              <button aria-label="End ${app.name}">End</button>
            </form>
          </li>`,
      )}
    </ul>`
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
