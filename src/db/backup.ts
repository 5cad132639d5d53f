import { statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { hubError } from '#errors'
import { backupFormat, checkBackup, readTables, writeBackup, type BackupHeader, type TableRows, type TableShape } from './backup-file.ts'
import { migrate, readMigrations } from './migrate.ts'

/**
 * Writes everything that the hub stores into one file, and restores it. Sealed values stay sealed; the keys are not in the file.
 */
const schemas = ['hub', 'auth']
/** Tables that describe this database and its processes and are not part of a backup. */
const leftOut = ['migrations', 'executors']

export interface BackupSummary {
  readonly tables: number
  readonly rows: number
  /** The size of the file. */
  readonly bytes: number
  readonly schemaVersion: number
  readonly createdAt: string
}

/** Makes a backup in one snapshot, also while the hub runs. */
export async function backup(connection: pg.ClientConfig, file: string): Promise<BackupSummary> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    const header: BackupHeader = {
      format: backupFormat,
      created_at: new Date().toISOString(),
      schema_version: await schemaVersion(client),
      tables: await tablesInOrder(client),
      // Sequences are not part of a snapshot, so they are never behind the rows in it.
      sequences: await sequencesOf(client),
    }
    let rows = 0
    async function* tables(): AsyncGenerator<TableRows> {
      for (const table of header.tables) {
        const stream = client.query(copyTo(`copy ${placeOf(table)} to stdout`))
        yield { table, rows: stream }
        rows += stream.rowCount
      }
    }
    await writeBackup(file, header, tables())
    await client.query('commit')
    return summaryOf(file, header, rows)
  } finally {
    await client.end()
  }
}

/** Restores a backup into an empty database, completely or not at all. */
export async function restore(connection: pg.ClientConfig, file: string): Promise<BackupSummary> {
  const header = await checkBackup(file)
  if (header.schema_version > readMigrations().at(-1)!.version) throw newer()
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await assertEmpty(client)
    // First to the schema of the backup. The newer migrations then run over its rows, as in any other upgrade.
    await client.query(`drop schema if exists ${schemas.join(', ')} cascade`)
    await migrate(client, { upTo: header.schema_version })
    const summary = await load(client, file, header)
    await migrate(client)
    return summary
  } finally {
    await client.end()
  }
}

async function load(client: pg.Client, file: string, header: BackupHeader): Promise<BackupSummary> {
  let rows = 0
  await client.query('begin')
  try {
    for await (const { table, rows: text } of readTables(file, header)) {
      // Backups of earlier versions contain tables of another engine, whose work the migrations store anew.
      if (!schemas.includes(table.schema)) {
        for await (const _ of text);
        continue
      }
      const stream = client.query(copyFrom(`copy ${placeOf(table)} from stdin`))
      await pipeline(text, stream)
      rows += stream.rowCount
    }
    for (const { name, value } of header.sequences.filter(({ name }) => schemas.some((schema) => name.startsWith(`${schema}.`))))
      await client.query('select setval(to_regclass($1), $2)', [name, value])
    await client.query('commit')
    return summaryOf(file, header, rows)
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw hubError('internal', {
      detail: `the backup could not be restored, and nothing was changed: ${(cause as Error).message}`,
      cause,
    })
  }
}

function summaryOf(file: string, header: BackupHeader, rows: number): BackupSummary {
  return {
    tables: header.tables.length,
    rows,
    bytes: statSync(file).size,
    schemaVersion: header.schema_version,
    createdAt: header.created_at,
  }
}

function newer(): Error {
  return hubError('invalid_input', {
    detail: 'this backup was made by a newer hub; nothing was changed',
    hint: 'restore it with the version that made it, or a later one',
  })
}

async function assertEmpty(client: pg.Client): Promise<void> {
  for (const { schema, table } of await tablesOf(client)) {
    const { rowCount } = await client.query(`select from ${ident(schema)}.${ident(table)} limit 1`)
    if (rowCount !== 0) {
      throw hubError('in_use', {
        detail: 'the database to restore into is not empty; nothing was changed',
        hint: 'use a new data folder or database',
      })
    }
  }
}

/** Sorts tables so that referenced tables come first, and rows can be restored with every foreign key active. */
async function tablesInOrder(client: pg.Client): Promise<TableShape[]> {
  const { rows: links } = await client.query<{ child: string; parent: string }>(
    `select c.relnamespace::regnamespace || '.' || c.relname as child, p.relnamespace::regnamespace || '.' || p.relname as parent
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
      where k.contype = 'f' and k.connamespace::regnamespace::text = any($1) and c.oid <> p.oid`,
    [schemas],
  )
  const ordered: TableShape[] = []
  let left = await tablesOf(client)
  while (left.length > 0) {
    const names = new Set(left.map(nameOf))
    const free = left.filter((table) => !links.some(({ child, parent }) => child === nameOf(table) && names.has(parent)))
    if (free.length === 0) throw new Error(`tables refer to each other in a cycle: ${[...names].join(', ')}`)
    ordered.push(...free)
    left = left.filter((table) => !free.includes(table))
  }
  return ordered
}

async function tablesOf(client: pg.Client): Promise<TableShape[]> {
  const found = await client.query<TableShape & { columns: string[] }>(
    `select n.nspname as schema, c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where n.nspname = any($1) and c.relkind = 'r' and c.relname <> all($2)
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      group by 1, 2 order by 1, 2`,
    [schemas, leftOut],
  )
  return found.rows
}

async function sequencesOf(client: pg.Client): Promise<BackupHeader['sequences']> {
  const found = await client.query<{ name: string; value: string }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as value
       from pg_sequences where schemaname = any($1) and last_value is not null`,
    [schemas],
  )
  return found.rows
}

async function schemaVersion(client: pg.Client): Promise<number> {
  const found = await client.query<{ version: number }>('select max(version)::int as version from hub.migrations')
  return found.rows[0]!.version
}

function nameOf({ schema, table }: TableShape): string {
  return `${schema}.${table}`
}

function placeOf({ schema, table, columns }: TableShape): string {
  return `${ident(schema)}.${ident(table)} (${columns.map(ident).join(', ')})`
}

function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
