import { blocks, readHtml, type HtmlElement } from './html.ts'
import { yieldToOthers } from './clock.ts'

export interface MarkdownPage {
  readonly markdown: string
  readonly title: string
  /** The addresses that the whole page links to, also in its menus. Absolute where `base` is given. */
  readonly links: readonly string[]
  readonly isCut: boolean
}

/** Longer texts end there. */
const mostMarkdown = 1_000_000
/** Deeper lists and quotes are not indented any further. */
const mostIndented = 12
const mostColumns = 100
const slice = 10

/** Where the text of a page stands, the surest place first: Docusaurus, VitePress, GitBook and most others. */
const places: readonly ((element: HtmlElement) => boolean)[] = [
  ({ classes }) => classes.includes('theme-doc-markdown'),
  ({ classes }) => classes.includes('vp-doc'),
  ({ tag }) => tag === 'article',
  ({ tag, attributes }) => tag === 'main' || attributes['role'] === 'main',
  ({ tag }) => tag === 'body',
]

/** What stands among the text of a page and is no part of it. */
const noise = new Set(
  `hash-link header-anchor theme-doc-breadcrumbs theme-doc-footer theme-doc-toc-mobile theme-edit-this-page pagination-nav table-of-contents VPDocFooter
   VPDocAside VPLocalNav VPSidebar VPNav line-numbers-wrapper lang copy visually-hidden sr-only headerlink edit-page-link`.split(/\s+/),
)
const noiseTags: ReadonlySet<string> = new Set(['aside', 'head', 'input', 'label'])
const noiseRoles: ReadonlySet<string> = new Set(['tablist', 'navigation', 'search', 'contentinfo'])
const admonition = /^(?:theme-admonition|custom-block|admonition|callout|hint)$/
const admonitionTitle = /^(?:admonition-?heading|custom-block-title|admonition-title|callout-title)/i
/** Highlighters wrap each line in such an element, some of them without a line break. */
const codeLine: ReadonlySet<string> = new Set(['line', 'token-line', 'code-line', 'highlight-line', 'view-line'])

const isNoise = ({ tag, attributes, classes }: HtmlElement): boolean =>
  noiseTags.has(tag) ||
  attributes['aria-hidden'] === 'true' ||
  noiseRoles.has(attributes['role'] ?? '') ||
  classes.some((name) => noise.has(name)) ||
  // A part of a text that is shown only after a click is a part of the text.
  (attributes['hidden'] !== undefined && attributes['role'] !== 'tabpanel')

/** Turns a page into Markdown: its text with headings, lists, tables, code and links, without its menus. */
export async function htmlToMarkdown(html: string, { base }: { readonly base?: string | undefined } = {}): Promise<MarkdownPage> {
  const page = await readHtml(html)
  const absolute = (href: string): string | undefined => {
    if (base === undefined) return href
    return URL.canParse(href, base) ? new URL(href, base).href : undefined
  }
  const writer = createWriter(absolute)
  await gently(children(writer, await gently(mainOf(page.root))))
  const isWhole = !writer.isFull
  const markdown = writer.end()
  const heading = /^# (.+)$/m.exec(markdown.slice(0, 5000))?.[1]
  return {
    markdown,
    title: heading ?? page.title,
    links: page.links.flatMap((href) => absolute(href) ?? []),
    isCut: page.isCut || !isWhole,
  }
}

function* mainOf(root: HtmlElement): Generator<void, HtmlElement> {
  const found: HtmlElement[][] = places.map(() => [])
  const waiting: HtmlElement[] = [root]
  for (let element = waiting.pop(); element; element = waiting.pop()) {
    yield
    for (const [index, isPlace] of places.entries()) if (isPlace(element)) found[index]!.push(element)
    for (const child of element.children)
      if (typeof child !== 'string' && (child.hasBlocks || blocks.has(child.tag)) && !isNoise(child)) waiting.push(child)
  }
  // Several articles are a list of them, which the next place holds whole.
  return found.find((elements) => elements.length === 1 && hasText(elements[0]!))?.[0] ?? root
}

