import type { FastifyReply } from 'fastify'
import { longestPassword, shortestPassword, type Person, type SessionRow, type SignInSession } from '#access'
import type { RestApp } from '#transports/rest'
import type { WebDeps } from './deps.ts'
import { html, type Html } from './html.ts'
import { sendPage } from './page.ts'
import { failureOf } from './sign-in.ts'

/** `/account`: what somebody who is signed in can see and change of themselves. */
export function accountRoutes(app: RestApp, deps: WebDeps): void {
  app.get('/account', {
    config: { access: 'public' },
    schema: { hide: true },
    handler: async (request, reply) => {
      const session = await deps.people.session(request.headers.cookie)
      if (!session) return reply.redirect('/sign-in?next=/account')
      const { error } = request.query as { error?: unknown }
      return accountPage(deps, reply, { session, failure: typeof error === 'string' ? failureOf(error) : undefined })
    },
  })
}

interface AccountView {
  readonly session: SignInSession
  readonly failure: string | undefined
}

async function accountPage({ people }: WebDeps, reply: FastifyReply, { session, failure }: AccountView): Promise<FastifyReply> {
  const [means, sessions] = await Promise.all([people.meansOf(session.id), people.sessions.list(session.id)])
  return sendPage(reply, {
    title: 'Your account',
    script: 'account.js',
    body: html`
      <p>${session.name} · <span class="muted">${session.email}</span></p>
      <p id="message" class="note failed" role="status" ${failure === undefined ? html`hidden` : undefined}>${failure}</p>
      <h2>Workspaces</h2>
      ${workspaceList(session)}
      <h2>Name</h2>
      <form id="name-form">
        <label>Your name <input name="name" autocomplete="name" required maxlength="100" value="${session.name}" /></label>
        <div class="actions"><button>Change the name</button></div>
      </form>
      ${means.password ? passwordForm : html``}
      <h2>Passkeys</h2>
      ${means.passkeys.length === 0 ? html`<p class="muted">None yet. A passkey signs you in with your device, without a password.</p>` : undefined}
      <ul class="plain">
        ${means.passkeys.map(
          ({ id, name, createdAt }) =>
            html`<li>
              <span>${name ?? 'Passkey'}, added ${dateOf(createdAt)}</span>
              <button type="button" data-passkey="${id}" aria-label="Remove the passkey ${name ?? ''}">Remove</button>
            </li>`,
        )}
      </ul>
      <form id="passkey-form">
        <label>Name of the new passkey <input name="name" required maxlength="60" placeholder="Laptop" /></label>
        <div class="actions"><button>Add a passkey</button></div>
      </form>
      <h2>Second factor</h2>
      ${means.twoFactor ? secondFactorOn(means.password) : secondFactorOff(means.password)}
      ${people.singleSignOn === undefined || !means.password ? undefined : singleSignOn(people.singleSignOn, means.singleSignOn)}
      <h2>Sign-in sessions</h2>
      <ul class="plain">
        ${sessions.map((row) => sessionItem(row, row.id === session.sessionId))}
      </ul>
      <div class="actions"><button type="button" class="main" id="sign-out">Sign out</button></div>
      <noscript><p class="note failed">Changing something here needs JavaScript.</p></noscript>
    `,
  })
}

function workspaceList({ memberships, hubAdmin, email }: Person): Html {
  return html`
    ${hubAdmin ? html`<p>You are an administrator of this hub, and may do everything in every workspace.</p>` : undefined}
    ${
      memberships.length === 0
        ? html`<p class="note waiting">
            You are not a member of any workspace. Ask an administrator for an invitation, and open its link in this browser. This command
            makes one: <code>hub user invite ${email} --role member</code>
          </p>`
        : undefined
    }
    <ul class="plain">
      ${memberships.map(({ workspace, role }) => html`<li><span>${workspace}</span><span class="muted">${role}</span></li>`)}
    </ul>
  `
}

function sessionItem({ id, createdAt, address, userAgent }: SessionRow, isCurrent: boolean): Html {
  return html`<li>
    <span
      >${address ?? 'unknown address'}, since ${dateOf(createdAt)}${isCurrent ? ' (this one)' : ''}<br /><span class="muted"
        >${userAgent ?? ''}</span
      ></span
    >
    ${isCurrent ? undefined : html`<button type="button" data-session="${id}" aria-label="End the session of ${address ?? ''}">End</button>`}
  </li>`
}

const passwordForm = html`
  <h2>Password</h2>
  <form id="password-form">
    <label
      >Present password
      <input name="currentPassword" type="password" autocomplete="current-password" required maxlength="${longestPassword}"
    /></label>
    <label>
      New password, at least ${shortestPassword} characters
      <input
        name="newPassword"
        type="password"
        autocomplete="new-password"
        required
        minlength="${shortestPassword}"
        maxlength="${longestPassword}"
      />
    </label>
    <p class="muted">Your other sign-in sessions end.</p>
    <div class="actions"><button>Change the password</button></div>
  </form>
`

function passwordField(needed: boolean): Html | undefined {
  return needed
    ? html`<label
        >Your password <input name="password" type="password" autocomplete="current-password" required maxlength="${longestPassword}"
      /></label>`
    : undefined
}

function singleSignOn(name: string, isLinked: boolean): Html {
  return html`
    <h2>Single sign-on</h2>
    ${
      isLinked
        ? html`<p class="note ok">You can sign in with ${name}.</p>`
        : html`<p>
            You can also sign in with ${name}, if your e-mail address there is the same. The hub then asks for no password and no second
            factor.
          </p>`
    }
    <form id="${isLinked ? 'unlink' : 'link'}-form">
      ${passwordField(true)}
      <div class="actions"><button>${isLinked ? `Remove ${name}` : `Add ${name}`}</button></div>
    </form>
  `
}

const backupCodes = html`<ul id="backup-codes" class="codes mono" hidden></ul>`

function secondFactorOff(needsPassword: boolean): Html {
  return html`
    <p>After your password, the hub asks for a code of an authenticator app. A passkey needs no code.</p>
    <form id="enable-form">
      ${passwordField(needsPassword)}
      <div class="actions"><button>Set it up</button></div>
    </form>
    <form id="verify-form" hidden>
      <p>Scan this code with your authenticator app, or type the key into it. On a phone, <a id="app-link">open it in the app</a>.</p>
      <div id="qr"></div>
      <p><code id="totp-key"></code></p>
      <p>Keep these backup codes. Each one works once, in place of a code.</p>
      ${backupCodes}
      <label>Code of the app <input name="code" inputmode="numeric" autocomplete="one-time-code" required pattern="[0-9]{6}" /></label>
      <div class="actions"><button class="main">Turn it on</button></div>
    </form>
  `
}

function secondFactorOn(needsPassword: boolean): Html {
  return html`
    <p class="note ok">A second factor is on.</p>
    ${backupCodes}
    <form id="factor-form">
      ${passwordField(needsPassword)}
      <div class="actions">
        <button name="change" value="codes">Make new backup codes</button>
        <button name="change" value="off">Turn it off</button>
      </div>
    </form>
  `
}

function dateOf(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
