import { mostCharacters, separator, wantedCharacters, type Chunk, type ChunkKind, type OutlineEntry, type Processed } from './types.ts'

/** Lines that belong together: a paragraph with its list, a fence, a table. */
interface Block {
  readonly kind: ChunkKind
  readonly heading: string
  readonly lines: readonly string[]
  /** From 0. */
  readonly from: number
  /** Repeated at the start of every piece when the block is split: the header of a table, the first line of a fence. */
  readonly opening: readonly string[]
  /** The last line of every piece of a fence. */
  readonly closing: string | undefined
}

/** Bounded, because the end of a heading is looked for backwards. */
const heading = /^ {0,3}(#{1,6})[ \t]+([^\n]{0,500}?)[ \t]{0,20}#{0,20}[ \t]{0,20}$/
const fence = /^\s*(`{3,}|~{3,})(.*)$/
const tableLine = /^\s*\|.*\|\s*$/
/** What follows the header of a table. */
const isTableRule = (line: string): boolean => /^[\s:|-]+$/.test(line) && line.includes('-') && line.includes('|')
const blank = /^\s*$/

/** Cuts Markdown into chunks by its lines: fences and tables stay whole as far as they can, and small neighbours of one heading share a chunk. */
export function chunkMarkdown(text: string): Processed {
  const lines = text.split(/\r\n|\r|\n/)
  const { blocks, outline } = readBlocks(lines)
  return { chunks: blocksToChunks(blocks.flatMap(splitBlock)), outline }
}

function readBlocks(lines: readonly string[]): { blocks: Block[]; outline: OutlineEntry[] } {
  const blocks: Block[] = []
  const outline: OutlineEntry[] = []
  const above: { level: number; title: string }[] = []
  let at = frontMatterEnd(lines)
  while (at < lines.length) {
    const line = lines[at]!
    if (blank.test(line)) {
      at++
      continue
    }
    const found = heading.exec(line)
    if (found) {
      const level = found[1]!.length
      const title = plainTitle(found[2]!)
      while (above.length > 0 && above.at(-1)!.level >= level) above.pop()
      above.push({ level, title })
      outline.push({ level, title, line: at + 1 })
    }
    const end = found ? at + 1 : endOfBlock(lines, at)
    blocks.push(blockOf(lines.slice(at, end), { from: at, heading: above.map(({ title }) => title).join(separator) }))
    at = end
  }
  return { blocks, outline }
}

function frontMatterEnd(lines: readonly string[]): number {
  if (lines[0]?.trimEnd() !== '---') return 0
  const end = lines.findIndex((line, at) => at > 0 && line.trimEnd() === '---')
  return end === -1 ? 0 : end + 1
}

/** Without links, marks and the anchors that site builders write into headings. */
function plainTitle(text: string): string {
  return text
    .replaceAll(/\s*\{#[^}]*\}\s*$/g, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]|<[^>]{1,200}>/g, '')
    .trim()
}

function endOfBlock(lines: readonly string[], start: number): number {
  const opening = fence.exec(lines[start]!)
  if (opening) {
    const mark = opening[1]!
    for (let at = start + 1; at < lines.length; at++) {
      const closing = fence.exec(lines[at]!)
      if (closing && closing[1]!.startsWith(mark) && blank.test(closing[2]!)) return at + 1
    }
    return lines.length
  }
  const isTable = tableLine.test(lines[start]!)
  let at = start + 1
  while (at < lines.length) {
    const line = lines[at]!
    if (blank.test(line) || heading.test(line) || fence.test(line) || tableLine.test(line) !== isTable) break
    at++
  }
  return at
}

function blockOf(lines: readonly string[], place: { readonly from: number; readonly heading: string }): Block {
  const first = lines[0]!
  const opening = fence.exec(first)
  if (opening) return { ...place, kind: 'code', lines, opening: [first], closing: opening[1] }
  if (tableLine.test(first)) {
    const isHeaded = lines[1] !== undefined && isTableRule(lines[1])
    return { ...place, kind: 'table', lines, opening: isHeaded ? lines.slice(0, 2) : [], closing: undefined }
  }
  return { ...place, kind: 'text', lines, opening: [], closing: undefined }
}

const lengthOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length + 1, 0)

/** Splits a block that is too long at its lines, and a line that is too long where it has to. */
function splitBlock(block: Block): Block[] {
  const most = block.kind === 'text' ? wantedCharacters : mostCharacters
  if (lengthOf(block.lines) <= most) return [block]
  const pieces: Block[] = []
  let lines: string[] = []
  let from = block.from
  const close = (next: number): void => {
    if (lines.length > 0) {
      const isFirst = pieces.length === 0
      const whole = [...(isFirst ? [] : block.opening), ...lines]
      if (block.closing !== undefined && fence.exec(whole.at(-1)!)?.[1] !== block.closing) whole.push(block.closing)
      pieces.push({ ...block, lines: whole, from })
    }
    lines = []
    from = next
  }
  for (const [index, line] of block.lines.entries()) {
    for (let cut = 0; cut === 0 || cut < line.length; cut += most) {
      const part = line.slice(cut, cut + most)
      if (lines.length > 0 && lengthOf(lines) + part.length > most) close(block.from + index)
      lines.push(part)
    }
  }
  close(block.from + block.lines.length)
  return pieces
}

/** How many headings without a text below them a chunk begins with. */
const mostHeadings = 6

function blocksToChunks(blocks: readonly Block[]): Chunk[] {
  const chunks: Chunk[] = []
  let open: Block[] = []
  let length = 0
  let hasText = false
  const close = (): void => {
    if (hasText) chunks.push(chunkOf(open))
    open = []
    length = 0
    hasText = false
  }
  for (const block of blocks) {
    const size = lengthOf(block.lines)
    // A small section joins its neighbours where they have a heading in common.
    if (hasText && (length + size > wantedCharacters || !isNear(open[0]!.heading, block.heading))) close()
    if (!hasText && open.length >= mostHeadings) length -= lengthOf(open.shift()!.lines)
    open.push(block)
    length += size
    hasText ||= !isHeadingOnly(block)
  }
  close()
  return chunks
}

const isHeadingOnly = ({ lines }: Block): boolean => lines.length === 1 && heading.test(lines[0]!)

/** Whether a heading is the same as another one or stands below it. */
const isNear = (upper: string, lower: string): boolean => upper === lower || (upper !== '' && lower.startsWith(upper + separator))

function chunkOf(blocks: readonly Block[]): Chunk {
  const last = blocks.at(-1)!
  const kinds = new Set(blocks.filter((block) => !isHeadingOnly(block)).map(({ kind }) => kind))
  return {
    kind: kinds.size === 1 ? [...kinds][0]! : 'text',
    heading: blocks[0]!.heading,
    text: blocks.map(({ lines }) => lines.join('\n')).join('\n\n'),
    fromLine: blocks[0]!.from + 1,
    toLine: last.from + last.lines.length,
  }
}