function hasText(root: HtmlElement): boolean {
  const waiting: HtmlElement[] = [root]
  for (let element = waiting.pop(); element; element = waiting.pop())
    for (const child of element.children) {
      if (typeof child !== 'string') waiting.push(child)
      else if (child.trim() !== '') return true
    }
  return false
}

/** Writes Markdown line by line, each with what its lists and quotes need before it. */
interface Writer {
  readonly absolute: (href: string) => string | undefined
  /** Whether everything is one line, as in a cell of a table or in a heading. */
  readonly isFlat: boolean
  readonly isFull: boolean
  /** What waits for the end of its paragraph. */
  readonly open: string
  text(text: string): void
  /** Marks of Markdown, as they are. */
  mark(opening: string): { close(closing: string): void }
  lineBreak(): void
  paragraph(before?: string): void
  lines(lines: readonly string[]): void
  /** Returns what ends it. */
  indent(first: string, rest: string): () => void
  /** Paragraphs follow each other without empty lines. Returns what ends it. */
  list(): () => void
  end(): string
}

function createWriter(absolute: Writer['absolute'], isFlat = false): Writer {
  const out: string[] = []
  let size = 0
  let open = ''
  let isSpaced = false
  let isTight = false
  let lists = 0
  const prefixes: { first: string | undefined; readonly rest: string }[] = []

  const before = (): string => {
    let whole = ''
    for (const prefix of prefixes) {
      whole += prefix.first ?? prefix.rest
      prefix.first = undefined
    }
    return whole
  }
  const add = (line: string): void => {
    out.push(line)
    size += line.length + 1
  }
  const blankLine = (): void => {
    const isItem = prefixes.some(({ first }) => first !== undefined)
    if (out.length > 0 && !(isTight && isItem) && out.at(-1) !== '')
      add(
        prefixes
          .map(({ rest, first }) => (first === undefined ? rest : ' '.repeat(first.length)))
          .join('')
          .trimEnd(),
      )
    isTight = lists > 0
  }
  const put = (lines: readonly string[]): void => {
    blankLine()
    for (const line of lines) if (size < mostMarkdown) add((before() + line).trimEnd())
  }
  const space = (): void => {
    if (isSpaced && open !== '' && !open.endsWith('\n')) open += ' '
    isSpaced = false
  }

  return {
    absolute,
    isFlat,
    get isFull() {
      return size + open.length > mostMarkdown
    },
    get open() {
      return open
    },
    text(text) {
      const words = text.replaceAll(/[\s\u200B\uFEFF]+/g, ' ')
      if (words === '') return
      if (words.startsWith(' ')) isSpaced = true
      const trimmed = words.trim()
      if (trimmed === '') return
      space()
      open += trimmed
      isSpaced = words.endsWith(' ')
    },
    mark(opening) {
      space()
      const length = open.length
      open += opening
      return {
        close(closing) {
          if (open.length === length + opening.length) open = open.slice(0, length)
          else open += closing
        },
      }
    },
    lineBreak() {
      isSpaced = false
      if (isFlat) isSpaced = true
      else if (open !== '') open += '\n'
    },
    paragraph(heading) {
      if (isFlat) {
        isSpaced = true
        return
      }
      const text = open.trim()
      open = ''
      isSpaced = false
      if (text === '') return
      if (heading === undefined) put(text.split('\n').map((line) => line.trim().replace(/^(?=#{1,6}\s|`{3}|~{3}|\||>)/, '\\')))
      else put([heading + text.replaceAll('\n', ' ')])
    },
    lines(lines) {
      this.paragraph()
      put(lines)
    },
    indent(first, rest) {
      this.paragraph()
      const isDeep = isFlat || prefixes.length >= mostIndented
      if (!isDeep) prefixes.push({ first, rest })
      return () => {
        this.paragraph()
        if (!isDeep) prefixes.pop()
      }
    },
    list() {
      this.paragraph()
      isTight = lists > 0
      lists++
      return () => {
        this.paragraph()
        lists--
        if (lists === 0) isTight = false
      }
    },
    end() {
      this.paragraph()
      return isFlat ? open.trim() : out.join('\n').trim()
    },
  }
}

/** Does work whose steps may be apart, and lets others go first now and then. */
async function gently<T>(steps: Generator<void, T>): Promise<T> {
  let since = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() - since <= slice) continue
    await yieldToOthers()
    since = performance.now()
  }
}

/** Yields now and then, so that whoever writes can let others go first. */
function* children(writer: Writer, element: HtmlElement): Generator<void> {
  for (const child of element.children) {
    if (writer.isFull) return
    if (typeof child === 'string') writer.text(child)
    else if (!isNoise(child)) {
      if (blocks.has(child.tag) || child.hasBlocks) {
        yield
        yield* block(writer, child)
      } else inline(writer, child)
    }
  }
}

function* block(writer: Writer, element: HtmlElement): Generator<void> {
  const { tag, classes } = element
  if (blocks.has(tag)) writer.paragraph()
  if (/^h[1-6]$/.test(tag)) {
    const title = flat(writer, element)
    writer.text(title)
    writer.paragraph(`${'#'.repeat(Number(tag[1]))} `)
  } else if (tag === 'pre') yield* code(writer, element, languageOf(element))
  else if (tag === 'table') yield* table(writer, element)
  else if (tag === 'ul' || tag === 'ol') yield* list(writer, element)
  else if (tag === 'hr') writer.lines(['---'])
  else if (tag === 'blockquote' || classes.some((name) => admonition.test(name))) {
    const end = writer.indent('> ', '> ')
    yield* children(writer, element)
    end()
  } else if (tag === 'dt' || tag === 'summary' || classes.some((name) => admonitionTitle.test(name))) {
    writer.text(bold(flat(writer, element)))
    writer.paragraph()
  } else {
    // The language of a block of code stands on the element around it as often as on the block.
    const language = classes.some((name) => name.startsWith('language-')) ? languageOf(element) : ''
    const pre = language === '' ? undefined : element.children.find((child) => typeof child !== 'string' && child.tag === 'pre')
    if (typeof pre === 'object') yield* code(writer, pre, language)
    else yield* children(writer, element)
  }
  if (blocks.has(tag)) writer.paragraph()
}

const bold = (text: string): string => (text === '' ? '' : `**${text}**`)

/** All that is in an element, as one line. */
function flat(writer: Writer, element: HtmlElement): string {
  const line = createWriter(writer.absolute, true)
  for (const child of element.children) flatInto(line, child)
  return line.end()
}

function flatInto(line: Writer, child: HtmlElement | string): void {
  if (line.isFull) return
  if (typeof child === 'string') return line.text(child)
  if (isNoise(child)) return
  if (!child.hasBlocks && !blocks.has(child.tag)) return inline(line, child)
  line.paragraph()
  for (const inner of child.children) flatInto(line, inner)
  line.paragraph()
}

const marks: Readonly<Record<string, string>> = { strong: '**', b: '**', em: '_', i: '_', del: '~~', s: '~~' }

function inline(writer: Writer, element: HtmlElement): void {
  const { tag, attributes } = element
  if (isNoise(element)) return
  if (tag === 'br') return writer.lineBreak()
  if (tag === 'code' || tag === 'kbd' || tag === 'samp') {
    const text = textOf(element).replaceAll(/\s+/g, ' ').trim()
    if (text === '') return
    const fence = '`'.repeat(longestRun(text) + 1)
    writer.mark(fence.length > 1 ? `${fence} ${text} ${fence}` : `\`${text}\``)
    return
  }
  if (tag === 'img') {
    const { alt = '', src = '' } = attributes
    const address = /^data:/i.test(src) ? undefined : writer.absolute(src)
    if (alt.trim() !== '') writer.mark(address === undefined ? alt.trim() : `![${alt.trim()}](${address})`)
    return
  }
  const href = tag === 'a' ? attributes['href'] : undefined
  const address = href === undefined || /^(?:#|javascript:|data:)/i.test(href) ? undefined : writer.absolute(href)
  const opening = address === undefined ? marks[tag] : '['
  if (opening === undefined) {
    for (const child of element.children) inlineChild(writer, child)
    return
  }
  const mark = writer.mark(opening)
  for (const child of element.children) inlineChild(writer, child)
  mark.close(address === undefined ? opening : `](${address})`)
}

function inlineChild(writer: Writer, child: HtmlElement | string): void {
  if (writer.isFull) return
  if (typeof child === 'string') writer.text(child)
  else inline(writer, child)
}

function* list(writer: Writer, element: HtmlElement): Generator<void> {
  const start = Number(element.attributes['start'] ?? 1)
  let number = Number.isSafeInteger(start) && start >= 0 ? start : 1
  const end = writer.list()
  for (const child of element.children) {
    if (typeof child === 'string' || isNoise(child)) continue
    const mark = element.tag === 'ul' ? '- ' : `${number++}. `
    const endItem = writer.indent(mark, ' '.repeat(mark.length))
    yield
    yield* child.tag === 'li' ? children(writer, child) : block(writer, child)
    endItem()
  }
  end()
}

function languageOf(element: HtmlElement): string {
  const inner = element.children.find((child) => typeof child !== 'string' && child.tag === 'code')
  const names = [...element.classes, ...(typeof inner === 'object' ? inner.classes : [])]
  const named = names.find((name) => /^(?:language|lang|highlight-source)-/.test(name))?.replace(/^(?:language|lang|highlight-source)-/, '')
  const language = named ?? element.attributes['data-language'] ?? element.attributes['data-lang'] ?? ''
  return /^[\w+#.-]{1,30}$/.test(language) ? language : ''
}

function* code(writer: Writer, element: HtmlElement, language: string): Generator<void> {
  const found = yield* codeOf(element)
  const whole = found.replaceAll('\u200B', '').replaceAll('\u00A0', ' ').trimEnd()
  const text = whole.startsWith('\n') ? whole.slice(1) : whole
  if (text.trim() === '') return
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  writer.lines([fence + language, ...text.split(/\r\n|\r|\n/), fence])
}

/** The text of code, with the line breaks that its markup stands for. */
function* codeOf(root: HtmlElement): Generator<void, string> {
  let text = ''
  let last = ''
  const add = (part: string): void => {
    if (part === '') return
    text += part
    last = part.at(-1)!
  }
  const walk = function* (element: HtmlElement): Generator<void> {
    for (const child of element.children) {
      yield
      if (typeof child === 'string') add(child)
      else if (child.tag === 'br') add('\n')
      else if (!noise.has(child.classes[0] ?? '') && child.attributes['aria-hidden'] !== 'true') {
        const isLine = child.tag === 'div' || child.classes.some((name) => codeLine.has(name))
        if (isLine && text !== '' && last !== '\n') add('\n')
        yield* walk(child)
      }
    }
  }
  yield* walk(root)
  return text
}

function textOf(root: HtmlElement): string {
  let text = ''
  for (const child of root.children) text += typeof child === 'string' ? child : textOf(child)
  return text
}

function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

function* table(writer: Writer, element: HtmlElement): Generator<void> {
  const rows: string[][] = []
  for (const row of rowsOf(element)) {
    yield
    const cells = row.children.filter((cell) => typeof cell !== 'string').slice(0, mostColumns)
    rows.push(cells.map((cell) => flat(writer, cell).replaceAll(/(?<!\\)\|/g, String.raw`\|`)))
  }
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0)
  if (columns === 0) return
  const line = (cells: readonly string[]): string => `| ${Array.from({ length: columns }, (_, at) => cells[at] ?? '').join(' | ')} |`
  const [head = [], ...body] = rows
  writer.lines([line(head), `|${' --- |'.repeat(columns)}`, ...body.map(line)])
}

function rowsOf(element: HtmlElement): HtmlElement[] {
  return element.children.flatMap((child) => {
    if (typeof child === 'string') return []
    if (child.tag === 'tr') return [child]
    return ['thead', 'tbody', 'tfoot'].includes(child.tag) ? rowsOf(child) : []
  })
}
