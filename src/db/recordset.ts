import { sql as raw, type RawBuilder } from 'kysely'
import { postgresJson } from '#lib/postgres-text'
import type { Row, Schema } from './schema.ts'

/** Some fields of a row of this table. */
type Fields<Table extends keyof Schema> = { readonly [Field in keyof Row<Table>]?: Row<Table>[Field] | null | undefined }

/**
 * The columns of these rows, as a list in a statement, except for some fields. It is one string, because a list of references takes 0.05 ms to
 * compile instead of 0.014.
 */
export function columnsOf<T extends object>(rows: readonly T[], ...except: readonly (keyof T)[]): RawBuilder<unknown> {
  const columns = columnNames(rows)
  for (const field of except) columns.delete(String(field))
  return raw.raw([...columns.values()].map((column) => `"${column.replaceAll('"', '""')}"`).join(', '))
}

/**
 * Many rows as one parameter of a statement, to select from. The types of the columns are those of the table, fields that are not its columns
 * are left out, and what a row lacks is null. With `jsonb`, what PostgreSQL cannot store in jsonb is replaced. A value that is no column goes
 * beside the row: `rows from (${recordset(…)}, unnest(${values}))` has it as the column `unnest`.
 */
export function recordset<Table extends keyof Schema>(
  table: Table,
  rows: readonly Fields<Table>[],
  format: 'json' | 'jsonb',
): RawBuilder<unknown> {
  const base = raw`null::${raw.id('hub', table)}`
  const names = columnNames(rows)
  const stored = rows.map((row) => Object.fromEntries(Object.entries(row).map(([field, value]) => [names.get(field), value])))
  return format === 'json'
    ? raw`json_populate_recordset(${base}, ${JSON.stringify(stored)}::json)`
    : raw`jsonb_populate_recordset(${base}, ${JSON.stringify(postgresJson(stored))}::jsonb)`
}

/**
 * Whether a column is one of these values. Beside a join with a recordset, whose size PostgreSQL cannot know, it says how many rows will be found,
 * so that the index is used and not the whole table read.
 */
export function oneOf(values: readonly string[], column: string): RawBuilder<boolean> {
  return raw<boolean>`${raw.ref(column)} = any(${values}::text[])`
}

/** The column of each field. Rows may differ in the fields that they have. */
function columnNames(rows: readonly object[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const row of rows) {
    for (const field in row) {
      if (!names.has(field))
        names.set(
          field,
          field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        )
    }
  }
  return names
}
