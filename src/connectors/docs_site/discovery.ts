import { HubError, hubError } from '#kit'
import { fingerprintOf, givesMarkdown, looksLikeHtml, readPage, strayOf, type Page, type Stray } from './page.ts'
import { readSitemap } from './sitemap.ts'
import { isOfOne, textOf, unpacked, type Site } from './site.ts'

export interface Entry {
  readonly id: string
  readonly address: string
  readonly title?: string | undefined
  /** When the page changed, as its sitemap says. */
  readonly changed?: string | undefined
}

export interface Discovery {
  /** What listed the pages. */
  readonly via: 'llms.txt' | 'sitemap' | 'links'
  /** Of `links`, only the pages that the first page links to. */
  readonly entries: readonly Entry[]
  readonly asMarkdown: boolean
  readonly stray: Stray
  /** There may be more pages. */
  readonly isPartial: boolean
  /** Paths that programs are asked not to follow links to. */
  readonly disallowed: readonly string[]
}

export interface Scope {
  readonly prefix: string
  readonly mostPages: number
}

const mostSitemaps = 200
const mostSitemapBytes = 10_000_000
const mostUnpacked = 50_000_000
const mostLlms = 5_000_000

export function isIn(id: string, prefix: string): boolean {
  return prefix === '' || id === prefix || id.startsWith(`${prefix}/`)
}

/** The pages of a site by the best list that it has: llms.txt, then sitemap.xml, then the links of its first page. */
export async function discover(site: Site, scope: Scope): Promise<Discovery> {
  const first = await firstPage(site)
  const stray = await strayOf(site)
  if (first && stray.page === fingerprintOf(first))
    throw hubError('vendor_invalid_response', {
      detail: `${site.base.href} answers every address with the same page, so there is nothing to read`,
      hint: 'pages may need a sign-in, or are built in the browser only',
    })
  const robots = await readRobots(site)
  const shared = { stray, disallowed: robots.disallowed }
  const found = { llms: await fromLlms(site, scope), isPartial: false }
  if (found.llms.length > 0)
    return {
      ...shared,
      via: 'llms.txt',
      ...bounded(found.llms, scope, false),
      asMarkdown: await givesMarkdown(site, found.llms[0]!.address, stray),
    }
  const { entries, isPartial } = await fromSitemaps(site, scope, robots.sitemaps)
  if (entries.length > 0) {
    const sample = entries.find(({ id }) => id !== '/') ?? entries[0]!
    return {
      ...shared,
      via: 'sitemap',
      ...bounded(entries, scope, isPartial),
      asMarkdown: await givesMarkdown(site, sample.address, stray),
    }
  }
  const links = first ? linksOf(site, first, { prefix: '', disallowed: robots.disallowed }) : []
  if (links.filter(({ id }) => id !== '/').length === 0)
    throw hubError(first ? 'vendor_invalid_response' : 'vendor_not_found', {
      detail: `${site.base.href} lists no pages: there is no llms.txt, no sitemap.xml and no link to a page below it`,
      hint: 'check base_url',
    })
  const start: Entry = { id: '/', address: site.base.href }
  return { ...shared, via: 'links', ...bounded(unique([start, ...links]), scope, isPartial), asMarkdown: false }
}

function bounded(entries: readonly Entry[], { mostPages }: Scope, isPartial: boolean): Pick<Discovery, 'entries' | 'isPartial'> {
  return { entries: entries.slice(0, mostPages), isPartial: isPartial || entries.length > mostPages || entries.length <= 1 }
}

/** Undefined where a site has none. Errors of the first page are errors of the site. */
async function firstPage(site: Site): Promise<Page | undefined> {
  const answer = await site.ask(site.base.href)
  if (answer.kind === 'elsewhere')
    throw hubError('vendor_rejected', {
      detail: `${site.base.href} redirects to ${answer.url.origin}${answer.url.pathname}`,
      hint: 'set base_url to that address if it is the site, or give the credential that the site asks for',
    })
  const page = answer.kind === 'content' ? await readPage(site, { address: answer.url.href, id: '/', asMarkdown: false }) : 'missing'
  return typeof page === 'string' ? undefined : page
}

function unique(entries: readonly Entry[]): Entry[] {
  const found = new Map<string, Entry>()
  for (const entry of entries) if (!found.has(entry.id)) found.set(entry.id, entry)
  return [...found.values()]
}

