import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml'
import { findJsonFault } from '#lib/json'

export type Path = readonly (string | number)[]

/** An error in a definition: what it is, where, and how to fix it. */
export interface DefinitionProblem {
  /** From 1. */
  readonly line: number
  readonly column: number
  /** `steps[2].with.owner`; empty for the whole. */
  readonly path: string
  readonly message: string
  readonly remedy: string
}

/** A parsed text with the position of every value. */
export interface Source {
  readonly value: unknown
  /** The position of a value or of its key. */
  place(path: Path, which?: 'key' | 'value'): Place
  /** The position `offset` characters after the nth `${{` of a string. */
  inside(path: Path, nth: number | undefined, offset: number): Place
}

export interface Place {
  readonly line: number
  readonly column: number
}

const maxCharacters = 262_144
const maxDepth = 64
/** Aliases multiply values, so the number of values is limited. */
const maxNodes = 50_000
const maxShown = 50

class Refusal extends Error {
  readonly offset: number
  readonly remedy: string

  constructor(message: string, offset: number, remedy: string) {
    super(message)
    this.offset = offset
    this.remedy = remedy
  }
}

export function readSource(text: string, format: 'yaml' | 'json'): Source | DefinitionProblem[] {
  const problemAtStart = (message: string, remedy: string): DefinitionProblem[] => [{ line: 1, column: 1, path: '', message, remedy }]
  if (text.length > maxCharacters)
    return problemAtStart(`the definition is longer than ${maxCharacters} characters`, 'Split it into several flows.')
  if (text.trim() === '') return problemAtStart('there is no definition', 'Write at least `id` and `steps`.')
  const fault = format === 'json' ? findJsonFault(text) : undefined
  if (fault) {
    const message = fault.atEnd ? 'the JSON stops before it is complete' : 'this is not JSON'
    return [{ line: fault.line, column: fault.column, path: '', message, remedy: 'Fix it here, or send it as YAML.' }]
  }
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const parsed = parse(text, lines)
  if (!parsed || parsed.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    return problemAtStart('the definition is nested too deeply', `Nest at most ${maxDepth} levels; move parts into flows of their own.`)
  const complaints = parsed.errors.slice(0, maxShown)
  if (complaints.length > 0) {
    return complaints.map(({ message, pos }) => ({ ...placeAt(pos[0]), path: '', message: tidy(message), remedy: 'Fix the YAML here.' }))
  }
  const reader = createReader()
  try {
    const value = reader.read(parsed.contents)
    return { value, ...finder(text, reader.ranges, placeAt) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return [{ ...placeAt(error.offset), path: '', message: error.message, remedy: error.remedy }]
  }
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // Duplicate keys are found below, because the parser's own check takes quadratic time.
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter,
      logLevel: 'error',
    })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const tidy = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 200)

interface Ranges {
  readonly key: number | undefined
  readonly start: number
  readonly end: number
}

export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

function createReader() {
  const ranges = new Map<string, Ranges>()
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let count = 0

  const read = (node: Node | null | undefined, path: Path = [], key?: number): unknown => {
    const start = node?.range?.[0] ?? key ?? 0
    if (path.length > maxDepth) throw new Refusal('this is nested too deeply', start, `Nest at most ${maxDepth} levels.`)
    if (++count > maxNodes) throw new Refusal('the definition holds too many values', start, 'Use fewer aliases; write less.')
    const known = pathKey(path)
    if (!ranges.has(known)) ranges.set(known, { key, start, end: node?.range?.[1] ?? start })
    if (!node) return null
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (!target) throw new Refusal(`there is no anchor \`${node.source}\` before this`, start, 'Write the value out.')
      if (open.has(target)) throw new Refusal('this alias stands inside what it stands for', start, 'Write the value out.')
      return read(target, path, key)
    }
    if (node.tag !== undefined) throw new Refusal('tags are not taken here', start, 'Leave the `!…` out.')
    if ('anchor' in node && node.anchor) anchors.set(node.anchor, node)
    open.add(node)
    try {
      if (isMap(node)) return readMap(node.items as Pair<Node, Node | null>[], path)
      if (isSeq(node)) return node.items.map((item, index) => read(item as Node, [...path, index]))
    } finally {
      open.delete(node)
    }
    if (!isScalar(node)) throw new Refusal('this is no value', start, 'Write a text, number, list or mapping.')
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
      throw new Refusal('JSON has no such number', start, 'Write another number, or a text in quotes.')
    }
    return node.value
  }

  const readMap = (pairs: readonly Pair<Node, Node | null>[], path: Path): Record<string, unknown> => {
    const made: Record<string, unknown> = {}
    for (const { key, value } of pairs) {
      const at = key.range?.[0] ?? 0
      if (!isScalar(key) || key.value === null || typeof key.value === 'object') {
        throw new Refusal('a key is a text', at, 'Write a plain name before the colon.')
      }
      const name = String(key.value)
      if (Object.hasOwn(made, name)) throw new Refusal(`\`${name}\` is there twice`, at, 'Take one of them away.')
      if (name === '__proto__') throw new Refusal('`__proto__` is no name to use here', at, 'Choose another name.')
      if (name === '<<') throw new Refusal('merge keys (`<<`) are not taken here', at, 'Write the values out.')
      made[name] = read(value, [...path, name], at)
    }
    return made
  }

  return { read, ranges }
}

function finder(text: string, ranges: ReadonlyMap<string, Ranges>, placeAt: (offset: number) => Place): Omit<Source, 'value'> {
  /** A missing value has the position of what would contain it. */
  const find = (path: Path): Ranges => {
    for (let length = path.length; length >= 0; length--) {
      const range = ranges.get(pathKey(path.slice(0, length)))
      if (range) return range
    }
    return { key: undefined, start: 0, end: 0 }
  }
  return {
    place(path, which = 'value') {
      const { key, start } = find(path)
      const there = ranges.has(pathKey(path))
      return placeAt(which === 'key' || !there ? (key ?? start) : start)
    },
    inside(path, nth, offset) {
      const { start, end } = find(path)
      const raw = text.slice(start, end)
      let at = 0
      // Skips the quote or the header of a block scalar.
      if (nth === undefined) at = /^(["']|[|>][^\n]*\n\s*)?/.exec(raw)![0].length
      else for (let n = 0, from = 0; n <= nth; n++, from = at + 3) at = Math.max(0, raw.indexOf('${{', from))
      return placeAt(start + Math.min(at + offset, Math.max(0, raw.length - 1)))
    },
  }
}
