import type { HubError } from '#errors'
import type { ConnectLinks, Connecting } from '#integrations'
import { html, sentence, type Html } from './html.ts'
import type { Page } from './page.ts'

type Attempt = Awaited<ReturnType<Connecting['complete']>>
type LinkView = Awaited<ReturnType<ConnectLinks['look']>>

/** What a person reads before they go to the provider. */
export function linkPage({ integration, connector, workspace, host = connector.title }: LinkView, token: string): Page {
  return {
    title: `Connect ${integration.name}`,
    body: html`<p>
        You were asked to connect an account of yours to <strong>${integration.name}</strong> (${connector.title}) in the workspace
        <strong>${workspace}</strong>.
      </p>
      <p>
        Next, <strong>${host}</strong> asks what you allow. After that, the workspace can act there with your account. Continue only if you
        know who sent you this link.
      </p>
      <form method="post" action="/connect/${token}">
        <div class="actions"><button class="main">Continue to ${host}</button></div>
      </form>
      <p class="muted">This link works once.</p>`,
    // The form leads to the provider, wherever that is.
    formTargets: ['https:', 'http:'],
  }
}

interface ConnectView extends Omit<LinkView, 'workspace'> {
  readonly origin: string
  readonly attempt: string
  readonly workspace: string
  /** Whether the browser knows the hub under another name than the provider will send it back to. */
  readonly isElsewhere: boolean
  readonly problem: HubError | undefined
}

/** Where somebody who is signed in connects an integration. */
export function connectPage(view: ConnectView): Page {
  const { integration, connector, origin, attempt, workspace, host = connector.title, isElsewhere, problem } = view
  return {
    title: `Connect ${integration.name}`,
    script: 'connect.js',
    data: { attempt, integration: integration.name, workspace },
    body: html`<p>${host} asks what you allow. After that, everybody in the workspace can act there with your account.</p>
      ${stateNote(integration)}
      ${
        isElsewhere
          ? html`<p class="note waiting">
              This hub is known as ${origin}, where you will be sent back to. Open this page there: your browser is elsewhere now.
            </p>`
          : undefined
      }
      ${
        problem === undefined
          ? undefined
          : html`<p class="note failed" role="alert">${sentence(problem.message)} ${sentence(problem.details.hint ?? '')}</p>`
      }
      <p class="muted">The application at ${host} needs this redirect URL: <code>${origin}/oauth/callback</code></p>
      <p id="message" class="note waiting" role="status" hidden></p>
      <div class="actions">
        <button class="main" id="connect" ${problem === undefined ? undefined : html`disabled`}>Connect</button>
        <a class="button" id="same-tab" hidden>Continue in this tab</a>
        <button id="again" hidden>Start again</button>
        <button id="cancel" hidden>Cancel</button>
      </div>
      <noscript><p class="note failed">Connecting here needs JavaScript. A link of \`hub connect\` does not.</p></noscript>`,
  }
}

function stateNote({ connection }: LinkView['integration']): Html | undefined {
  if (connection?.state === 'reconnect_needed')
    return html`<p class="note waiting">It has to be connected again: ${connection.problem ?? 'its permission has ended'}.</p>`
  if (connection?.state !== 'connected') return undefined
  const account = connection.account === null ? '' : ` as ${connection.account}`
  return html`<p class="note ok">It is connected${account}. Connecting again replaces that.</p>`
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
    body: html`<p class="note failed" role="alert">${sentence(attempt.problem?.detail ?? 'somebody ended this attempt')}</p>
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