/** The pages of the site that a page links to. */
export function linksOf(
  site: Site,
  { links }: Pick<Page, 'links'>,
  { prefix, disallowed }: { readonly prefix: string; readonly disallowed: readonly string[] },
): Entry[] {
  return unique(
    links.flatMap((link) => {
      const url = site.addressOf(link)
      if (!url) return []
      url.hash = ''
      const id = site.idOf(url.href)
      if (id === undefined || !isIn(id, prefix) || disallowed.some((path) => url.pathname.startsWith(path))) return []
      return [{ id, address: url.href }]
    }),
  )
}

/** Nothing where there is no such file or the site does not give it. */
async function textAt(site: Site, address: string, { maxBytes, timeoutFactor = 1 }: { maxBytes: number; timeoutFactor?: number }) {
  const answer = await site.ask(address, { maxBytes, timeoutFactor, isProbe: true })
  if (answer.kind !== 'content') return undefined
  return textOf(await unpacked(answer.bytes, mostUnpacked), answer.headers['content-type'])
}

const markdownLink = /\[([^\]\n]{0,300})\]\(([^)\s]{1,2000})\)/g

async function fromLlms(site: Site, { prefix }: Scope): Promise<Entry[]> {
  const text = await textAt(site, 'llms.txt', { maxBytes: mostLlms }).catch((error: unknown) => {
    if (isOfOne(error)) return undefined
    throw error
  })
  if (text === undefined || looksLikeHtml(text)) return []
  return unique(
    [...text.matchAll(markdownLink)].flatMap(([, title, address = '']) => {
      const url = site.addressOf(address)
      if (!url) return []
      url.hash = ''
      const id = site.idOf(url.href)
      return id === undefined || !isIn(id, prefix) ? [] : [{ id, address: url.href, title }]
    }),
  )
}

async function fromSitemaps(
  site: Site,
  { prefix, mostPages }: Scope,
  named: readonly string[],
): Promise<{ entries: Entry[]; isPartial: boolean }> {
  const entries = new Map<string, Entry>()
  const guesses = new Set([new URL('sitemap.xml', site.base).href, new URL('/sitemap.xml', site.base).href])
  const addresses = new Set([...guesses, ...named])
  let isPartial = false
  let asked = 0
  for (const address of addresses) {
    if (++asked > mostSitemaps) {
      isPartial = true
      break
    }
    const xml = await textAt(site, address, { maxBytes: mostSitemapBytes }).catch((error: unknown) => {
      if (!isOfOne(error)) throw error
      isPartial = true
    })
    const sitemap = xml === undefined ? undefined : readSitemap(xml)
    if (!sitemap) {
      isPartial ||= !guesses.has(address)
      continue
    }
    for (const nested of sitemap.sitemaps) {
      const url = site.addressOf(nested)
      if (url) addresses.add(url.href)
    }
    for (const { address: page, changed } of sitemap.pages) {
      const id = site.idOf(page)
      if (id !== undefined && isIn(id, prefix) && !entries.has(id)) entries.set(id, { id, address: page, changed })
    }
    // One more shows that there are too many.
    if (entries.size > mostPages) break
  }
  return { entries: [...entries.values()], isPartial }
}

interface Robots {
  readonly sitemaps: readonly string[]
  readonly disallowed: readonly string[]
}

const mostRules = 500

/** What a site asks of programs. Without an answer it asks nothing. */
async function readRobots(site: Site): Promise<Robots> {
  const text = await textAt(site, '/robots.txt', { maxBytes: 500_000, timeoutFactor: 0.2 }).catch((error: unknown) => {
    if (error instanceof HubError && error.code !== 'cancelled' && error.entry.kind !== 'rate_limit') return ''
    throw error
  })
  const sitemaps: string[] = []
  const disallowed: string[] = []
  let isForAll = false
  let isGroupOpen = false
  for (const line of (text ?? '').split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line
      .slice(colon + 1)
      .split('#')[0]!
      .trim()
    if (name === 'user-agent') {
      isForAll = value === '*' || (isGroupOpen && isForAll)
      isGroupOpen = true
      continue
    }
    if (name === 'sitemap') {
      const url = site.addressOf(line.slice(colon + 1).trim())
      if (url && sitemaps.length < mostRules) sitemaps.push(url.href)
    } else if (name === 'disallow') {
      isGroupOpen = false
      if (isForAll && value.startsWith('/') && disallowed.length < mostRules) disallowed.push(value.replace(/\*.*$/, ''))
    } else if (name === 'allow') isGroupOpen = false
  }
  return { sitemaps, disallowed }
}
