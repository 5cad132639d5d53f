import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration } from '#lib/duration'

export interface RangeOptions {
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** The options of every list that is limited to a range of time. */
export function withRange(command: Command): Command {
  return command
    .option('--since <time>', 'not before: 2026-01-31T12:00:00Z, or how long ago, such as 24h', time)
    .option('--until <time>', 'before, in the same form', time)
}

export function rangeOf({ since, until }: RangeOptions): { from: string | undefined; to: string | undefined } {
  return { from: since, to: until }
}

/** Values separated by commas. The operation says which ones there are. */
export function several<Value extends string>(text: string): Value[] {
  return text.split(',').map((value) => value.trim() as Value)
}

function time(text: string): string {
  const ago = text.replace(/^-/, '')
  if (parseDuration(ago) !== undefined) return `-${ago}`
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('must be a time such as 2026-01-31T12:00:00Z, or how long ago, such as 24h')
  return date.toISOString()
}
