import { z } from 'zod'
import { hubError, type Action, type ConnectorDeclaration } from '#kit'
import type { SiteConfig } from './config.ts'
import { discover } from './discovery.ts'
import { givesMarkdown, readPage, refuseStray, strayOf } from './page.ts'
import { siteOf } from './site.ts'
import { pathPrefix } from './source.ts'

const mostListed = 20_000

/** `name` is how people call such a site. */
export function actionsOf(declaration: ConnectorDeclaration<SiteConfig>, name: string): Record<string, Action> {
  const called = name.toLowerCase()
  const listPages = declaration.action({
    title: `List pages of a ${name} site`,
    description: `Lists the pages of the ${name} documentation site: from llms.txt, sitemap.xml, or the links of its first page. Use it to find the path of a page. Returns path, address, title and time of change as far as they are known.`,
    words: `${called} pages, ${called} sitemap, contents of the ${called} site, which pages does ${called} have, table of contents of ${called}, all pages in ${called}`,
    effect: 'read',
    example: { path_prefix: '/guide' },
    input: z.strictObject({
      path_prefix: pathPrefix.default('').describe('Only pages below this path of the site, such as /guide.'),
      limit: z.int().min(1).max(500).default(100).describe('How many pages to return.'),
      cursor: z
        .string()
        .regex(/^\d{1,6}$/)
        .optional()
        .describe('`next_cursor` of the answer before.'),
    }),
    output: z.object({
      items: z.array(z.object({ path: z.string(), url: z.string(), title: z.string().nullable(), updated_at: z.string().nullable() })),
      found_by: z.enum(['llms.txt', 'sitemap', 'links']),
      next_cursor: z.string().nullable(),
    }),
    run: async ({ http, config, input }) => {
      const site = siteOf(http, config.base_url)
      const { entries, via } = await discover(site, { prefix: input.path_prefix, mostPages: mostListed })
      const from = Number(input.cursor ?? 0)
      const end = from + input.limit
      return {
        items: entries.slice(from, end).map(({ id, title, changed }) => ({
          path: id,
          url: new URL(`.${id}`, site.base).href,
          title: title ?? null,
          updated_at: changed ?? null,
        })),
        found_by: via,
        next_cursor: end < entries.length ? String(end) : null,
      }
    },
  })

  const getPage = declaration.action({
    title: `Read a page of a ${name} site`,
    description: `Reads one page of the ${name} documentation site as Markdown, without menus. Use it when you know the path or address of the page. Returns title, address and text.`,
    words: `${called} page, read the ${called} page, open the ${called} docs, text of a ${called} page, what does ${called} say about, ${called} article`,
    effect: 'read',
    example: { page: '/guide/install' },
    input: z.strictObject({
      page: z.string().min(1).max(2000).describe('Path below the address of the site, such as /guide/install, or the whole address.'),
    }),
    output: z.object({
      path: z.string(),
      url: z.string(),
      title: z.string(),
      content: z.string(),
      updated_at: z.string().nullable(),
      truncated: z.boolean(),
    }),
    run: async ({ http, config, input }) => {
      const site = siteOf(http, config.base_url)
      const address = /^https?:/i.test(input.page) ? input.page : `${site.base.href}${input.page.replace(/^\/+/, '')}`
      const id = site.idOf(address)
      if (id === undefined)
        throw hubError('invalid_input', { errors: [{ path: 'input.page', message: `must be a page below ${site.base.href}` }] })
      const stray = await strayOf(site)
      const page = await readPage(site, { address, id, asMarkdown: await givesMarkdown(site, address, stray) })
      if (typeof page === 'string')
        throw hubError('vendor_not_found', { detail: `the site has no page ${id}`, hint: 'list its pages with the tool that lists pages' })
      refuseStray(page, stray)
      return {
        path: id,
        url: page.url,
        title: page.title,
        content: page.markdown,
        updated_at: page.updatedAt ?? null,
        truncated: page.isCut,
      }
    },
  })

  return { list_pages: listPages, get_page: getPage }
}
