import jsonata from 'jsonata'
import type { Node } from './ast.ts'
import { LimitReached, type Limit } from './plain.ts'

/** Something wrong with an expression, and where in its text. */
export interface Problem {
  readonly message: string
  readonly offset: number
}

export interface Compiled {
  readonly ast: Node
  run(input: unknown, bindings: Readonly<Record<string, unknown>>, timeoutMs: number): Promise<unknown>
}

const longestText = 16_384
const deepestText = 64
/** The parser goes over the left side of each of these twice, so that a chain of n costs 2ⁿ. */
const maxDefaults = 8
const longestSequence = 1_000_000
const deepestCalls = 400
/** More than any input is. */
const longestString = 32_000_000

/** Texts kept compiled. A syntax tree takes some hundred times its text, so the texts are counted, not only the entries. */
const maxCharacters = 262_144

/** Guarded, what an expression makes on its way is looked at too, which takes a third more time; safe ones make nothing large. */
export function createCompiler({ guarded }: { guarded: boolean }): (text: string) => Compiled {
  const held = new Map<string, Compiled>()
  let characters = 0
  return (text) => {
    const hit = held.get(text)
    // Taken out and put back, it is the last to go.
    if (hit) held.delete(text)
    else characters += text.length
    const compiled = hit ?? compile(text, guarded)
    held.set(text, compiled)
    for (const [oldest] of held) {
      if (characters <= maxCharacters) break
      held.delete(oldest)
      characters -= oldest.length
    }
    return compiled
  }
}

export class SyntaxFault extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** What the library calls, where it is bound, with each thing that it made. */
const afterEach = Symbol.for('jsonata.__evaluate_exit')

function refuseLongString(_node: unknown, _input: unknown, _frame: unknown, made: unknown): void {
  if (typeof made === 'string' && made.length > longestString) throw new LimitReached('memory', told.memory)
}

function compile(text: string, guarded: boolean): Compiled {
  refuseUnreasonable(text)
  const options = { timeout: 0, stack: deepestCalls, sequence: longestSequence }
  let parsed: jsonata.Expression
  try {
    parsed = jsonata(text, options)
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxFault('the expression is nested too deeply', 0)
    const { message, position, token } = error as Partial<jsonata.JsonataError>
    const end = Math.min(position ?? 0, text.length)
    const length = token === undefined || token === '(end)' ? 0 : token.length
    throw new SyntaxFault(shorten(message ?? 'this is no expression'), Math.max(0, end - length))
  }
  // It would run text from outside as code.
  parsed.registerFunction('eval', () => {
    throw new Error('$eval is not available')
  })
  // Doubled again and again, a string costs nothing until somebody looks at it, and then more than there is.
  if (guarded) parsed.assign(afterEach as unknown as string, refuseLongString)
  return {
    ast: parsed.ast() as Node,
    async run(input, bindings, timeoutMs) {
      options.timeout = timeoutMs
      return parsed.evaluate(input, bindings)
    },
  }
}

function refuseUnreasonable(text: string): void {
  if (text.trim() === '') throw new SyntaxFault('the expression is empty', 0)
  if (text.length > longestText) throw new SyntaxFault(`the expression is longer than ${longestText} characters`, longestText)
  let depth = 0
  let defaults = 0
  for (let at = 0; at < text.length; at++) {
    if ('([{'.includes(text[at]!)) depth++
    else if (')]}'.includes(text[at]!)) depth--
    else if (text[at] === '?' && (text[at + 1] === ':' || text[at + 1] === '?')) defaults++
    if (depth > deepestText) throw new SyntaxFault(`the expression is nested deeper than ${deepestText} levels`, at)
    if (defaults > maxDefaults) throw new SyntaxFault(`the expression has more than ${maxDefaults} of \`?:\` and \`??\``, at)
  }
}

const limits: Readonly<Record<string, Limit>> = { D1011: 'depth', D1012: 'time', D2014: 'length', D2015: 'length' }

const told: Readonly<Record<Limit, string>> = {
  time: 'it takes too long',
  depth: 'it calls itself too deeply',
  length: 'it makes a list that is too long',
  memory: 'it needs too much memory',
  output: 'its result is too large',
}

/** What became of an evaluation that threw. */
export interface Fault {
  readonly limit?: Limit | undefined
  readonly message: string
  readonly offset?: number | undefined
}

export function faultOf(error: unknown): Fault {
  if (error instanceof LimitReached) return { limit: error.limit, message: error.message }
  // What V8 throws for too deep a recursion, and for too long a string or array.
  if (error instanceof RangeError) {
    const limit = /call stack/.test(error.message) ? 'depth' : 'memory'
    return { limit, message: told[limit] }
  }
  const { code, message, position } = error as { code?: string; message?: string; position?: number }
  const limit = code === undefined ? undefined : limits[code]
  return { limit, message: limit ? told[limit] : shorten(message ?? 'it failed'), offset: position }
}

export function outOf(limit: Limit): Fault {
  return { limit, message: told[limit] }
}

/** A message of the library quotes the value it stumbled over, whole. */
function shorten(message: string): string {
  return message.length > 200 ? `${message.slice(0, 200)}…` : message
}
