/** Finds where and why a text is not JSON, without quoting it, because it may hold a secret. Returns undefined if it is JSON. */
interface JsonFault {
  readonly line: number
  readonly column: number
  /** The text ends before it is complete. */
  readonly atEnd: boolean
}

type Expected = 'value' | 'value or close' | 'key' | 'key or close' | 'colon' | 'comma or close' | 'nothing'

const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const space = /[ \t\n\r]*/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Needed because the parser's own message names no place for most errors and quotes the text. */
export function findJsonFault(text: string): JsonFault | undefined {
  const at = faultAt(text)
  if (at === undefined) return undefined
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1, atEnd: at >= text.length }
}

function faultAt(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    at = after(space, text, at) ?? at
    const character = text[at]
    if (character === undefined) return expected === 'nothing' ? undefined : at
    if (expected === 'nothing') return at
    if (character === (open.at(-1) === '{' ? '}' : ']') && open.length > 0 && expected.endsWith('or close')) {
      open.pop()
      at += 1
    } else if (expected === 'comma or close') {
      if (character !== ',') return at
      expected = open.at(-1) === '{' ? 'key' : 'value'
      at += 1
      continue
    } else if (expected === 'colon') {
      if (character !== ':') return at
      expected = 'value'
      at += 1
      continue
    } else if (expected.startsWith('key')) {
      const string = stringEnd(text, at)
      if (!string.whole) return string.end
      expected = 'colon'
      at = string.end
      continue
    } else if (character === '{' || character === '[') {
      open.push(character)
      expected = character === '{' ? 'key or close' : 'value or close'
      at += 1
      continue
    } else if (character === '"') {
      const string = stringEnd(text, at)
      if (!string.whole) return string.end
      at = string.end
    } else {
      const end = after(scalar, text, at)
      if (end === undefined) return at
      at = end
    }
    expected = open.length === 0 ? 'nothing' : 'comma or close'
  }
}

/** The position after the string that begins at `at`, or the position of its error. */
function stringEnd(text: string, at: number): { whole: boolean; end: number } {
  if (text[at] !== '"') return { whole: false, end: at }
  let end = at + 1
  for (;;) {
    const code = text.charCodeAt(end)
    if (code === 0x22) return { whole: true, end: end + 1 }
    if (Number.isNaN(code) || code < 0x20) return { whole: false, end }
    const next: number | undefined = code === 0x5c ? after(escape, text, end) : end + 1
    if (next === undefined) return { whole: false, end }
    end = next
  }
}

function after(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** Whether brackets are nested deeper than `limit`. It does not parse, because code that walks a value may have less stack than the parser. */
export function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}
