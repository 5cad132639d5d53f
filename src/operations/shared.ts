import { z } from 'zod'
import { hubError } from '#errors'
import { parseDuration } from '#lib/duration'
import { view, type View } from './operation.ts'

/** Fields and shapes that several operations share. */
export const pageInput = {
  limit: z.number().int().min(1).max(200).default(50).describe('How many items at most.'),
  cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
}

export const anyObject = z.record(z.string(), z.unknown())
export const timestamp = z.iso.datetime()
export const reference = z.string().max(100)

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly next: string | null
}

export function pageOf<Row, Json>({ schema, render }: View<Row, Json>): View<Page<Row>, { items: Json[]; next_cursor: string | null }> {
  return view(z.object({ items: z.array(schema), next_cursor: z.string().nullable() }), ({ rows, next }: Page<Row>) => ({
    items: rows.map(render),
    next_cursor: next,
  }))
}

/** A list that comes whole. */
export function allOf<Row>(rows: readonly Row[]): Page<Row> {
  return { rows, next: null }
}

interface PageRequest {
  readonly limit: number
  readonly cursor?: string | undefined
}

interface Keys<Row> {
  /** What a key of this list looks like. */
  readonly pattern: RegExp
  readonly keyOf: (row: Row) => string
}

/** Keys of rows that are listed by their id. */
export function idKeys(prefix: string): Keys<{ readonly id: string }> {
  return { pattern: new RegExp(`^${prefix}_[0-9a-f-]{36}$`), keyOf: ({ id }) => id }
}

/** Reads one row more than asked for, which tells whether there is a next page. */
export async function readPage<Row>(
  { limit, cursor }: PageRequest,
  { pattern, keyOf }: Keys<Row>,
  read: (page: { before: string | undefined; limit: number }) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  const rows = await read({ before: decodeCursor(cursor, pattern), limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { rows: shown, next: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null }
}

export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

export function decodeCursor(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined
  const key = Buffer.from(cursor, 'base64url').toString()
  if (encodeCursor(key) !== cursor || !pattern.test(key))
    throw hubError('invalid_input', { errors: [{ path: 'cursor', message: 'is not a cursor of this list' }] })
  return key
}

/** One line that a person reads: what a terminal or a database might reject is refused. */
export function line(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be one line of text, without control characters')
}

export function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null
}

export function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}

const relative = /^-(\d{1,15}(ms|[smhdw])){1,6}$/

const timeError = { error: 'must be a time such as 2026-01-31T12:00:00Z, or how long ago it was, such as -24h' }

/** A point in time, or how long ago it was. */
export const time = z.union(
  [
    timestamp,
    z
      .string()
      .regex(relative, timeError)
      .refine((text) => parseDuration(text.slice(1)) !== undefined, timeError),
  ],
  timeError,
)

export function timeOf(text: string): Date {
  return text.startsWith('-') ? new Date(Date.now() - parseDuration(text.slice(1))!) : new Date(text)
}

/** The fields of a list that is limited to a range of time. */
export function rangeInput(what: string) {
  return {
    from: time.optional().describe(`The earliest ${what}: 2026-01-31T12:00:00Z, or how long ago, such as -24h.`),
    to: time.optional().describe(`The first ${what} that is too late, in the same form.`),
  }
}

export function rangeOf({ from, to }: { readonly from?: string | undefined; readonly to?: string | undefined }) {
  return { from: from === undefined ? undefined : timeOf(from), to: to === undefined ? undefined : timeOf(to) }
}

/** One value or a list. A query has the list with commas in one text. */
export function severalOf<Value extends string>(values: readonly [Value, ...Value[]]) {
  const error = { error: `must be one or more of ${values.join(', ')}, separated by commas in a query` }
  return z.union([z.enum(values), z.array(z.enum(values)).min(1).max(values.length)], error)
}

/** The same for texts that are not known in advance. */
export function severalTexts(max: number) {
  const text = z.string().min(1).max(max)
  return z.union([text, z.array(text).min(1).max(50)], { error: 'must be a text, or a list of up to 50 texts' })
}

export function valuesOf<Value extends string>(given: Value | readonly Value[] | undefined): readonly Value[] | undefined {
  return typeof given === 'string' ? [given] : given
}

export const deleted = view(z.null(), () => null)

/** Of the result of a tool. */
export const labelsSchema = z
  .object({ author: z.enum(['trusted', 'untrusted']), place: z.enum(['private', 'public']), integration: z.string().nullable() })
  .describe('Who may have written the output, and who can read it where it came from.')

export function jsonSchemaOf(type: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })
  return rest
}
