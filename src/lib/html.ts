import { decodeHTML } from 'entities'
import { yieldToOthers } from './clock.ts'

/** An element of a page, with the attributes that tell what it is. */
export interface HtmlElement {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly classes: readonly string[]
  readonly children: (HtmlElement | string)[]
  /** Whether there is a paragraph, a list or the like somewhere in it. */
  hasBlocks: boolean
}

export interface HtmlPage {
  readonly root: HtmlElement
  readonly title: string
  /** What `href` of links says, in the order of the page. */
  readonly links: readonly string[]
  /** Only the beginning was read, because the page is too large. */
  readonly isCut: boolean
}

const mostHtml = 2_000_000
const mostNodes = 60_000
const mostDepth = 200
const mostLinks = 5000
const mostAttribute = 2000
/** How long others wait at most, in milliseconds. */
const slice = 10

const kept: ReadonlySet<string> = new Set(
  'class href src alt id role hidden title start data-language data-lang content name property aria-hidden'.split(' '),
)
const voids: ReadonlySet<string> = new Set('area base br col embed hr img input link meta source track wbr'.split(' '))
/** Their content is no markup. */
const raw: ReadonlySet<string> = new Set('script style textarea title xmp iframe noembed noframes'.split(' '))
/** They are no part of what a page says. */
const dropped: ReadonlySet<string> = new Set(
  'script style textarea xmp iframe noembed noframes noscript template svg nav footer form button select object canvas audio video dialog'.split(
    ' ',
  ),
)
export const blocks: ReadonlySet<string> = new Set(
  `address article aside blockquote body center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 header hgroup hr html li main ol p pre
   section summary table tbody td tfoot th thead tr ul`.split(/\s+/),
)
/** What ends an element that has no closing tag: one of `ends`, unless one of `within` stands between them. */
const implied: Readonly<Record<string, { readonly ends: readonly string[]; readonly within: readonly string[] }>> = {
  li: { ends: ['li'], within: ['ul', 'ol'] },
  dt: { ends: ['dt', 'dd'], within: ['dl'] },
  dd: { ends: ['dt', 'dd'], within: ['dl'] },
  tr: { ends: ['tr'], within: ['table'] },
  td: { ends: ['td', 'th'], within: ['tr', 'table'] },
  th: { ends: ['td', 'th'], within: ['tr', 'table'] },
}

const tagName = /[a-z][^\s/>]{0,60}/iy
const attribute = /[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y
const tagEnd = /[\s/]*>?/y

const elementOf = (tag: string, attributes: Record<string, string>): HtmlElement => ({
  tag,
  attributes,
  classes: (attributes['class'] ?? '').split(/\s+/).filter((name) => name !== ''),
  children: [],
  hasBlocks: false,
})

/** Reads a page from anybody: its size, depth and number of elements are bounded, and time grows with its length only. */
export async function readHtml(given: string): Promise<HtmlPage> {
  const html = given.slice(0, mostHtml)
  const root = elementOf('html', {})
  const stack: HtmlElement[] = [root]
  /** Elements that are open and too deep to be kept, by tag. */
  const tooDeep = new Map<string, number>()
  const links = new Set<string>()
  let title = ''
  let nodes = 0
  let at = 0

  const text = (from: number, to: number): void => {
    if (to <= from) return
    const part = html.slice(from, to)
    nodes++
    stack.at(-1)!.children.push(part.includes('&') ? decodeHTML(part) : part)
  }

  const readTag = (): { tag: string; attributes: Record<string, string> } => {
    tagName.lastIndex = at + 1
    const tag = tagName.exec(html)![0].toLowerCase()
    const attributes: Record<string, string> = {}
    at = tagName.lastIndex
    for (;;) {
      attribute.lastIndex = at
      const found = attribute.exec(html)
      if (!found) break
      at = attribute.lastIndex
      const name = found[1]!.length > 40 ? '' : found[1]!.toLowerCase()
      if (kept.has(name) && !(name in attributes))
        attributes[name] = decodeHTML((found[2] ?? found[3] ?? found[4] ?? '').slice(0, mostAttribute))
    }
    tagEnd.lastIndex = at
    tagEnd.exec(html)
    at = tagEnd.lastIndex
    // A tag that is nothing of all this would be read again and again.
    if (html[at - 1] !== '>' && at < html.length) at++
    return { tag, attributes }
  }

  const endBefore = (tag: string): void => {
    const rule = implied[tag]
    if (rule) {
      for (let depth = stack.length - 1; depth > 0; depth--) {
        const open = stack[depth]!.tag
        if (rule.within.includes(open)) return
        if (rule.ends.includes(open)) return void (stack.length = depth)
      }
    } else if (blocks.has(tag) && stack.at(-1)!.tag === 'p') stack.pop()
  }

  const open = (): void => {
    const { tag, attributes } = readTag()
    const href = attributes['href']
    if (tag === 'a' && href !== undefined && links.size < mostLinks) links.add(href)
    const isRaw = raw.has(tag)
    const from = at
    if (isRaw) {
      const end = new RegExp(`</${tag}[\\s/>]`, 'gi')
      end.lastIndex = at
      const found = end.exec(html)
      const to = found ? found.index : html.length
      if (tag === 'title' && title === '') title = decodeHTML(html.slice(from, Math.min(to, from + mostAttribute)))
      const close = found ? html.indexOf('>', to) : -1
      at = close === -1 ? html.length : close + 1
      return
    }
    endBefore(tag)
    if (voids.has(tag)) {
      nodes++
      stack.at(-1)!.children.push(elementOf(tag, attributes))
      return
    }
    if (stack.length >= mostDepth) {
      tooDeep.set(tag, (tooDeep.get(tag) ?? 0) + 1)
      return
    }
    nodes++
    const element = elementOf(tag, attributes)
    if (blocks.has(tag)) for (let depth = stack.length - 1; depth >= 0 && !stack[depth]!.hasBlocks; depth--) stack[depth]!.hasBlocks = true
    if (!dropped.has(tag)) stack.at(-1)!.children.push(element)
    stack.push(element)
  }

  const close = (): void => {
    tagName.lastIndex = at + 2
    const tag = tagName.exec(html)![0].toLowerCase()
    const end = html.indexOf('>', at)
    at = end === -1 ? html.length : end + 1
    const beyond = tooDeep.get(tag) ?? 0
    if (beyond > 0) return void tooDeep.set(tag, beyond - 1)
    const depth = stack.findLastIndex((element, index) => index > 0 && element.tag === tag)
    if (depth !== -1) stack.length = depth
  }

  const skip = (mark: string): void => {
    const end = html.indexOf(mark, at + 1)
    at = end === -1 ? html.length : end + mark.length
  }

  let since = performance.now()
  for (let step = 1; at < html.length && nodes < mostNodes; step++) {
    if (step % 200 === 0 && performance.now() - since > slice) {
      await yieldToOthers()
      since = performance.now()
    }
    const next = html.indexOf('<', at)
    const to = next === -1 ? html.length : next
    text(at, to)
    at = to
    if (next === -1) break
    const following = html.slice(at + 1, at + 4)
    if (/^[a-z]/i.test(following)) open()
    else if (/^\/[a-z]/i.test(following)) close()
    else if (following === '!--') skip('-->')
    else if (/^[!?/]/.test(following)) skip('>')
    else {
      stack.at(-1)!.children.push('<')
      nodes++
      at++
    }
  }
  return { root, title: title.replaceAll(/\s+/g, ' ').trim(), links: [...links], isCut: at < given.length }
}
