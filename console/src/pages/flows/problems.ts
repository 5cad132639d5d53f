import type { Outputs } from '#api'

export type Problem = Outputs['flows']['check']['problems'][number]

/** A part of the text and what to put there. */
export interface TextChange {
  readonly from: number
  readonly to: number
  readonly insert: string
}

/** Where a line begins. The text has at least this many lines, or its end is meant. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let at = 1; at < line; at++) {
    const next = text.indexOf('\n', start)
    if (next < 0) return text.length
    start = next + 1
  }
  const end = text.indexOf('\n', start)
  return Math.min(start + column - 1, end < 0 ? text.length : end)
}

/** The change that a "Did you mean" proposes, if the name in question is found where the problem is. */
export function fixOf(text: string, { line, column, message, remedy }: Problem): TextChange | undefined {
  const [, insert] = /Did you mean `([^`]+)`\?/.exec(remedy) ?? []
  const [, wrong] = /`([^`]+)`/.exec(message) ?? []
  if (insert === undefined || wrong === undefined) return undefined
  const start = offsetOf(text, line, column)
  const end = text.indexOf('\n', start)
  const at = text.slice(start, end < 0 ? text.length : end).indexOf(wrong)
  return at < 0 ? undefined : { from: start + at, to: start + at + wrong.length, insert }
}

export function applied(text: string, { from, to, insert }: TextChange): string {
  return text.slice(0, from) + insert + text.slice(to)
}
