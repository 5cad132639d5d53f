import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestDatabase } from '#test'

// What `pg` makes of a column's type, and how schema.ts writes it.
const written: Readonly<Record<string, readonly string[]>> = {
  text: ['string'],
  boolean: ['boolean'],
  integer: ['number'],
  smallint: ['number'],
  bigint: ['number'],
  'timestamp with time zone': ['Date'],
  bytea: ['Buffer'],
  'text[]': ['readonly string[]'],
  'integer[]': ['readonly number[]'],
  jsonb: ['Json', 'NullableJson'],
  // Kept as it came.
  json: ['Json', 'NullableJson'],
}

const literal = /^'(\w+)'$/

interface Column {
  readonly type: string
  readonly nullable: boolean
  /** The database fills it in when it is left out. */
  readonly made: boolean
  readonly literals?: readonly string[]
}

/** The interface as it is written: the compiler's types are gone at run time. */
function declared(): Map<string, Column> {
  const source = readFileSync(join(import.meta.dirname, 'schema.ts'), 'utf8')
  const body = source.slice(source.indexOf('export interface Schema {'))
  const columns = new Map<string, Column>()
  let table = ''
  for (const line of body.split('\n')) {
    table = /^ {2}(\w+): \{$/.exec(line)?.[1] ?? table
    const [, name, type = ''] = /^ {4}(\w+): (.+)$/.exec(line) ?? []
    if (name) columns.set(`${inSnakeCase(table)}.${inSnakeCase(name)}`, read(type))
  }
  return columns
}

function inSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function read(type: string): Column {
  const nullable = type.endsWith(' | null') || type.startsWith('NullableJson')
  if (type === 'Made') return { type: 'Date', nullable, made: true }
  const [, wrapper, inner = ''] = /^(\w+)<(.+)>$/.exec(type) ?? []
  if (wrapper === 'Generated') return { ...read(inner), made: true }
  // Selected, inserted, updated: never inserted means that the database makes it.
  if (wrapper === 'ColumnType') {
    const [selected = '', inserted] = inner.split(', ')
    return { type: selected, nullable, made: inserted === 'never' }
  }
  const names = type.replace(' | null', '').split(' | ')
  if (names.every((name) => literal.test(name))) {
    return { type: 'string', nullable, made: false, literals: names.map((name) => literal.exec(name)![1]!) }
  }
  return { type: wrapper ?? type.replace(' | null', ''), nullable, made: false }
}

test('the tables as TypeScript sees them are the tables that the migrations make', async () => {
  await using db = await openTestDatabase()
  const { rows } = await db.pool.query<{ place: string; type: string; nullable: boolean; made: boolean }>(
    `select c.relname || '.' || a.attname as place, format_type(a.atttypid, null) as type, not a.attnotnull as nullable,
            a.atthasdef or a.attidentity <> '' as made
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'hub'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relname <> 'migrations'`,
  )
  const columns = declared()
  assert.deepEqual([...columns.keys()].toSorted(), rows.map(({ place }) => place).toSorted())
  for (const { place, type, nullable, made } of rows) {
    const column = columns.get(place)!
    assert.ok(written[type]?.includes(column.type), `${place} is ${type}, and written as ${column.type}`)
    assert.equal(column.nullable, nullable, `${place}: may it be null?`)
    // Not the other way round: a column with a default may still be required of the code.
    assert.ok(made || !column.made, `${place} is said to be made by the database`)
  }
})

test('a column of literals has those that the database allows', async () => {
  await using db = await openTestDatabase()
  const { rows } = await db.pool.query<{ table: string; condition: string }>(
    `select c.relname as table, pg_get_constraintdef(k.oid) as condition from pg_constraint k join pg_class c on c.oid = k.conrelid
      where c.relnamespace = 'hub'::regnamespace and k.contype = 'c'`,
  )
  const columns = declared()
  const lists = rows.flatMap(({ table, condition }) => {
    const [, name, list] = /^CHECK \(\((\w+) = ANY \(ARRAY\[(.+)\]\)\)\)$/.exec(condition) ?? []
    return list === undefined ? [] : [{ place: `${table}.${name}`, allowed: [...list.matchAll(/'(\w+)'/g)].map(([, literal]) => literal) }]
  })
  assert.ok(lists.length > 15)
  for (const { place, allowed } of lists) assert.deepEqual(columns.get(place)?.literals?.toSorted(), allowed.toSorted(), place)
})
