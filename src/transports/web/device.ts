import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SignInSession } from '#access'
import { hubError } from '#errors'
import type { RestApp } from '#transports/rest'
import type { WebDeps } from './deps.ts'
import { readForms } from './forms.ts'
import { html, type Html } from './html.ts'
import { sendPage } from './page.ts'
import { shown } from './shown.ts'

const open = { config: { access: 'public' }, schema: { hide: true } } as const

/** `/device`: lets the command line of a machine in, which `hub login` shows a code for. */
export async function deviceRoutes(app: RestApp, { access, people, origins }: WebDeps): Promise<void> {
  const { deviceLogins } = access

  const signedIn = async (request: FastifyRequest, reply: FastifyReply, code: string): Promise<SignInSession | undefined> => {
    origins.own(request)
    const session = await people.session(request.headers.cookie)
    const here = code === '' ? '/device' : `/device?code=${encodeURIComponent(code)}`
    if (!session) void reply.redirect(`/sign-in?next=${encodeURIComponent(here)}`, 303)
    return session
  }

  app.get<{ Querystring: { code?: string | string[] } }>('/device', open, (request, reply) =>
    shown(request, reply, async () => {
      const { code } = request.query
      const given = typeof code === 'string' ? code : ''
      const session = await signedIn(request, reply, given)
      if (!session) return reply
      if (session.memberships.length === 0) {
        throw hubError('scope_missing', {
          detail: 'you are not a member of any workspace, so a command line has nothing to act in',
          hint: 'ask an administrator of the workspace for an invitation, then run `hub login` again',
        })
      }
      if (given === '') return sendPage(reply, { title: 'Let a command line in', body: codeForm })
      const login = await deviceLogins.look(given, request.ip)
      return sendPage(reply, { title: 'Let a command line in?', body: decisionForm({ ...login, code: given, session }) })
    }),
  )

  await app.register(async (forms: RestApp) => {
    readForms(forms)
    forms.post('/device', open, (request, reply) =>
      shown(request, reply, async () => {
        origins.requireOwn(request)
        const { code = '', decision, workspace } = (request.body ?? {}) as Readonly<Record<string, string | undefined>>
        const session = await signedIn(request, reply, code)
        if (!session) return reply
        await deviceLogins.look(code, request.ip)
        const { id: userId, memberships } = session
        const isAllowed = decision === 'allow'
        if (isAllowed && !memberships.some(({ workspaceId }) => workspaceId === workspace))
          throw hubError('scope_missing', { detail: 'you are not a member of this workspace' })
        await deviceLogins.decide({ code, userId, workspaceId: isAllowed ? workspace : undefined, address: request.ip })
        const body = isAllowed
          ? html`<p class="note ok" role="status">The command line is let in. You can close this window.</p>`
          : html`<p class="note" role="status">The command line was not let in. Nothing was given to it.</p>`
        return sendPage(reply, { title: isAllowed ? 'Let in' : 'Not let in', body })
      }),
    )
  })
}

const codeForm = html`<p>Type the code that <span class="mono">hub login</span> shows.</p>
  <form method="get" action="/device">
    <label
      >Code <input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20" autofocus
    /></label>
    <div class="actions"><button class="main">Continue</button></div>
  </form>`

interface Decision {
  readonly code: string
  readonly name: string
  readonly address: string
  readonly session: SignInSession
}

function decisionForm({ code, name, address, session }: Decision): Html {
  const { memberships } = session
  const [only] = memberships
  return html`<p>A command line wants to act as <strong>${session.name}</strong> (${session.email}).</p>
    <dl>
      <dt>Code</dt>
      <dd class="code mono">${spelled(code)}</dd>
      <dt>Machine</dt>
      <dd>${name}</dd>
      <dt>Address</dt>
      <dd class="mono">${address}</dd>
    </dl>
    <p class="note waiting">
      Continue only if you have just run <span class="mono">hub login</span> yourself and it shows this code. It gets all your rights for 90
      days.
    </p>
    <form method="post" action="/device">
      <input type="hidden" name="code" value="${code}" />
      ${
        only && memberships.length === 1
          ? html`<input type="hidden" name="workspace" value="${only.workspaceId}" />
              <p>In the workspace <strong>${only.workspace}</strong>.</p>`
          : html`<label>
              Workspace
              <select name="workspace">
                ${memberships.map(({ workspaceId, workspace }) => html`<option value="${workspaceId}">${workspace}</option>`)}
              </select>
            </label>`
      }
      <div class="actions">
        <button class="main" name="decision" value="allow">Let it in</button>
        <button name="decision" value="refuse">Refuse</button>
      </div>
    </form>`
}

function spelled(code: string): string {
  const letters = code.toUpperCase().replaceAll(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}
