import { scopes as scopeWords, type Person, type Scope } from '#access'
import { isLoopback, type Authorization } from '#apps'
import { html, type Html } from './html.ts'
import type { Page } from './page.ts'

export interface Choice {
  readonly workspaceId: string
  readonly workspace: string
  /** Of what the app asks for, what the person can give there. */
  readonly scopes: readonly string[]
}

export interface ConsentView {
  readonly request: Authorization
  readonly person: Pick<Person, 'name' | 'email'>
  readonly choices: readonly Choice[]
  /** The query of the request, which the form sends again. */
  readonly query: string
}

export function consentPage({ request, person, choices, query }: ConsentView): Page {
  const { app, redirectUri } = request
  const grantable = request.scopes.filter((scope) => choices.some(({ scopes }) => scopes.includes(scope)))
  const lacking = request.scopes.filter((scope) => !grantable.includes(scope))
  return {
    title: 'Allow an app?',
    body: html`<p><strong>${app.name}</strong> wants to use this hub for you. You are signed in as ${person.name} (${person.email}).</p>
      <dl>
        <dt>${app.kind === 'document' ? 'It is described at' : 'Who vouches for it'}</dt>
        <dd>${app.kind === 'document' ? html`<span class="mono">${new URL(app.clientId).host}</span>` : 'nobody: it registered itself'}</dd>
        <dt>The answer goes to</dt>
        <dd>${placeOf(redirectUri)}</dd>
        <dt>Tools</dt>
        <dd>${toolsOf(request.view)}</dd>
      </dl>
      ${warningOf(request)}
      ${
        grantable.length === 0
          ? html`<p class="note failed" role="alert">Your role does not allow any of what it asks for: ${lacking.join(', ')}.</p>`
          : undefined
      }
      <form method="post" action="/oauth/consent">
        <input type="hidden" name="request" value="${query}" />
        ${workspaces(choices)}
        ${
          grantable.length === 0
            ? undefined
            : html`<fieldset>
                <legend>It may</legend>
                ${grantable.map(scopeChoice)}
              </fieldset>`
        }
        ${
          lacking.length === 0 || grantable.length === 0
            ? undefined
            : html`<p class="muted">It also asks for ${lacking.join(', ')}, which your role does not allow.</p>`
        }
        <div class="actions">
          ${grantable.length === 0 ? undefined : html`<button class="main" name="decision" value="allow">Allow</button>`}
          <button name="decision" value="refuse">Refuse</button>
        </div>
      </form>
      <p class="muted">It can never do more than you can. You see and end what you allowed under <a href="/account/apps">Apps</a>.</p>`,
    formTargets: [formTarget(redirectUri)],
  }
}

function workspaces(choices: readonly Choice[]): Html {
  const [only] = choices
  if (only && choices.length === 1)
    return html`<input type="hidden" name="workspace" value="${only.workspaceId}" />
      <p>In the workspace <strong>${only.workspace}</strong>.</p>`
  return html`<label>
    Workspace
    <select name="workspace">
      ${choices.map(({ workspaceId, workspace }) => html`<option value="${workspaceId}">${workspace}</option>`)}
    </select>
  </label>`
}

function scopeChoice(scope: string): Html {
  return html`<label class="choice">
    <input type="checkbox" name="scope.${scope}" value="1" checked />
    <span>${wordsFor(scope)} <span class="muted mono">${scope}</span></span>
  </label>`
}

/** What a scope allows, in words. */
export function wordsFor(scope: string): string {
  const [, what] = /^tools:call:(.+)$/.exec(scope) ?? []
  if (what !== undefined) return `Call the tools of ${what}, or the tool of this name`
  if (scope === 'tools:call') return 'Call tools, those that change something too'
  return (scopeWords[scope as Scope] ?? scope).replace(/\.$/, '')
}

export function toolsOf(view: string): string {
  const query = new URLSearchParams(view)
  const names = query.get('toolset')
  const which = names === null ? 'all of the workspace' : names.split(',').join(', ')
  return query.has('read_only') ? `${which}, only those that read` : which
}

function placeOf(redirectUri: string): Html {
  const { protocol, host } = new URL(redirectUri)
  if (isLoopback(redirectUri)) return html`a program on this machine (<span class="mono">${host}</span>)`
  if (protocol === 'https:') return html`<span class="mono">${host}</span>`
  return html`a program that opens links of <span class="mono">${protocol}</span>`
}

function warningOf({ app, redirectUri }: Authorization): Html | undefined {
  if (app.kind === 'registered')
    return html`<p class="note waiting">
      The hub cannot check who made this app: anybody can register one under any name. Allow it only if you have just connected it yourself.
    </p>`
  if (isLoopback(redirectUri))
    return html`<p class="note waiting">
      Any program on this machine can say that it is this app. Allow it only if you have just connected it yourself.
    </p>`
  return new URL(app.clientId).host === new URL(redirectUri).host
    ? undefined
    : html`<p class="note waiting">The answer goes to another host than the one that describes the app.</p>`
}

/** Browsers check where a form leads, by a redirect too. */
function formTarget(redirectUri: string): string {
  const { protocol, origin } = new URL(redirectUri)
  return protocol === 'https:' || protocol === 'http:' ? origin : protocol
}
