import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Pair } from 'yaml'
import type { DocumentFault, DocumentNode, ParsedDocument } from './types.ts'

const maxDepth = 64
/** Aliases multiply values, so the number of values and their length are limited. */
const maxNodes = 20_000
const maxCharacters = 1_000_000
const maxFaults = 50

class Refusal extends Error {
  readonly fault: DocumentFault

  constructor(message: string, offset: number, remedy: string) {
    super(message)
    this.fault = { offset, message, remedy }
  }
}

/** Parses YAML, and JSON as a part of it. */
export function readDocument(text: string): ParsedDocument {
  const parsed = parse(text)
  if (!parsed || parsed.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return { faults: [tooDeep] }
  if (parsed.errors.length > 0) {
    const faults = parsed.errors.slice(0, maxFaults)
    return { faults: faults.map(({ message, pos: [offset] }) => ({ offset, message: tidy(message), remedy: 'Fix the YAML here.' })) }
  }
  const reader = createReader()
  try {
    const value = reader.read(parsed.contents)
    return { value, nodes: reader.nodes }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { faults: [error.fault] }
  }
}

export const tooDeep: DocumentFault = {
  message: 'the definition is nested too deeply',
  remedy: `Nest at most ${maxDepth} levels; move parts into flows of their own.`,
}

function parse(text: string): Document.Parsed | undefined {
  try {
    // Duplicate keys are found below, because the parser's own check takes quadratic time.
    return parseDocument(text, { version: '1.2', schema: 'core', strict: true, uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const tidy = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 200)

/** Where a value is in the document. */
interface Place {
  readonly parent: number
  readonly name: string | number
  readonly key: number
  readonly depth: number
}

const whole: Place = { parent: -1, name: '', key: -1, depth: 0 }

function createReader() {
  const nodes: DocumentNode[] = []
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let characters = 0

  const read = (node: Node | null | undefined, place: Place = whole): unknown => {
    const { parent, name, key, depth } = place
    const start = node?.range?.[0] ?? Math.max(0, key)
    if (depth > maxDepth) throw new Refusal('this is nested too deeply', start, `Nest at most ${maxDepth} levels.`)
    if (nodes.length >= maxNodes) throw new Refusal('the definition holds too many values', start, 'Use fewer aliases; write less.')
    nodes.push({ parent, name, key, start, end: node?.range?.[1] ?? start })
    return valueOf(node, { start, depth, index: nodes.length - 1 })
  }

  const valueOf = (node: Node | null | undefined, at: At): unknown => {
    if (!node) return null
    const { start } = at
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (!target) throw new Refusal(`there is no anchor \`${node.source}\` before this`, start, 'Write the value out.')
      if (open.has(target)) throw new Refusal('this alias stands inside what it stands for', start, 'Write the value out.')
      return valueOf(target, at)
    }
    if (node.tag !== undefined) throw new Refusal('tags are not taken here', start, 'Leave the `!…` out.')
    if ('anchor' in node && node.anchor) anchors.set(node.anchor, node)
    open.add(node)
    try {
      if (isMap(node)) return mapOf(node.items as Pair<Node, Node | null>[], at)
      if (isSeq(node)) {
        return node.items.map((item, name) => read(item as Node, { parent: at.index, name, key: -1, depth: at.depth + 1 }))
      }
    } finally {
      open.delete(node)
    }
    if (!isScalar(node)) throw new Refusal('this is no value', start, 'Write a text, number, list or mapping.')
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
      throw new Refusal('JSON has no such number', start, 'Write another number, or a text in quotes.')
    }
    if (typeof node.value === 'string' && (characters += node.value.length) > maxCharacters)
      throw new Refusal('the texts of the definition are too long', start, 'Use fewer aliases; write less.')
    return node.value
  }

  const mapOf = (pairs: readonly Pair<Node, Node | null>[], { index, depth }: At): Record<string, unknown> => {
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
      made[name] = read(value, { parent: index, name, key: at, depth: depth + 1 })
    }
    return made
  }

  return { read, nodes }
}

interface At {
  readonly start: number
  readonly depth: number
  /** The number of the node. */
  readonly index: number
}
