import type { RestApp } from '#transports/rest'
import { html } from './html.ts'
import { safeNext } from './next.ts'
import { sendPage } from './page.ts'
import type { WebDeps } from './deps.ts'

const failures: Readonly<Record<string, string>> = {
  invitation_needed: 'Nobody has invited this e-mail address. Ask an administrator of your workspace for an invitation.',
  email_not_verified: 'Your identity provider does not say that your e-mail address is verified. Verify it there, then try again.',
  account_not_linked:
    'This e-mail address has an account with a password here. Sign in with the password; then you can add single sign-on.',
  email_does_not_match: 'Your e-mail address there is another one than here. Nothing was changed.',
  account_already_linked_to_different_user: 'This identity belongs to the account of somebody else here. Nothing was changed.',
}

/** What single sign-on ended with, in words. */
export function failureOf(code: string): string {
  return failures[code] ?? 'Single sign-on did not work. Try again, or ask an administrator.'
}

/** `/sign-in`: password, passkey or single sign-on, then the second factor. */
export function signInRoutes(app: RestApp, { people }: WebDeps): void {
  app.get('/sign-in', {
    config: { access: 'public' },
    schema: { hide: true },
    handler: async (request, reply) => {
      const { next: asked, error } = request.query as { next?: unknown; error?: unknown }
      const next = safeNext(asked)
      if ((await people.session(request.headers.cookie)) && typeof asked === 'string') return reply.redirect(next)
      return sendPage(reply, {
        title: 'Sign in',
        script: 'sign-in.js',
        data: { next },
        body: html`
          <p id="message" class="note failed" role="alert" ${typeof error === 'string' ? undefined : html`hidden`}>
            ${typeof error === 'string' ? failureOf(error) : ''}
          </p>
          <form id="password-form">
            <label>E-mail address <input name="email" type="email" autocomplete="username webauthn" required autofocus /></label>
            <label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="200" /></label>
            <div class="actions"><button class="main">Sign in</button></div>
          </form>
          <form id="code-form" hidden>
            <p>Enter the code of your authenticator app, or one of your backup codes.</p>
            <label>Code <input name="code" autocomplete="one-time-code" required maxlength="20" /></label>
            <div class="actions"><button class="main">Continue</button></div>
          </form>
          <div class="actions" id="others">
            <button type="button" id="passkey">Use a passkey</button>
            ${
              people.singleSignOn === undefined
                ? undefined
                : html`<button type="button" id="sso">Sign in with ${people.singleSignOn}</button>`
            }
          </div>
          <noscript><p class="note failed">Signing in needs JavaScript.</p></noscript>
        `,
      })
    },
  })
}
