/**
 * Converts between Markdown and the Atlassian Document Format: headings, paragraphs, lists, quotes, code, rules, and bold, italic, strike,
 * code and links inside lines. Tables are only converted to Markdown. Of all other nodes only the text is kept.
 */
interface Node {
  type: string
  text?: string
  content?: Node[]
  attrs?: Record<string, unknown>
  marks?: { type: string; attrs?: Record<string, unknown> }[]
}

export function toAdf(markdown: string): Node & { version: number } {
  return { type: 'doc', version: 1, content: blocks(markdown.replaceAll('\r\n', '\n').split('\n')) }
}

function blocks(lines: readonly string[]): Node[] {
  const out: Node[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at]!
    const fence = /^\s*(```+|~~~+)\s*([\w+-]*)/.exec(line)
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line)
    if (line.trim() === '') at += 1
    else if (fence) {
      const end = closing(lines, at + 1, fence[1]!)
      const text = lines.slice(at + 1, end).join('\n')
      out.push({
        type: 'codeBlock',
        ...(fence[2] ? { attrs: { language: fence[2] } } : {}),
        content: text === '' ? [] : [{ type: 'text', text }],
      })
      at = end + 1
    } else if (heading) {
      out.push({ type: 'heading', attrs: { level: heading[1]!.length }, content: inline(heading[2]!) })
      at += 1
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.push({ type: 'rule' })
      at += 1
    } else if (/^\s*>/.test(line)) {
      const end = endOf(lines, at, (next) => /^\s*>/.test(next))
      out.push({ type: 'blockquote', content: orParagraph(blocks(lines.slice(at, end).map((quoted) => quoted.replace(/^\s*> ?/, '')))) })
      at = end
    } else if (itemOf(line)) {
      const [list, end] = readList(lines, at)
      out.push(list)
      at = end
    } else {
      const end = endOf(lines, at, (next) => next.trim() !== '' && !/^\s*(```|~~~|>|#{1,6}\s)/.test(next) && !itemOf(next))
      out.push({ type: 'paragraph', content: paragraph(lines.slice(at, end)) })
      at = end
    }
  }
  return out
}

function closing(lines: readonly string[], from: number, fence: string): number {
  for (let at = from; at < lines.length; at++) if (lines[at]!.trim().startsWith(fence)) return at
  return lines.length
}

function endOf(lines: readonly string[], from: number, goesOn: (line: string) => boolean): number {
  let at = from + 1
  while (at < lines.length && goesOn(lines[at]!)) at += 1
  return at
}

function itemOf(line: string): { indent: number; ordered: boolean; start: number; text: string } | undefined {
  const found = /^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(line)
  return found ? { indent: found[1]!.length, ordered: found[3] !== undefined, start: Number(found[3] ?? 1), text: found[4]! } : undefined
}

/** Parses a list and the lists that are nested in its items. */
function readList(lines: readonly string[], from: number): [Node, number] {
  const first = itemOf(lines[from]!)!
  const items: Node[] = []
  let at = from
  while (at < lines.length) {
    const item = itemOf(lines[at]!)
    if (!item || item.ordered !== first.ordered || item.indent < first.indent || item.indent > first.indent + 1) break
    const end = endOf(lines, at, (next) => next.trim() !== '' && (next.match(/^\s*/)?.[0].length ?? 0) > item.indent)
    const inner = lines.slice(at + 1, end)
    const nested = inner.findIndex((line) => itemOf(line) !== undefined)
    const ownLines = nested < 0 ? inner : inner.slice(0, nested)
    const content: Node[] = [{ type: 'paragraph', content: paragraph([item.text, ...ownLines.map((line) => line.trim())]) }]
    if (nested >= 0) content.push(...blocks(inner.slice(nested)))
    items.push({ type: 'listItem', content })
    at = end
  }
  return [
    { type: first.ordered ? 'orderedList' : 'bulletList', ...(first.ordered ? { attrs: { order: first.start } } : {}), content: items },
    at,
  ]
}

function orParagraph(nodes: Node[]): Node[] {
  return nodes.length > 0 ? nodes : [{ type: 'paragraph', content: [] }]
}

function paragraph(lines: readonly string[]): Node[] {
  return lines.flatMap((line, index) => [...(index > 0 ? [{ type: 'hardBreak' }] : []), ...inline(line)])
}

type Marks = NonNullable<Node['marks']>

interface Span {
  readonly pattern: RegExp
  readonly mark: (found: RegExpExecArray) => Marks[number]
  readonly literal?: boolean
}

