import jsonata from 'jsonata'
import type { Node } from './ast.ts'
import { maxStretch, ownCpuMs } from './cpu-time.ts'
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

const maxTextLength = 16_384
const maxBrackets = 64
/** The parser processes the left side of these operators twice, so a chain of n costs 2ⁿ. */
const maxDefaults = 8
const maxSequence = 1_000_000
const maxCalls = 400
/** Longer than any input. */
const maxString = 32_000_000

/** The size of the cache in characters of source text. A syntax tree takes about a hundred times the memory of its text. */
const maxCharacters = 262_144

/**
 * With `guarded`, intermediate results are checked too, which takes a third more time, and the limit is one of processor time. Safe
 * expressions do not need it.
 */
export function createCompiler({ guarded }: { guarded: boolean }): (text: string) => Compiled {
  const cache = new Map<string, Compiled>()
  let characters = 0
  return (text) => {
    const hit = cache.get(text)
    // Deleted and inserted again, it becomes the newest entry.
    if (hit) cache.delete(text)
    else characters += text.length
    const compiled = hit ?? compile(text, guarded)
    cache.set(text, compiled)
    for (const [oldest] of cache) {
      if (characters <= maxCharacters) break
      cache.delete(oldest)
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

/** The library calls the function bound to this symbol with each intermediate result. */
const afterEach = Symbol.for('jsonata.__evaluate_exit')

/** Reading the processor time takes as long as some results. */
const resultsPerReading = 64

/** Refuses results that are too long, and ends evaluations that have used their processor time. */
function createGuard() {
  let endsAt = Number.POSITIVE_INFINITY
  let results = 0
  return {
    allow(ms: number): void {
      endsAt = ownCpuMs() + ms
    },
    // oxlint-disable-next-line max-params -- JSONata passes these.
    check(_node: unknown, _input: unknown, _frame: unknown, made: unknown): void {
      if (typeof made === 'string' && made.length > maxString) throw new LimitReached('memory', messages.memory)
      if (++results % resultsPerReading === 0 && ownCpuMs() > endsAt) throw new LimitReached('time', messages.time)
    },
  }
}

function compile(text: string, guarded: boolean): Compiled {
  checkText(text)
  const options = { timeout: 0, stack: maxCalls, sequence: maxSequence }
  let parsed: jsonata.Expression
  try {
    parsed = jsonata(text, options)
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxFault('the expression is nested too deeply', 0)
    const { message, position, token } = error as Partial<jsonata.JsonataError>
    const end = Math.min(position ?? 0, text.length)
    const length = token === undefined || token === '(end)' ? 0 : token.length
    throw new SyntaxFault(withoutValues(message ?? 'this is not an expression'), Math.max(0, end - length))
  }
  // It would run input as code.
  parsed.registerFunction('eval', () => {
    throw new Error('$eval is not available')
  })
  // A string that is doubled again and again uses no memory until it is read, and then more than is available.
  const guard = guarded ? createGuard() : undefined
  if (guard) parsed.assign(afterEach as unknown as string, guard.check)
  return {
    ast: parsed.ast() as Node,
    async run(input, bindings, timeoutMs) {
      options.timeout = guard ? timeoutMs * maxStretch : timeoutMs
      guard?.allow(timeoutMs)
      return parsed.evaluate(input, bindings)
    },
  }
}

function checkText(text: string): void {
  if (text.trim() === '') throw new SyntaxFault('the expression is empty', 0)
  if (text.length > maxTextLength) throw new SyntaxFault(`the expression is longer than ${maxTextLength} characters`, maxTextLength)
  let depth = 0
  let defaults = 0
  for (let at = 0; at < text.length; at++) {
    if ('([{'.includes(text[at]!)) depth++
    else if (')]}'.includes(text[at]!)) depth--
    else if (text[at] === '?' && (text[at + 1] === ':' || text[at + 1] === '?')) defaults++
    if (depth > maxBrackets) throw new SyntaxFault(`the expression is nested deeper than ${maxBrackets} levels`, at)
    if (defaults > maxDefaults) throw new SyntaxFault(`the expression has more than ${maxDefaults} of \`?:\` and \`??\``, at)
  }
}

const limits: Readonly<Record<string, Limit>> = { D1011: 'depth', D1012: 'time', D2014: 'length', D2015: 'length' }

const messages: Readonly<Record<Limit, string>> = {
  time: 'it takes too long',
  depth: 'it calls itself too deeply',
  length: 'it makes a list that is too long',
  memory: 'it needs too much memory',
  input: 'its input is too large',
  output: 'its result is too large',
}

/** Why an evaluation failed. */
export interface Fault {
  readonly limit?: Limit | undefined
  readonly message: string
  readonly offset?: number | undefined
}

export function faultOf(error: unknown): Fault {
  if (error instanceof LimitReached) return { limit: error.limit, message: error.message }
  // V8 throws this for too deep recursion and for too long strings or arrays.
  if (error instanceof RangeError) {
    const limit = /call stack/.test(error.message) ? 'depth' : 'memory'
    return { limit, message: messages[limit] }
  }
  const { code, message, position } = error as { code?: string; message?: string; position?: number }
  const limit = code === undefined ? undefined : limits[code]
  return { limit, message: limit ? messages[limit] : messageOf(code, message ?? 'it failed'), offset: position }
}

export function outOf(limit: Limit): Fault {
  return { limit, message: messages[limit] }
}

/** The codes of `$error` and `$assert`, whose messages the expression itself makes. */
const ownMessages: ReadonlySet<string | undefined> = new Set(['D3137', 'D3141'])
const longestOwnMessage = 1000
const longestMessage = 200

// A message is never cut inside a value: secrets are hidden later, and the first part of one would not be recognised.
function messageOf(code: string | undefined, message: string): string {
  if (code !== undefined && !ownMessages.has(code)) return withoutValues(message)
  return message.length > longestOwnMessage ? `it failed with a message of ${message.length} characters` : message
}

/** The library's messages may quote a whole value, as JSON. */
function withoutValues(message: string): string {
  if (message.length <= longestMessage) return message
  const at = message.search(/["[{]/)
  return `${message.slice(0, at === -1 ? longestMessage : at).trimEnd()} …`
}
