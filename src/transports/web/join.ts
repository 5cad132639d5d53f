import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { longestPassword, shortestPassword, type LinkOffer } from '#access'
import { hubError, HubError } from '#errors'
import type { RestApp } from '#transports/rest'
import { sendAuth } from './auth.ts'
import { html, sentence, type Html } from './html.ts'
import { sendPage } from './page.ts'
import type { WebDeps } from './deps.ts'

const text = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'must be one line of text')

const joining = z.strictObject({
  token: z.string().max(200),
  name: text,
  email: z.email().max(254),
  password: z.string().min(shortestPassword, `must have at least ${shortestPassword} characters`).max(longestPassword),
})

const accepting = z.strictObject({ token: z.string().max(200) })

/** The pages behind the links that let people in: `/setup` for the first administrator, and invitations. */
export function joinRoutes(app: RestApp, deps: WebDeps): void {
  const { people, origins } = deps
  const open = { access: 'public' }

  for (const path of ['/setup', '/invitations/accept']) {
    app.get(path, {
      config: open,
      schema: { hide: true },
      handler: (request, reply) => joinPage(deps, request, reply),
    })
  }

  app.post('/invitations/accept', {
    config: open,
    schema: { hide: true },
    handler: async (request, reply) => {
      origins.requireOwn(request)
      const { ip: address } = request
      const session = await people.session(request.headers.cookie)
      if (session && accepting.safeParse(request.body).success) {
        const { token } = accepting.parse(request.body)
        await people.accept(token, session, address)
        return reply.send({})
      }
      const parsed = joining.safeParse(request.body)
      if (!parsed.success) {
        const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
        throw hubError('invalid_input', { errors })
      }
      const { 'user-agent': userAgent } = request.headers
      return sendAuth(reply, await people.join({ ...parsed.data, address, origin: origins.own(request), userAgent }))
    },
  })
}

async function joinPage({ people }: WebDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { token } = request.query as { token?: unknown }
  const isSetup = request.url.startsWith('/setup')
  const title = isSetup ? 'Set up this hub' : 'Accept the invitation'
  if (typeof token !== 'string') {
    const where = isSetup
      ? 'The hub writes the link into its data folder; `hub user setup-link` makes a new one.'
      : 'Open the link that you were sent.'
    return sendPage(reply, { title, body: html`<p class="note waiting">This page needs a link with a token. ${where}</p>` })
  }
  const found = await people.readLink(token, request.ip).catch((error: unknown) => {
    if (error instanceof HubError) return error
    throw error
  })
  if (found instanceof HubError) {
    const { detail = found.entry.title, hint = '' } = found.details
    const more = isSetup
      ? html`<p>On the machine of the hub, <code>hub user setup-link</code> makes a new one.</p>`
      : html`<p>${sentence(hint)}</p>`
    const body = html`<p class="note failed" role="alert">${sentence(detail)}</p>
      ${more}`
    return sendPage(reply, { title, status: found.entry.status, body })
  }
  const session = await people.session(request.headers.cookie)
  const body = session ? acceptForm(found, session.email) : personForm(found)
  return sendPage(reply, { title, script: 'join.js', data: { token, next: '/' }, body })
}

function personForm({ email, role, hubAdmin, workspace }: LinkOffer): Html {
  return html`
    <p>
      ${hubAdmin ? 'You will be an administrator of this hub, and' : 'You will be'} ${articleOf(role)} <strong>${role}</strong> of the
      workspace <strong>${workspace}</strong>.
    </p>
    ${message}
    <form id="join-form">
      <label>Your name <input name="name" autocomplete="name" required maxlength="100" autofocus /></label>
      <label>
        E-mail address
        <input
          name="email"
          type="email"
          autocomplete="username"
          required
          maxlength="254"
          value="${email ?? ''}"
          ${email === null ? undefined : html`readonly`}
        />
      </label>
      <label>
        Password, at least ${shortestPassword} characters
        <input
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minlength="${shortestPassword}"
          maxlength="${longestPassword}"
        />
      </label>
      <div class="actions"><button class="main">Create the account</button></div>
    </form>
    <p class="muted">You have an account already? <a href="/sign-in">Sign in</a>, then open the link again.</p>
  `
}

function acceptForm({ role, workspace }: LinkOffer, email: string): Html {
  return html`
    <p>
      You are signed in as ${email}, and will be ${articleOf(role)} <strong>${role}</strong> of the workspace <strong>${workspace}</strong>.
    </p>
    ${message}
    <form id="join-form">
      <div class="actions"><button class="main">Join</button></div>
    </form>
  `
}

const message = html`<p id="message" class="note failed" role="alert" hidden></p>`

function articleOf(role: string): string {
  return role === 'owner' || role === 'admin' ? 'an' : 'a'
}