// The lengths inside the patterns are limited, because a text with many opening marks would otherwise be scanned to its end for each mark.
const spans: readonly Span[] = [
  { pattern: /`([^`]{1,2000})`/g, mark: () => ({ type: 'code' }), literal: true },
  { pattern: /\[([^\]]{1,1000})\]\(([^()\s]{1,2000})\)/g, mark: (found) => ({ type: 'link', attrs: { href: found[2]! } }) },
  { pattern: /\*\*([^*]{1,2000}(?:\*[^*]{1,500}\*[^*]{0,500})?)\*\*/g, mark: () => ({ type: 'strong' }) },
  { pattern: /__([^_]{1,2000})__/g, mark: () => ({ type: 'strong' }) },
  { pattern: /~~([^~]{1,2000})~~/g, mark: () => ({ type: 'strike' }) },
  { pattern: /(?<![\w*])\*([^*\s][^*]{0,2000}?)\*(?![\w*])/g, mark: () => ({ type: 'em' }) },
  { pattern: /(?<![\w_])_([^_\s][^_]{0,2000}?)_(?![\w_])/g, mark: () => ({ type: 'em' }) },
]

/** The search for each kind of span continues where it last matched, so a line is scanned once per kind and not once per span. */
function inline(text: string, marks: Marks = []): Node[] {
  const out: Node[] = []
  const plain = (value: string): void => {
    if (value !== '')
      out.push({ type: 'text', text: value.replaceAll(/\\([\\`*_{}[\]()#+\-.!~>])/g, '$1'), ...(marks.length > 0 ? { marks } : {}) })
  }
  const next = new Map<Span, RegExpExecArray | null>()
  const find = (span: Span, from: number): RegExpExecArray | null => {
    const held = next.get(span)
    if (held === null || (held && held.index >= from)) return held
    span.pattern.lastIndex = from
    const found = span.pattern.exec(text)
    next.set(span, found)
    return found
  }
  let at = 0
  for (;;) {
    let best: { found: RegExpExecArray; span: Span } | undefined
    for (const span of spans) {
      const found = find(span, at)
      if (found && (!best || found.index < best.found.index)) best = { found, span }
    }
    if (!best) {
      plain(text.slice(at))
      return out
    }
    const { found, span } = best
    plain(text.slice(at, found.index))
    const inner = [...marks, span.mark(found)]
    out.push(...(span.literal ? [{ type: 'text', text: found[1]!, marks: inner }] : inline(found[1]!, inner)))
    at = found.index + found[0].length
  }
}

export function fromAdf(document: unknown): string {
  return blockText(document as Node, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

function children({ content }: Node): Node[] {
  return Array.isArray(content) ? content : []
}

function blockText(node: Node, indent: string): string {
  const each = (separator: string): string =>
    children(node)
      .map((child) => blockText(child, indent))
      .join(separator)
  switch (node.type) {
    case 'doc':
    case 'panel':
    case 'expand':
      return each('\n\n')
    case 'paragraph':
      return lineText(node)
    case 'heading':
      return `${'#'.repeat(Number(node.attrs?.['level'] ?? 1))} ${lineText(node)}`
    case 'codeBlock':
      return `\`\`\`${String(node.attrs?.['language'] ?? '')}\n${children(node)
        .map(({ text = '' }) => text)
        .join('')}\n\`\`\``
    case 'blockquote':
      return each('\n\n')
        .split('\n')
        .map((line) => `> ${line}`.trimEnd())
        .join('\n')
    case 'rule':
      return '---'
    case 'bulletList':
    case 'orderedList':
    case 'taskList':
      return children(node)
        .map((item, index) => itemText(item, signOf(item, node, index), indent))
        .join('\n')
    case 'table':
      return tableText(node)
    case 'mediaSingle':
    case 'mediaGroup':
      return '[attachment]'
    default:
      return node.content ? each('\n\n') : lineText({ type: 'paragraph', content: [node] })
  }
}

function signOf(item: Node, list: Node, index: number): string {
  if (list.type === 'orderedList') return `${Number(list.attrs?.['order'] ?? 1) + index}.`
  return list.type === 'taskList' ? `- [${item.attrs?.['state'] === 'DONE' ? 'x' : ' '}]` : '-'
}

function itemText(item: Node, sign: string, indent: string): string {
  const inner = `${indent}${' '.repeat(sign.length + 1)}`
  // A task item contains its text directly. A list item contains it in a paragraph.
  const parts = children(item).some(({ type }) => type === 'text')
    ? [lineText(item)]
    : children(item).map((child) => blockText(child, inner))
  return `${indent}${sign} ${parts.join('\n').replaceAll(/\n(?! )/g, `\n${inner}`)}`
}

function tableText(table: Node): string {
  const rows = children(table).map((row) =>
    children(row).map((cell) =>
      children(cell)
        .map((child) => blockText(child, ''))
        .join(' ')
        .replaceAll('\n', ' ')
        .replaceAll('|', '\\|'),
    ),
  )
  const [head = [], ...rest] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rest.map(line)].join('\n')
}

function lineText(node: Node): string {
  return children(node)
    .map((child) => {
      const attrs = child.attrs ?? {}
      if (child.type === 'hardBreak') return '\n'
      if (child.type === 'mention') return String(attrs['text'] ?? `@${String(attrs['id'] ?? '')}`)
      if (child.type === 'emoji') return String(attrs['text'] ?? attrs['shortName'] ?? '')
      if (child.type === 'inlineCard') return String(attrs['url'] ?? '')
      if (child.type === 'date') return new Date(Number(attrs['timestamp'])).toISOString().slice(0, 10)
      if (child.type === 'status') return `[${String(attrs['text'] ?? '')}]`
      return marked(child)
    })
    .join('')
}

function marked({ text = '', marks = [] }: Node): string {
  return marks.reduce((text, { type, attrs }) => {
    if (type === 'code') return `\`${text}\``
    if (type === 'strong') return `**${text}**`
    if (type === 'em') return `*${text}*`
    if (type === 'strike') return `~~${text}~~`
    if (type === 'link') return `[${text}](${String(attrs?.['href'] ?? '')})`
    return text
  }, text)
}
