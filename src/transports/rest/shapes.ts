import { z } from 'zod'
import { hubError } from '#errors'

/** Shapes that many routes share. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items at most.'),
  cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
})

export interface Page<T> {
  readonly items: T[]
  readonly next_cursor: string | null
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

/** Rows read one beyond the limit tell whether there are more. */
export function toPage<Row, Item>(rows: readonly Row[], limit: number, render: (row: Row) => Item, key: (row: Row) => string): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(render), next_cursor: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null }
}

export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** The key behind a cursor; `shape` is that of this list's keys. */
export function decodeCursor(cursor: string | undefined, shape: RegExp = /^[\x20-\x7e]+$/): string | undefined {
  if (cursor === undefined) return undefined
  const key = Buffer.from(cursor, 'base64url').toString()
  if (encodeCursor(key) !== cursor || !shape.test(key))
    throw hubError('invalid_input', { errors: [{ path: 'query.cursor', message: 'is not a cursor of this list' }] })
  return key
}

/** One line that a person reads: what a terminal or a database might choke on is refused. */
export function line(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be one line of text, without control characters')
}

export const timestamp = z.iso.datetime()

export function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null
}
