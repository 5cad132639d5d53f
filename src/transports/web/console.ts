import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hubError } from '#errors'
import type { RestApp } from '#transports/rest'
import { html } from './html.ts'
import { sendPage } from './page.ts'

/** Where `npm run console` puts what it builds. */
const built = fileURLToPath(new URL('../../../console/dist/', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Pages of the console. The program in the browser reads the rest of the path. */
const pages = ['/', '/w/*', '/go/*']

/** The console: its files, and one page that loads them. A hub without the files says so. */
export function consoleRoutes(app: RestApp, folder = built): void {
  const config = { access: 'public' }
  const page = pageIn(folder)
  for (const url of pages) {
    app.get(url, { config, schema: { hide: true } }, (_request, reply) => (page === undefined ? notBuilt(reply) : sendConsole(reply, page)))
  }
  if (page === undefined) return
  const files = new Set(readdirSync(folder, { recursive: true }).map((name) => String(name).replaceAll('\\', '/')))
  app.get('/console/*', { config, schema: { hide: true } }, (request, reply) => {
    const { '*': name } = request.params as { '*': string }
    const type = types[extname(name)]
    // Only names that the build made, so that no path leads out of the folder.
    if (type === undefined || !files.has(name)) throw hubError('not_found', { detail: 'the console has no such file' })
    return sendFile({ request, reply, folder, name, type, isPacked: files.has(`${name}.br`) })
  })
}

function pageIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'index.html'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function sendConsole(reply: FastifyReply, page: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  return reply
    .headers({
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
      'referrer-policy': 'same-origin',
      // A window in which somebody connects an integration tells this page how it went.
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'cache-control': 'no-store',
    })
    .type('text/html; charset=utf-8')
    .send(page.replace('STYLE_NONCE', nonce))
}

interface FileRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly folder: string
  readonly name: string
  readonly type: string
  readonly isPacked: boolean
}

async function sendFile({ request, reply, folder, name, type, isPacked }: FileRequest): Promise<FastifyReply> {
  const packed = isPacked && /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
  const content = await readFile(join(folder, packed ? `${name}.br` : name))
  if (packed) reply.header('content-encoding', 'br')
  return (
    reply
      // Names in `assets/` contain a digest of the content.
      .header('cache-control', name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
      .header('vary', 'accept-encoding')
      .type(type)
      .send(content)
  )
}

function notBuilt(reply: FastifyReply): FastifyReply {
  return sendPage(reply, {
    title: 'The console is not built',
    status: 404,
    body: html`
      <p>This hub works, and its API answers. The pages of the console are missing.</p>
      <p>
        Run <code>npm ci</code> and then <code>npm start</code>, which builds them in a few seconds, or <code>npm run console</code> beside
        a running hub and start that again.
      </p>
      <p><a href="/docs">API reference</a> · <a href="/account">Your account</a></p>
    `,
  })
}
