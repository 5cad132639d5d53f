import { z } from 'zod'
import {
  HubError,
  hubError,
  type ConnectorDeclaration,
  type FailedItem,
  type ListPage,
  type SourceDeclaration,
  type SourceDocument,
} from '#kit'
import type { SiteConfig } from './config.ts'
import { discover, isIn, linksOf, type Discovery, type Entry, type Scope } from './discovery.ts'
import { givesMarkdown, readPage, refuseStray, strayOf, type Page } from './page.ts'
import { isOfOne, siteOf, type Site } from './site.ts'

/** Pages of one step, and how many of them are asked for at once. */
const perStep = 40
const atOnce = 4
const enoughFailures = 8
/** Whoever connected a site gave it to the workspace, so everybody there reads all of it. */
const audience = 'site'

/** A walk over the pages of a site. */
interface Walk extends Pick<Discovery, 'via' | 'asMarkdown' | 'stray' | 'isPartial' | 'disallowed'> {
  /** All pages that were found, those of `done` read. */
  readonly entries: readonly Entry[]
  readonly done: number
}

interface Cursor {
  /** The versions of the pages that are stored. */
  readonly known: Readonly<Record<string, string>>
  readonly walk?: Walk
}

export const pathPrefix = z
  .string()
  .max(500)
  .regex(/^(?:\/[^?#\s]*)?$/, 'must begin with a slash, without ? and #')
  .transform((path) => path.replace(/\/+$/, ''))

export function pagesOf(declaration: ConnectorDeclaration<SiteConfig>): SourceDeclaration {
  return declaration.source({
    title: 'Pages',
    description: 'The pages of a documentation site.',
    types: ['page'],
    options: z.strictObject({
      path_prefix: pathPrefix.default('').describe('Only pages below this path of the site, such as /guide; all when empty.'),
      max_pages: z.int().min(1).max(20_000).default(5000).describe('Pages beyond that number are left out.'),
    }),
    example: { path_prefix: '/guide' },
    named: ({ path_prefix: prefix }) => (prefix === '' ? 'pages' : `pages below ${prefix}`),
    readers: () => Promise.resolve(['*']),

    pull: async ({ http, config, input }, given) => {
      const site = siteOf(http, config.base_url)
      const scope = scopeOf(input)
      const { known, walk = await begin(site, scope) } = (given as Cursor | undefined) ?? { known: {} }
      const entries = walk.entries.slice(walk.done, walk.done + perStep)
      const results = await readAll(entries, (entry) => read(site, { entry, walk, version: known[entry.id] }))
      const documents: SourceDocument[] = []
      const failed: FailedItem[] = []
      const versions = { ...known }
      for (const { entry, page, error } of results) {
        // The first page may only lead to the wanted ones.
        if (!isIn(entry.id, scope.prefix)) continue
        if (error) {
          failed.push({ id: entry.id, error })
          delete versions[entry.id]
        } else if (page && page !== 'same') {
          if (known[entry.id] !== versionOf(entry, page)) documents.push(documentOf(entry, page))
          versions[entry.id] = versionOf(entry, page)
        } else if (!page && known[entry.id] !== undefined) {
          // It may be away for a moment, while the site is built: it is deleted when it is still away at the next look.
          failed.push({ id: entry.id, error: hubError('vendor_not_found', { detail: `${entry.address} does not exist any more` }) })
          delete versions[entry.id]
        }
      }
      const next = goOn(site, walk, { scope, results })
      const isLast = next.done >= next.entries.length
      const listed = new Set(next.entries.map(({ id }) => id))
      const kept = isLast ? Object.fromEntries(Object.entries(versions).filter(([id]) => listed.has(id))) : versions
      const cursor: Cursor = { known: kept, ...(isLast ? {} : { walk: next }) }
      return { documents, failed, cursor, isLast, remaining: next.entries.length - next.done }
    },

    list: async ({ http, config, input }, given): Promise<ListPage> => {
      const site = siteOf(http, config.base_url)
      const scope = scopeOf(input)
      const walk = (given as Walk | undefined) ?? (await begin(site, scope))
      // A list is complete at once. Links are known when every page was read.
      if (walk.via !== 'links') return { ids: walk.entries.map(({ id }) => id), isPartial: walk.isPartial }
      const entries = walk.entries.slice(walk.done, walk.done + perStep)
      const results = await readAll(entries, (entry) => read(site, { entry, walk, version: undefined }))
      const next = goOn(site, walk, { scope, results })
      const isLast = next.done >= next.entries.length
      const ids = results.filter(({ page, error }) => page !== undefined || error !== undefined).map(({ entry }) => entry.id)
      const isPartial = (isLast && next.isPartial) || results.some(({ error }) => error !== undefined)
      return { ids: ids.filter((id) => isIn(id, scope.prefix)), isPartial, ...(isLast ? {} : { next }) }
    },

    fetch: async ({ http, config }, ids) => {
      const site = siteOf(http, config.base_url)
      const stray = await strayOf(site)
      const asMarkdown = await givesMarkdown(site, addressOf(site, ids[0]!), stray)
      const entries = ids.map((id) => ({ id, address: addressOf(site, id) }))
      const results = await readAll(entries, (entry) => read(site, { entry, walk: { asMarkdown, stray }, version: undefined }))
      return {
        documents: results.flatMap(({ entry, page }) => (page && page !== 'same' ? [documentOf(entry, page)] : [])),
        failed: results.flatMap(({ entry, error }) => (error ? [{ id: entry.id, error }] : [])),
      }
    },
  })
}

const scopeOf = (input: { path_prefix: string; max_pages: number }): Scope => ({ prefix: input.path_prefix, mostPages: input.max_pages })

const addressOf = (site: Site, id: string): string => new URL(`.${id}`, site.base).href

async function begin(site: Site, scope: Scope): Promise<Walk> {
  const { via, asMarkdown, stray, isPartial, disallowed, entries } = await discover(site, scope)
  // The first page leads to the others, and is read with them.
  if (via === 'links') return { via, asMarkdown, stray, isPartial, disallowed, entries: entries.slice(0, 1), done: 0 }
  return { via, asMarkdown, stray, isPartial, disallowed, entries, done: 0 }
}

interface Result {
  readonly entry: Entry
  /** Undefined where there is no page. */
  readonly page?: Page | 'same' | undefined
  readonly error?: unknown
}

interface Asked {
  readonly entry: Entry
  readonly walk: Pick<Walk, 'asMarkdown' | 'stray'> & { readonly via?: Walk['via'] }
  readonly version: string | undefined
}

async function read(site: Site, { entry, walk, version }: Asked): Promise<Page | 'same' | undefined> {
  // What a sitemap says of a page saves a request, and a page without links to follow may answer that it is the same.
  if (entry.changed !== undefined && version === `s:${entry.changed}`) return 'same'
  const page = await readPage(site, {
    ...entry,
    asMarkdown: walk.asMarkdown,
    ...(walk.via === 'links' ? {} : { version }),
  })
  if (page === 'missing') return undefined
  if (page !== 'same') refuseStray(page, walk.stray)
  return page
}

const versionOf = ({ changed }: Entry, { version }: Page): string => (changed === undefined ? version : `s:${changed}`)

/** Reads pages, some at once. A page that fails does not stop the others, unless all of them fail in a way that may pass. */
async function readAll(entries: readonly Entry[], one: (entry: Entry) => Promise<Page | 'same' | undefined>): Promise<Result[]> {
  const results: Result[] = []
  let passing: unknown
  let passed = 0
  for (let at = 0; at < entries.length; at += atOnce) {
    const some = await Promise.all(
      entries.slice(at, at + atOnce).map(async (entry): Promise<Result> => {
        try {
          return { entry, page: await one(entry) }
        } catch (error) {
          if (!(error instanceof HubError) || mustStop(error)) throw error
          if (!isOfOne(error)) {
            passing ??= error
            passed++
          }
          return { entry, error }
        }
      }),
    )
    results.push(...some)
    // The site is away: it is asked again later, and for all of them.
    if (passing !== undefined && passed === results.length && passed >= Math.min(enoughFailures, entries.length)) throw passing
  }
  return results
}

const mustStop = ({ code, entry }: HubError): boolean =>
  code === 'cancelled' || code === 'vendor_unauthorized' || entry.kind === 'rate_limit'

function goOn(site: Site, walk: Walk, { scope, results }: { readonly scope: Scope; readonly results: readonly Result[] }): Walk {
  const done = walk.done + results.length
  if (walk.via !== 'links') return { ...walk, done }
  const found = new Map(walk.entries.map((entry) => [entry.id, entry]))
  let isPartial = walk.isPartial
  for (const { page } of results) {
    if (!page || page === 'same') continue
    for (const entry of linksOf(site, page, { prefix: scope.prefix, disallowed: walk.disallowed })) {
      if (found.has(entry.id)) continue
      if (found.size >= scope.mostPages) isPartial = true
      else found.set(entry.id, entry)
    }
  }
  const entries = [...found.values()]
  return { ...walk, entries, done, isPartial: isPartial || (done >= entries.length && entries.length <= 1) }
}

function documentOf(entry: Entry, page: Page): SourceDocument {
  return {
    id: entry.id,
    type: 'page',
    title: page.title,
    url: page.url,
    path: entry.id,
    updatedAt: entry.changed ?? page.updatedAt,
    content: page.markdown,
    truncated: page.isCut ? 'the page is too large, so only its beginning is indexed' : undefined,
    audience,
  }
}
