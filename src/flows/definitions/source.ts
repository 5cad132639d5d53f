import type { DocumentFault, DocumentNode, Documents } from '#expressions'
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

export interface SourceOptions {
  readonly format: 'yaml' | 'json'
  readonly documents: Documents
  readonly workspaceId: string
  readonly isBundled: boolean
}

export async function readSource(
  text: string,
  { format, documents, workspaceId, isBundled }: SourceOptions,
): Promise<Source | DefinitionProblem[]> {
  const atStart = { line: 1, column: 1, path: '' }
  if (text.length > maxCharacters)
    return [{ ...atStart, message: `the definition is longer than ${maxCharacters} characters`, remedy: 'Split it into several flows.' }]
  if (text.trim() === '') return [{ ...atStart, message: 'there is no definition', remedy: 'Write at least `id` and `steps`.' }]
  const fault = format === 'json' ? findJsonFault(text) : undefined
  if (fault) {
    const message = fault.atEnd ? 'the JSON stops before it is complete' : 'this is not JSON'
    return [{ line: fault.line, column: fault.column, path: '', message, remedy: 'Fix it here, or send it as YAML.' }]
  }
  const placeAt = placesIn(text)
  const toProblem = ({ offset, message, remedy }: DocumentFault): DefinitionProblem => ({
    ...placeAt(offset ?? 0),
    path: '',
    message,
    remedy,
  })
  const parsed = await documents.parse(text, { workspaceId, isTrusted: isBundled })
  if ('faults' in parsed) return parsed.faults.map(toProblem)
  return { value: parsed.value, ...finder(text, parsed.nodes, placeAt) }
}

function placesIn(text: string): (offset: number) => Place {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const line = starts.findLastIndex((start) => start <= offset)
    return { line: line + 1, column: offset - starts[line]! + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

function finder(text: string, nodes: readonly DocumentNode[], placeAt: (offset: number) => Place): Omit<Source, 'value'> {
  const inner: (Map<string | number, number> | undefined)[] = []
  for (const [index, { parent, name }] of nodes.entries()) {
    if (parent >= 0) (inner[parent] ??= new Map()).set(name, index)
  }
  /** A missing value has the position of what would contain it. */
  const find = (path: Path): { node: DocumentNode; exists: boolean } => {
    let at = 0
    for (const name of path) {
      const next = inner[at]?.get(name)
      if (next === undefined) return { node: nodes[at]!, exists: false }
      at = next
    }
    return { node: nodes[at]!, exists: true }
  }
  return {
    place(path, which = 'value') {
      const { node, exists } = find(path)
      return placeAt((which === 'key' || !exists) && node.key >= 0 ? node.key : node.start)
    },
    inside(path, nth, offset) {
      const { start, end } = find(path).node
      const raw = text.slice(start, end)
      let at = 0
      // Skips the quote or the header of a block scalar.
      if (nth === undefined) at = /^(["']|[|>][^\n]*\n\s*)?/.exec(raw)![0].length
      else for (let n = 0, from = 0; n <= nth; n++, from = at + 3) at = Math.max(0, raw.indexOf('${{', from))
      return placeAt(start + Math.min(at + offset, Math.max(0, raw.length - 1)))
    },
  }
}
