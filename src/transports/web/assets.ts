import { readFileSync } from 'node:fs'
import type { RestApp } from '#transports/rest'

/** The files in `assets/`: the style of all pages, and a script for each page that has one. */
const assets = [
  'tokens.css',
  'style.css',
  'forms.js',
  'sign-in.js',
  'join.js',
  'account.js',
  'qr.js',
  'connect.js',
  'connected.js',
] as const

export type Asset = (typeof assets)[number]

export function assetRoutes(app: RestApp): void {
  for (const name of assets) {
    const content = readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8')
    const type = name.endsWith('.css') ? 'text/css' : 'text/javascript'
    app.get(`/assets/${name}`, { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).header('cache-control', 'max-age=60').send(content),
    )
  }
}
