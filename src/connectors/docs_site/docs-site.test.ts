import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Connector, HubError, SourceDocument, SourcePage } from '#kit'
import { runAction, testConnection, withSource } from '#kit/testing'
import { docsSiteStandIn, page, type DocsSiteKind, type DocsSiteStandIn } from '../../../test/standins/docs-site.ts'
import { docusaurus, gitbook, vitepress } from './index.ts'

const connectors: Readonly<Record<DocsSiteKind, Connector>> = { docusaurus, vitepress, gitbook }
const kinds = Object.keys(connectors) as DocsSiteKind[]
const ids = ['/', '/guide/configure', '/guide/install', '/reference']

interface Pulled {
  readonly documents: SourceDocument[]
  readonly failed: { id: string; code: string; detail: string }[]
  readonly cursor: unknown
}

interface Options {
  readonly input?: object
  readonly cursor?: unknown
  readonly credential?: Record<string, string>
  readonly base?: string
}

/** Pulls page by page until the end. */
function pull(
  kind: DocsSiteKind,
  site: DocsSiteStandIn,
  { input = {}, cursor, credential = {}, base = site.url }: Options = {},
): Promise<Pulled> {
  return withSource(
    connectors[kind],
    { kind: 'pages', input, config: { base_url: base }, credential, timeoutMs: 5000 },
    async (source, context) => {
      const documents: SourceDocument[] = []
      const failed: Pulled['failed'] = []
      let at = cursor
      for (let step = 0; step < 100; step++) {
        const found: SourcePage = await source.pull(context, at)
        documents.push(...found.documents)
        failed.push(
          ...(found.failed ?? []).map(({ id, error }) => ({ id, code: (error as HubError).code, detail: (error as HubError).message })),
        )
        // It is stored as JSON.
        at = JSON.parse(JSON.stringify(found.cursor))
        if (found.isLast) return { documents, failed, cursor: at }
      }
      throw new Error('the walk does not end')
    },
  )
}

function list(kind: DocsSiteKind, site: DocsSiteStandIn, input: object = {}): Promise<{ ids: string[]; isPartial: boolean }> {
  return withSource(
    connectors[kind],
    { kind: 'pages', input, config: { base_url: site.url }, timeoutMs: 5000 },
    async (source, context) => {
      const found: string[] = []
      let isPartial = false
      let at: unknown
      do {
        const some = await source.list!(context, at)
        found.push(...some.ids)
        isPartial ||= some.isPartial === true
        at = some.next
      } while (at !== undefined)
      return { ids: found.toSorted(), isPartial }
    },
  )
}

const sorted = (documents: readonly SourceDocument[]): string[] => documents.map(({ id }) => id).toSorted()

