import type { FastifyReply } from 'fastify'
import type { Asset } from './assets.ts'
import { html, type Html } from './html.ts'

export interface Page {
  readonly title: string
  readonly body: Html
  /** The file in `assets/` with the page's script. */
  readonly script?: Asset
  readonly status?: number
  /** Values for the script, in `data-` attributes of `main`. */
  readonly data?: Readonly<Record<string, string>>
  /**
   * Origins beside ours to which a form of the page may lead, by a redirect too. Browsers check each step of it.
   */
  readonly formTargets?: readonly string[]
  /** Cuts the page off from the window that opened it, unless this is false: the page at the end of a connection tells its opener. */
  readonly isolated?: boolean
}

/** Sends a page of the hub. It loads nothing from elsewhere, stands in no frame, and runs no script of its own text. */
export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  const { title, body, script, status = 200, data = {}, formTargets = [], isolated = true } = page
  const attributes = Object.entries(data).map(([name, value]) => html` data-${name}="${value}"`)
  const whole = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · IntegrationHub</title>
        <link rel="stylesheet" href="/assets/tokens.css" />
        <link rel="stylesheet" href="/assets/style.css" />
        ${script === undefined ? undefined : html`<script type="module" src="/assets/${script}"></script>`}
      </head>
      <body>
        <main ${attributes}>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`
  return reply
    .code(status)
    .headers({
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action ${["'self'", ...formTargets].join(' ')}; frame-ancestors 'none'`,
      // Without a referrer, browsers do not say either where a form comes from. Other sites are told nothing.
      'referrer-policy': 'same-origin',
      ...(isolated ? { 'cross-origin-opener-policy': 'same-origin-allow-popups' } : {}),
    })
    .type('text/html; charset=utf-8')
    .send(whole.text)
}
