import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { served, type Answer, type Asked } from './oauth/front.ts'

const folder = join(import.meta.dirname, '../fixtures/docs-sites')
/** What the sites were built for. */
const builtFor = 'https://docs.bookshelf.example'

export type DocsSiteKind = 'docusaurus' | 'vitepress' | 'gitbook'

/** A documentation site: as Docusaurus and VitePress build it, or the same content as GitBook serves it, with `/llms.txt` and `.md` of each page. */
export interface DocsSiteStandIn extends AsyncDisposable {
  readonly url: string
  /** Files by path, such as `/guide/install.html`; a test changes them. */
  readonly files: Map<string, string | Buffer>
  /** Answers of single paths, which come first. */
  readonly answers: Map<string, (asked: Asked) => Promise<Answer> | Answer>
  readonly seen: { readonly path: string; readonly status: number }[]
  /** Asked for in `Authorization` when it is set. */
  token: string | undefined
}

export async function docsSiteStandIn(kind: DocsSiteKind): Promise<DocsSiteStandIn> {
  const files = kind === 'gitbook' ? gitbookFiles() : builtFiles(kind)
  const answers: DocsSiteStandIn['answers'] = new Map()
  const seen: { path: string; status: number }[] = []
  const state: { token: string | undefined; url: string } = { token: undefined, url: '' }
  const answer = async (asked: Asked): Promise<Answer> => {
    const path = asked.url.pathname
    const special = answers.get(path)
    if (special) return special(asked)
    if (state.token !== undefined && asked.headers.authorization !== `Bearer ${state.token}`) return page(files.get('/404.html') ?? '', 401)
    const found = nameOf(path, files)
    if (found === undefined) return page(files.get('/404.html') ?? 'not found', 404)
    if (found === `${path}/index.html` && kind === 'docusaurus') return { status: 301, headers: { location: `${path}/` }, body: '' }
    const file = files.get(found)!
    const body = typeof file === 'string' ? file.replaceAll(builtFor, state.url) : file
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
    if (asked.headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' }
    return { status: 200, headers: { 'content-type': typeOf(found), etag }, body }
  }
  const front = await served(async (asked) => {
    const given = await answer(asked)
    seen.push({ path: asked.url.pathname, status: given.status })
    return given
  })
  state.url = front.url
  return Object.assign(state, { files, answers, seen, [Symbol.asyncDispose]: () => front[Symbol.asyncDispose]() })
}

export const page = (body: string | Buffer, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body,
})

function builtFiles(kind: 'docusaurus' | 'vitepress'): Map<string, string | Buffer> {
  const root = join(folder, kind)
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(root, name)).isFile())
  return new Map(names.map((name) => [`/${name.replaceAll('\\', '/')}`, readFileSync(join(root, name), 'utf8')]))
}

/** GitBook gives each page as HTML with its text in `main`, and as Markdown under the same address with `.md`. */
function gitbookFiles(): Map<string, string | Buffer> {
  const files = new Map<string, string | Buffer>()
  const built = builtFiles('vitepress')
  const pages = [
    ['index', 'Bookshelf'],
    ['guide/install', 'Install Bookshelf'],
    ['guide/configure', 'Configure'],
    ['reference', 'Reference'],
  ] as const
  for (const [name] of pages) {
    const text = /<main[^]*?<\/main>/.exec(String(built.get(`/${name}.html`)))![0]
    files.set(
      `/${name}.html`,
      `<!doctype html><html><head><title>Bookshelf</title></head><body><nav>${menu(pages)}</nav>${text}</body></html>`,
    )
    files.set(`/${name}.md`, readFileSync(join(folder, 'content', `${name}.md`), 'utf8'))
  }
  files.set('/llms.txt', `# Bookshelf\n\n${pages.map(([name, title]) => `- [${title}](${builtFor}/${name}.md)`).join('\n')}\n`)
  files.set('/404.html', '<!doctype html><title>Not found</title><main>Page not found</main>')
  return files
}

const menu = (pages: readonly (readonly [string, string])[]): string =>
  pages.map(([name, title]) => `<a href="/${name === 'index' ? '' : name}">${title}</a>`).join('')

function nameOf(path: string, files: ReadonlyMap<string, unknown>): string | undefined {
  const names = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`]
  return names.find((name) => files.has(name))
}

function typeOf(name: string): string {
  if (name.endsWith('.html')) return 'text/html; charset=utf-8'
  if (name.endsWith('.xml')) return 'application/xml'
  return name.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'text/plain; charset=utf-8'
}