for (const kind of kinds)
  suite(`a ${kind} site`, () => {
    test('gives all of its pages as Markdown, and later only those that changed', async () => {
      await using site = await docsSiteStandIn(kind)
      const { documents, failed, cursor } = await pull(kind, site)
      assert.deepEqual([sorted(documents), failed], [ids, []])
      const install = documents.find(({ id }) => id === '/guide/install')!
      assert.deepEqual(
        [install.title, install.url, install.type, install.path],
        ['Install Bookshelf', `${site.url}/guide/install`, 'page', '/guide/install'],
      )
      assert.match(String(install.content), /## Linux\n\n```bash\napt-get install bookshelf\n/)
      assert.doesNotMatch(String(install.content), /Skip to content|Made by the library|sitemap/)
      assert.deepEqual(await list(kind, site), { ids, isPartial: false })

      const again = await pull(kind, site, { cursor })
      assert.deepEqual([again.documents, again.failed], [[], []])
      for (const [name, file] of site.files)
        if (name.includes('reference')) site.files.set(name, String(file).replaceAll('30 days', '60 days'))
      const changed = await pull(kind, site, { cursor: again.cursor })
      assert.deepEqual(sorted(changed.documents), ['/reference'])
      assert.match(String(changed.documents[0]!.content), /60 days/)
    })

    test('without llms.txt and sitemap is read link by link', async () => {
      await using site = await docsSiteStandIn(kind)
      site.files.delete('/llms.txt')
      site.files.delete('/sitemap.xml')
      const { documents } = await pull(kind, site)
      assert.deepEqual(sorted(documents), ids)
      const below = ['/guide/configure', '/guide/install']
      assert.deepEqual(sorted((await pull(kind, site, { input: { path_prefix: '/guide' } })).documents), below)
      assert.deepEqual(await list(kind, site, { path_prefix: '/guide' }), { ids: below, isPartial: false })
      assert.deepEqual(await list(kind, site), { ids, isPartial: false })
    })

    test('is read only below a path, and only as many pages as wanted', async () => {
      await using site = await docsSiteStandIn(kind)
      assert.deepEqual(sorted((await pull(kind, site, { input: { path_prefix: '/guide' } })).documents), [
        '/guide/configure',
        '/guide/install',
      ])
      assert.equal((await pull(kind, site, { input: { max_pages: 2 } })).documents.length, 2)
      assert.equal((await list(kind, site, { max_pages: 2 })).isPartial, true)
    })

    test('a page that is gone is failed first, and missing when it is looked at again', async () => {
      await using site = await docsSiteStandIn(kind)
      const { cursor } = await pull(kind, site)
      for (const name of site.files.keys()) if (name.includes('reference')) site.files.delete(name)
      const after = await pull(kind, site, { cursor })
      assert.deepEqual(
        after.failed.map(({ id, code }) => [id, code]),
        [['/reference', 'vendor_not_found']],
      )
      const fetched = await withSource(connectors[kind], { kind: 'pages', input: {}, config: { base_url: site.url } }, (source, context) =>
        source.fetch!(context, ['/reference', '/guide/install']),
      )
      assert.deepEqual([sorted(fetched.documents), fetched.failed], [['/guide/install'], []])
    })

    test('list_pages and get_page answer an agent', async () => {
      await using site = await docsSiteStandIn(kind)
      const config = { base_url: site.url }
      const first = (await runAction(connectors[kind], 'list_pages', { input: { path_prefix: '/guide', limit: 1 }, config })) as any
      const second = (await runAction(connectors[kind], 'list_pages', {
        input: { path_prefix: '/guide', limit: 1, cursor: first.next_cursor },
        config,
      })) as any
      assert.deepEqual([...first.items, ...second.items].map(({ path }) => path).toSorted(), ['/guide/configure', '/guide/install'])
      assert.deepEqual([first.found_by, second.next_cursor], [kind === 'gitbook' ? 'llms.txt' : 'sitemap', null])
      const read = (await runAction(connectors[kind], 'get_page', { input: { page: '/guide/install' }, config })) as any
      assert.deepEqual([read.title, read.url, read.truncated], ['Install Bookshelf', `${site.url}/guide/install`, false])
      await assert.rejects(runAction(connectors[kind], 'get_page', { input: { page: '/nothing' }, config }), { code: 'vendor_not_found' })
      await assert.rejects(runAction(connectors[kind], 'get_page', { input: { page: 'https://other.example/x' }, config }), {
        code: 'invalid_input',
      })
    })

    test('everybody in the workspace may read it', async () => {
      await using site = await docsSiteStandIn(kind)
      const members = await withSource(connectors[kind], { kind: 'pages', input: {}, config: { base_url: site.url } }, (source, context) =>
        source.readers(context, 'site'),
      )
      assert.deepEqual(members, ['*'])
    })
  })

test('a private site gets its token, in the header that it wants', async () => {
  await using site = await docsSiteStandIn('vitepress')
  site.token = 'token-of-the-site-0123456789'
  await assert.rejects(pull('vitepress', site), { code: 'vendor_unauthorized' })
  const credential = { token: site.token }
  assert.deepEqual(sorted((await pull('vitepress', site, { credential })).documents), ids)
  assert.match((await testConnection(vitepress, { config: { base_url: site.url }, credential })).account, /answers/)
  let sent: unknown
  site.answers.set('/', ({ headers }) => {
    sent = headers['x-docs']
    return page('<main>x</main>')
  })
  await testConnection(vitepress, { config: { base_url: site.url, auth_header: 'X-Docs' }, credential })
  assert.equal(sent, site.token)
})

test('a page of GitBook that has no Markdown is read as HTML', async () => {
  await using site = await docsSiteStandIn('gitbook')
  site.files.delete('/reference.md')
  const { documents } = await pull('gitbook', site)
  assert.match(String(documents.find(({ id }) => id === '/reference')!.content), /^# Reference/)
  const asked = site.seen.filter(({ path }) => path.endsWith('.md')).length
  assert.ok(asked >= ids.length)
})

test('what a sitemap says has not changed is not asked for again', async () => {
  await using site = await docsSiteStandIn('vitepress')
  const sitemap = String(site.files.get('/sitemap.xml')).replaceAll('</loc>', '</loc><lastmod>2026-01-02T03:04:05.000Z</lastmod>')
  site.files.set('/sitemap.xml', sitemap)
  const { documents, cursor } = await pull('vitepress', site)
  assert.equal(documents[0]!.updatedAt, '2026-01-02T03:04:05.000Z')
  site.seen.length = 0
  await pull('vitepress', site, { cursor })
  assert.equal(site.seen.filter(({ path }) => path === '/reference').length, 0)
})

suite('bad input', () => {
  test('a page that redirects for ever fails alone, and one that redirects elsewhere is not taken', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.answers.set('/reference', () => ({ status: 302, headers: { location: '/reference' }, body: '' }))
    site.answers.set('/guide/configure', () => ({ status: 302, headers: { location: 'https://login.example/' }, body: '' }))
    const { documents, failed } = await pull('vitepress', site)
    assert.deepEqual(sorted(documents), ['/', '/guide/install'])
    assert.deepEqual(
      failed.map(({ id, code }) => [id, code]),
      [['/reference', 'vendor_invalid_response']],
    )
    assert.match(failed[0]!.detail, /redirects more than 5 times/)
  })

  test('a site that answers 200 for everything: what it shows for pages that do not exist is not taken', async () => {
    await using site = await docsSiteStandIn('vitepress')
    const listed = String(site.files.get('/sitemap.xml')).replace('</urlset>', `<url><loc>${site.url}/dead</loc></url></urlset>`)
    site.files.set('/sitemap.xml', listed)
    const served = new Set(site.files.keys())
    const original = site.answers
    const get = original.get.bind(original)
    original.get = (path) =>
      get(path) ??
      (served.has(path) || served.has(`${path}.html`) || path === '/'
        ? undefined
        : ({ url }) => page(`<title>Bookshelf</title><main>Nothing at ${url.pathname.slice(1)}. Go home.</main>`))
    const { documents, failed } = await pull('vitepress', site)
    assert.deepEqual([sorted(documents), failed.map(({ id }) => id)], [ids, ['/dead']])
    await assert.rejects(runAction(vitepress, 'get_page', { input: { page: '/dead' }, config: { base_url: site.url } }), {
      code: 'vendor_invalid_response',
    })
  })

  test('a site that shows one page everywhere is refused as a whole, and says why', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.answers.get = () => () => page('<div id="app">Loading</div>')
    await assert.rejects(pull('vitepress', site), /answers every address with the same page/)
    await assert.rejects(list('vitepress', site), /answers every address with the same page/)
  })

  test('pages of other hosts in a sitemap are not asked for', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.files.set(
      '/sitemap.xml',
      `<urlset><url><loc>https://other.example/a</loc></url><url><loc>http://169.254.169.254/latest</loc></url><url><loc>${site.url}/reference</loc></url><url><loc>${site.url}/</loc></url></urlset>`,
    )
    const { documents } = await pull('vitepress', site)
    assert.deepEqual(sorted(documents), ['/', '/reference'])
  })

  test('an index of sitemaps is followed, and a gzip bomb in it makes the list partial', async () => {
    await using site = await docsSiteStandIn('vitepress')
    const good = gzipSync(String(site.files.get('/sitemap.xml')).replaceAll('https://docs.bookshelf.example', site.url))
    site.files.set('/good.xml.gz', good)
    site.files.set('/sitemap.xml', `<sitemapindex><sitemap><loc>${site.url}/good.xml.gz</loc></sitemap></sitemapindex>`)
    assert.deepEqual(await list('vitepress', site), { ids, isPartial: false })
    site.files.set('/bomb.xml.gz', gzipSync(Buffer.alloc(200_000_000, 32)))
    site.files.set(
      '/sitemap.xml',
      `<sitemapindex><sitemap><loc>${site.url}/bomb.xml.gz</loc></sitemap><sitemap><loc>${site.url}/good.xml.gz</loc></sitemap></sitemapindex>`,
    )
    assert.deepEqual(await list('vitepress', site), { ids, isPartial: true })
  })

  test('a page that is a gzip bomb, and one that is too large, fail alone', async () => {
    await using site = await docsSiteStandIn('vitepress')
    const headers = { 'content-type': 'text/html' }
    const bomb = gzipSync(Buffer.alloc(100_000_000, 97))
    site.answers.set('/reference', () => ({ status: 200, headers, body: bomb }))
    site.answers.set('/guide/configure', () => ({ status: 200, headers, body: Buffer.alloc(3_000_000, 97) }))
    const { documents, failed } = await pull('vitepress', site)
    assert.deepEqual(sorted(documents), ['/', '/guide/install'])
    assert.deepEqual(failed.map(({ id, code }) => [id, code]).toSorted(), [
      ['/guide/configure', 'vendor_too_large'],
      ['/reference', 'vendor_too_large'],
    ])
  })

  test('invalid UTF-8 is replaced, and another encoding is read', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.answers.set('/reference', () => page(Buffer.concat([Buffer.from('<main>caf'), Buffer.of(0xff), Buffer.from(' ok</main>')])))
    site.answers.set('/guide/configure', () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=windows-1251' },
      body: Buffer.concat([Buffer.from('<main>'), Buffer.of(0xcf, 0xf0), Buffer.from('</main>')]),
    }))
    const { documents } = await pull('vitepress', site)
    const text = (id: string): unknown => documents.find((document) => document.id === id)!.content
    assert.deepEqual([text('/reference'), text('/guide/configure')], ['caf\ufffd ok', '\u041f\u0440'])
  })

  test('robots that hang do not hold up the site, and what they disallow is not followed', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.answers.set('/robots.txt', () => new Promise(() => undefined))
    assert.deepEqual(sorted((await pull('vitepress', site)).documents), ids)
    site.answers.set('/robots.txt', () => ({ status: 200, headers: {}, body: 'User-agent: *\nDisallow: /guide/\n' }))
    site.files.delete('/sitemap.xml')
    assert.deepEqual(sorted((await pull('vitepress', site)).documents), ['/', '/reference'])
  })

  test('a site that lists nothing for once: nothing is deleted', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.files.set('/sitemap.xml', '<urlset></urlset>')
    site.answers.set('/', () => page('<main>We are back soon.</main>'))
    await assert.rejects(list('vitepress', site), /lists no pages/)
    await assert.rejects(pull('vitepress', site), /lists no pages/)
    site.files.set('/sitemap.xml', `<urlset><url><loc>${site.url}/</loc></url></urlset>`)
    assert.deepEqual(await list('vitepress', site), { ids: ['/'], isPartial: true })
  })

  test('links to ever new addresses end at the number of pages that are wanted', async () => {
    await using site = await docsSiteStandIn('vitepress')
    site.files.delete('/sitemap.xml')
    const get = site.answers.get.bind(site.answers)
    site.answers.get = (path) =>
      path.startsWith('/day/') ? ({ url }) => page(`<main>Day ${url.pathname} <a href="${url.pathname}1">next</a></main>`) : get(path)
    site.answers.set('/', () => page('<main>Home <a href="/day/1">days</a></main>'))
    const { documents } = await pull('vitepress', site, { input: { max_pages: 60 } })
    assert.equal(documents.length, 60)
    assert.equal((await list('vitepress', site, { max_pages: 60 })).isPartial, true)
  })

  test('a page that fails for a while is tried again alone, and a site that is away is tried again as a whole', async () => {
    await using site = await docsSiteStandIn('vitepress')
    const away = () => ({ status: 503, headers: {}, body: '' })
    site.answers.set('/reference', away)
    const { documents, failed } = await pull('vitepress', site)
    assert.deepEqual([documents.length, failed.map(({ id, code }) => [id, code])], [3, [['/reference', 'vendor_failed']]])
    for (const id of ids.slice(1)) site.answers.set(id, away)
    site.answers.set('/', away)
    await assert.rejects(pull('vitepress', site), { code: 'vendor_failed' })
  })
})
