import { hubError, type HubError } from '#errors'
import type { EvaluateOptions, Expressions } from './types.ts'

/** An expression inside a value: `${{ … }}`. */
export interface Template {
  /** The place in the value, as keys and indexes. */
  readonly path: readonly (string | number)[]
  /** The whole string that contains it. */
  readonly text: string
  readonly expression: string
  /** The position in `text` where the expression begins, after `${{` and its spaces. */
  readonly offset: number
}

type Piece = { readonly literal: string } | { readonly expression: string; readonly offset: number; readonly open?: true }

const maxDepth = 100

/** Finds every expression in a value, also those that are not closed; see `unclosedAt`. */
export function findTemplates(value: unknown): Template[] {
  const found: Template[] = []
  const walk = (item: unknown, path: readonly (string | number)[]): void => {
    if (typeof item === 'string') {
      for (const piece of split(item)) if ('expression' in piece) found.push({ path, text: item, ...pick(piece) })
    } else if (path.length > maxDepth) return
    else if (Array.isArray(item)) item.forEach((inner, index) => walk(inner, [...path, index]))
    else if (typeof item === 'object' && item !== null) {
      for (const [key, inner] of Object.entries(item)) walk(inner, [...path, key])
    }
  }
  walk(value, [])
  return found
}

/** The position of a `${{` that is not closed. */
export function unclosedAt(text: string): number | undefined {
  const last = split(text).at(-1)
  return last && 'expression' in last && last.open ? text.lastIndexOf('${{', last.offset) : undefined
}

type EvaluatePiece = (piece: Exclude<Piece, { literal: string }>) => Promise<unknown>

/** Returns the value with its expressions evaluated. */
// oxlint-disable-next-line max-params -- It takes the parameters of `evaluate`, and what evaluates.
export async function render(expressions: Expressions, value: unknown, input: unknown, options: EvaluateOptions): Promise<unknown> {
  const maxChars = options?.maxOutputBytes ?? 1_000_000
  const evaluate: EvaluatePiece = ({ expression, open }) => {
    if (open) throw unclosed()
    return expressions.evaluate(expression, input, options)
  }
  const walk = async (item: unknown, depth: number): Promise<unknown> => {
    if (typeof item === 'string') return item.includes('${{') ? renderText(item, evaluate, maxChars) : item
    if (typeof item !== 'object' || item === null) return item
    if (depth > maxDepth) throw hubError('expression_limit', { detail: `The value is nested deeper than ${maxDepth} levels.` })
    if (Array.isArray(item)) {
      const items: unknown[] = []
      // One after the other, so that the same expression always fails first.
      for (const inner of item) items.push((await walk(inner, depth + 1)) ?? null)
      return items
    }
    const made: Record<string, unknown> = {}
    for (const [key, inner] of Object.entries(item)) {
      const rendered = await walk(inner, depth + 1)
      if (rendered !== undefined && key !== '__proto__') made[key] = rendered
    }
    return made
  }
  return walk(value, 0)
}

async function renderText(text: string, evaluate: EvaluatePiece, maxChars: number): Promise<unknown> {
  const pieces = split(text)
  const [only] = pieces
  if (pieces.length === 1 && only && 'expression' in only) return evaluate(only)
  let joined = ''
  for (const piece of pieces) {
    joined += 'literal' in piece ? piece.literal : textOf(await evaluate(piece))
    if (joined.length > maxChars) throw hubError('expression_limit', { detail: `The text is longer than ${maxChars} characters.` })
  }
  return joined
}

const unclosed = (): HubError => hubError('expression_failed', { detail: 'A `${{` is not closed by `}}`.' })

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const pick = ({ expression, offset }: { expression: string; offset: number }) => ({ expression, offset })

function split(text: string): Piece[] {
  const pieces: Piece[] = []
  let literal = ''
  const flush = (): void => {
    if (literal !== '') pieces.push({ literal })
    literal = ''
  }
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('${{', at)
    if (open < 0) {
      literal += text.slice(at)
      break
    }
    if (open > at && text[open - 1] === '$') {
      literal += `${text.slice(at, open - 1)}\${{`
      at = open + 3
      continue
    }
    literal += text.slice(at, open)
    const end = closing(text, open + 3)
    flush()
    const inside = text.slice(open + 3, end ?? text.length)
    const expression = inside.trim()
    const offset = open + 3 + (inside.length - inside.trimStart().length)
    pieces.push(end === undefined ? { expression, offset, open: true } : { expression, offset })
    at = end === undefined ? text.length : end + 2
  }
  flush()
  return pieces
}

/** The position of the `}}` that ends the expression, ignoring strings, comments and braces of the expression itself. */
function closing(text: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text[at]!
    if (character === '"' || character === "'" || character === '`') {
      at = stringEnd(text, at)
    } else if (character === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2)
      at = end < 0 ? text.length : end + 1
    } else if (character === '/' && startsRegex(text, from, at)) {
      at = stringEnd(text, at)
    } else if (character === '{') depth++
    else if (character === '}') {
      if (depth > 0) depth--
      else if (text[at + 1] === '}') return at
    }
  }
  return undefined
}

/** A slash after a value divides. Anywhere else it begins a regular expression. */
function startsRegex(text: string, from: number, at: number): boolean {
  return !/[\w$)\]}"'`]\s*$/.test(text.slice(Math.max(from, at - 50), at))
}

function stringEnd(text: string, at: number): number {
  const quote = text[at]
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\' && quote !== '`') end++
    else if (text[end] === quote) return end
  }
  return text.length
}
