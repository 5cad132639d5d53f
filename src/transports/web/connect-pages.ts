import type { HubError } from '#errors'
import type { ConnectLinks, Connecting } from '#integrations'
import { html, type Html } from './html.ts'
import type { Page } from './page.ts'

type Attempt = Awaited<ReturnType<Connecting['complete']>>
type LinkView = Awaited<ReturnType<ConnectLinks['look']>>

/** What a person reads before they go to the provider. */
export function linkPage({ integration, connector, workspace }: LinkView, token: string): Page {
  return {
    title: `Connect ${connector.title}`,
    body: html`<p>
        You were asked to connect <strong>${connector.title}</strong> as “${integration.name}” to the workspace
        <strong>${workspace}</strong>.
      </p>
      <p>
        On the next page ${connector.title} asks what you allow. After that, the workspace can act there with your account. Continue only if
        you know who sent you this link.
      </p>
      <form method="post" action="/connect/${token}">
        <div class="actions"><button class="main">Continue to ${connector.title}</button></div>
      </form>
      <p class="muted">This link works once.</p>`,
    // The form leads to the provider, wherever that is.
    formTargets: ['https:', 'http:'],
  }
}

/** How it went, after the provider sent the person back. */
export function attemptPage(attempt: Attempt): Page {
  const data = { attempt: attempt.id, status: attempt.status, ...(attempt.returnUrl === null ? {} : { next: attempt.returnUrl }) }
  if (attempt.status === 'choosing') return { title: 'Which one?', body: choices(attempt), isolated: false }
  if (attempt.status === 'connected')
    return {
      title: 'Connected',
      body: html`<p class="note ok" role="status">
          ${attempt.account === null ? 'It is connected now.' : `Connected as ${attempt.account}.`}
        </p>
        ${attempt.returnUrl === null ? html`<p>You can close this window.</p>` : html`<p><a class="button main" href="${attempt.returnUrl}">Continue</a></p>`}`,
      script: 'connected.js',
      data,
      isolated: false,
    }
  const title = attempt.status === 'denied' ? 'Not allowed' : attempt.status === 'cancelled' ? 'Cancelled' : 'Not connected'
  return {
    title,
    status: attempt.status === 'denied' || attempt.status === 'cancelled' ? 200 : 502,
    body: html`<p class="note failed" role="alert">${attempt.problem?.detail ?? 'Somebody ended this attempt.'}</p>
      ${attempt.problem?.hint === undefined ? undefined : html`<p>${sentence(attempt.problem.hint)}</p>`}
      <p>Nothing was stored.</p>
      ${attempt.returnUrl === null ? undefined : html`<p><a class="button" href="${attempt.returnUrl}">Back</a></p>`}`,
    script: 'connected.js',
    data: { attempt: attempt.id, status: attempt.status },
    isolated: false,
  }
}

function choices({ id, choices: offered }: Attempt): Html {
  return html`<p>You allowed several. Choose the one to connect.</p>
    <form method="post" action="/oauth/choice">
      <input type="hidden" name="attempt" value="${id}" />
      ${offered.map(
        (choice, index) =>
          html`<label class="choice"
            ><input
              type="radio"
              name="choice"
              value="${choice.id}"
              required
              ${index === 0 ? html`checked` : undefined}
            />${choice.title}</label
          >`,
      )}
      <div class="actions"><button class="main">Connect</button></div>
    </form>`
}

export function problemPage(error: HubError, requestId: string): Page {
  const { hint } = error.details
  return {
    title: 'This did not work',
    status: error.entry.status,
    body: html`<p class="note failed" role="alert">${sentence(error.message)}</p>
      ${hint === undefined ? undefined : html`<p>${sentence(hint)}</p>`}
      <p class="muted">Code ${error.code}, request <span class="mono">${requestId}</span></p>`,
  }
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}
