import { randomBytes } from 'node:crypto'
import { htmlToMarkdown, hubError, sha256 } from '#kit'
import { textOf, unpacked, type Answer, type Site } from './site.ts'

export interface Page {
  readonly id: string
  readonly url: string
  readonly title: string
  readonly markdown: string
  /** Addresses that it links to. Markdown pages have no menus, so nothing is made of their links. */
  readonly links: readonly string[]
  readonly updatedAt: string | undefined
  /** Differs when the page has changed. */
  readonly version: string
  readonly isCut: boolean
}

export type PageAnswer = Page | 'same' | 'missing'

export interface PageRequest {
  /** The address of the page as it was found. */
  readonly address: string
  readonly id: string
  /** Ask for the Markdown of the page first. */
  readonly asMarkdown: boolean
  readonly version?: string | undefined
}

const mostUnpacked = 4_000_000

export async function readPage(site: Site, { address, id, asMarkdown, version }: PageRequest): Promise<PageAnswer> {
  const headers = conditionOf(version)
  if (asMarkdown) {
    const answer = await site.ask(markdownAddress(address), { headers, isProbe: true })
    if (answer.kind === 'same') return 'same'
    const text = answer.kind === 'content' ? await markdownIn(answer) : undefined
    if (text !== undefined && answer.kind === 'content')
      return pageOf({ site, id }, answer, { markdown: text, title: titleOf(text), links: [], isCut: false })
  }
  const plain = address.replace(/\.md$/i, '')
  let answer = await site.ask(plain, { headers })
  if (answer.kind === 'missing' && !/(?:\/|\.html?)$/i.test(new URL(plain, site.base).pathname))
    answer = await site.ask(`${plain}.html`, { headers })
  if (answer.kind === 'same') return 'same'
  if (answer.kind !== 'content') return 'missing'
  const type = answer.headers['content-type'] ?? ''
  if (type !== '' && !/^\s*(?:text\/|application\/xhtml)/i.test(type)) return 'missing'
  const text = textOf(await unpacked(answer.bytes, mostUnpacked), type)
  if (!looksLikeHtml(text) && !/html/i.test(type))
    return pageOf({ site, id }, answer, { markdown: text, title: titleOf(text), links: [], isCut: false })
  return pageOf({ site, id }, answer, await htmlToMarkdown(text, { base: answer.url.href }))
}

function pageOf(
  { site, id }: { readonly site: Site; readonly id: string },
  { bytes, headers }: Extract<Answer, { kind: 'content' }>,
  { markdown, title, links, isCut }: Pick<Page, 'markdown' | 'title' | 'links' | 'isCut'>,
): Page {
  const last = decodeURIComponentSafely(id.slice(id.lastIndexOf('/') + 1))
  return {
    id,
    url: new URL(`.${id}`, site.base).href,
    title: title === '' ? (last === '' ? site.base.host : last) : title,
    markdown,
    links,
    updatedAt: headers['last-modified'],
    version: versionOf(headers, bytes),
    isCut,
  }
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const longestVersion = 200

function versionOf(headers: Readonly<Record<string, string>>, bytes: Buffer): string {
  const { etag, 'last-modified': modified } = headers
  if (etag !== undefined && etag.length <= longestVersion) return `e:${etag}`
  if (modified !== undefined && modified.length <= longestVersion) return `m:${modified}`
  return `h:${sha256(bytes).slice(0, 32)}`
}

function conditionOf(version = ''): Record<string, string> {
  if (version.startsWith('e:')) return { 'if-none-match': version.slice(2) }
  return version.startsWith('m:') ? { 'if-modified-since': version.slice(2) } : {}
}

function markdownAddress(address: string): string {
  if (/\.md$/i.test(address)) return address
  return address.endsWith('/') ? `${address}index.md` : `${address.replace(/\.html?$/i, '')}.md`
}

async function markdownIn({ bytes, headers }: Extract<Answer, { kind: 'content' }>): Promise<string | undefined> {
  const type = headers['content-type'] ?? ''
  if (/html|json|xml|image|octet/i.test(type)) return undefined
  const text = textOf(await unpacked(bytes, mostUnpacked), type)
  return looksLikeHtml(text) || text.trim() === '' ? undefined : text
}

export const looksLikeHtml = (text: string): boolean => /^\s*<(?:!doctype html|html|head|body|!--)/i.test(text.slice(0, 1000))

function titleOf(markdown: string): string {
  const start = markdown.slice(0, 5000)
  const named = start.startsWith('---') ? /^title: *["']?([^\n"']{1,300})/m.exec(start)?.[1] : undefined
  return (named ?? /^# +(.{1,300})$/m.exec(start)?.[1] ?? '').trim()
}

/** What the site shows at an address that does not exist, if it shows a page there as if it did. */
export interface Stray {
  readonly page: string | undefined
  readonly markdown: boolean
}

export async function strayOf(site: Site): Promise<Stray> {
  const name = `no-such-page-${randomBytes(8).toString('hex')}`
  const page = await readPage(site, { address: name, id: `/${name}`, asMarkdown: false })
  const { kind } = await site.ask(`${name}.md`, { isProbe: true })
  return { page: typeof page === 'string' ? undefined : fingerprintOf(page), markdown: kind === 'content' }
}

/** Of what a page says, without its own name, which a page may repeat. */
export function fingerprintOf({ id, markdown }: Page): string {
  const name = id.slice(id.lastIndexOf('/') + 1)
  return sha256(name === '' ? markdown : markdown.replaceAll(name, '')).slice(0, 32)
}

export function refuseStray(page: Page, stray: Stray): void {
  if (stray.page !== undefined && fingerprintOf(page) === stray.page)
    throw hubError('vendor_invalid_response', {
      detail: `${page.url} shows what the site shows for pages that do not exist`,
      hint: 'it is read when it has a text of its own',
    })
}

/** Whether the site gives its pages as Markdown, as one of them shows. */
export async function givesMarkdown(site: Site, address: string, stray: Stray): Promise<boolean> {
  if (stray.markdown) return false
  const answer = await site.ask(markdownAddress(address), { isProbe: true })
  return answer.kind === 'content' && (await markdownIn(answer)) !== undefined
}
