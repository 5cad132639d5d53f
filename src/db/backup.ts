import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { fail } from '#kit'
import { migrate } from './migrate.ts'

/**
 * A backup is one gzip file of framed records: a header that names the format and every table, then per table its rows in PostgreSQL's
 * own COPY text, then a digest of all before it. Read in one snapshot while the hub serves. Sealed values stay sealed: the secret keys
 * are not in it.
 */
const format = 'integration-hub-backup-1'
const schemas = ['hub', 'dbos']

interface TableShape {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
}

interface Header {
  readonly format: string
  readonly created_at: string
  readonly schema_version: number
  readonly engine_version: number
  readonly tables: readonly TableShape[]
}

export interface BackupSummary {
  readonly tables: number
  readonly rows: number
  readonly bytes: number
  readonly schemaVersion: number
  readonly createdAt: string
}

const frame = { header: 1, table: 2, rows: 3, end: 4 } as const

export async function backup(connection: pg.ClientConfig, file: string): Promise<BackupSummary> {
  const client = new pg.Client(connection)
  await client.connect()
  // Under another name until it is whole: a backup cut short is never mistaken for one.
  const partial = `${file}.partial`
  let rows = 0
  let bytes = 0
  try {
    await client.query('begin isolation level repeatable read read only')
    const header: Header = {
      format,
      created_at: new Date().toISOString(),
      schema_version: await highest(client, 'hub.migrations', 'version'),
      engine_version: await highest(client, 'dbos.dbos_migrations', 'version'),
      tables: await tablesOf(client),
    }
    async function* frames(): AsyncGenerator<Buffer> {
      yield encode(frame.header, Buffer.from(JSON.stringify(header)))
      for (const [index, shape] of header.tables.entries()) {
        yield encode(frame.table, Buffer.from(String(index)))
        const stream = client.query(copyTo(`copy ${qualified(shape)} (${columnList(shape)}) to stdout`))
        for await (const chunk of stream as AsyncIterable<Buffer>) yield encode(frame.rows, chunk)
        rows += stream.rowCount
      }
    }
    async function* sealed(): AsyncGenerator<Buffer> {
      const hash = createHash('sha256')
      for await (const part of frames()) {
        hash.update(part)
        bytes += part.length
        yield part
      }
      yield encode(frame.end, hash.digest())
    }
    await pipeline(Readable.from(sealed()), createGzip({ level: 6 }), createWriteStream(partial, { mode: 0o600 }))
    await client.query('commit')
    const handle = await open(partial, 'r+')
    await handle.sync()
    await handle.close()
    await rename(partial, file)
    return { tables: header.tables.length, rows, bytes, schemaVersion: header.schema_version, createdAt: header.created_at }
  } catch (cause) {
    await rm(partial, { force: true })
    throw cause
  } finally {
    await client.end()
  }
}

/** Puts a backup into an empty database, in one transaction: all of it or nothing. The file is read through and checked first. */
export async function restore(connection: pg.ClientConfig, file: string, prepareEngine: () => Promise<void>): Promise<BackupSummary> {
  const header = await verifyFile(file)
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await assertEmpty(client)
    // To the schema the backup was made with; the newer migrations then run over its rows, as they did for everyone else.
    await client.query('drop schema if exists hub cascade')
    await migrate(client, { upTo: header.schema_version })
    await prepareEngine()
    const engine = await highest(client, 'dbos.dbos_migrations', 'version')
    if (header.engine_version > engine) {
      throw fail('invalid_input', { detail: 'this backup was made by a newer hub', hint: 'restore it with the version that made it' })
    }
    const summary = await load(client, file, header)
    await migrate(client)
    return summary
  } finally {
    await client.end()
  }
}

async function load(client: pg.Client, file: string, header: Header): Promise<BackupSummary> {
  const order = await dependencyOrder(client, header.tables)
  let rows = 0
  let bytes = 0
  await client.query('begin')
  try {
    for (const shape of order.toReversed()) await client.query(`delete from ${qualified(shape)}`)
    // Foreign keys fix the order, the file has its own: one pass per table would read the file again and again, so checks wait instead.
    await deferForeignKeys(client)
    let target: ReturnType<typeof openCopy> | undefined
    for await (const { kind, body } of readFrames(file)) {
      if (kind === frame.table) {
        rows += (await target?.finish()) ?? 0
        target = openCopy(client, header.tables[Number(body.toString())]!)
      } else if (kind === frame.rows) {
        bytes += body.length
        await target?.write(body)
      }
    }
    rows += (await target?.finish()) ?? 0
    for (const shape of header.tables) await advanceSequences(client, shape)
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw fail('internal', { detail: 'the backup could not be restored; nothing was changed', cause })
  }
  return { tables: header.tables.length, rows, bytes, schemaVersion: header.schema_version, createdAt: header.created_at }
}

function openCopy(client: pg.Client, shape: TableShape) {
  const stream = client.query(copyFrom(`copy ${qualified(shape)} (${columnList(shape)}) from stdin`))
  const done = new Promise<void>((resolve, reject) => stream.once('finish', resolve).once('error', reject))
  done.catch(() => undefined)
  return {
    write: (chunk: Buffer) => new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve()))),
    finish: async () => {
      stream.end()
      await done
      return stream.rowCount
    },
  }
}

async function deferForeignKeys(client: pg.Client): Promise<void> {
  const found = await client.query<{ table: string; name: string }>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name
       from pg_constraint where contype = 'f' and connamespace::regnamespace::text = any($1)`,
    [schemas],
  )
  for (const { table, name } of found.rows)
    await client.query(`alter table ${table} alter constraint ${name} deferrable initially deferred`)
}

async function dependencyOrder(client: pg.Client, tables: readonly TableShape[]): Promise<TableShape[]> {
  const links = await client.query<{ child: string; parent: string }>(
    `select c.relname as child, p.relname as parent from pg_constraint k
       join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
      where k.contype = 'f' and k.connamespace::regnamespace::text = any($1) and c.oid <> p.oid`,
    [schemas],
  )
  const ordered: TableShape[] = []
  const visit = (shape: TableShape): void => {
    if (ordered.includes(shape)) return
    for (const { child, parent } of links.rows) {
      const needed = child === shape.table ? tables.find(({ table }) => table === parent) : undefined
      if (needed) visit(needed)
    }
    ordered.push(shape)
  }
  for (const shape of tables) visit(shape)
  return ordered
}

async function advanceSequences(client: pg.Client, shape: TableShape): Promise<void> {
  for (const column of shape.columns) {
    await client
      .query(
        `select setval(s, greatest((select coalesce(max(${ident(column)}), 0) from ${qualified(shape)}), 1))
         from pg_get_serial_sequence($1, $2) s where s is not null`,
        [qualified(shape), column],
      )
      .catch((error: pg.DatabaseError) => {
        // Text columns have no sequence, and PostgreSQL types the expression before it learns that.
        if (error.code !== '42804' && error.code !== '42883') throw error
      })
  }
}

async function assertEmpty(client: pg.Client): Promise<void> {
  const there = await client.query<{ there: boolean }>(`select to_regclass('hub.audit') is not null as there`)
  if (!there.rows[0]?.there) return
  const used = await client.query<{ used: boolean }>(
    'select exists (select from hub.audit) or exists (select from hub.credentials) as used',
  )
  if (used.rows[0]?.used) {
    throw fail('in_use', { detail: 'the database to restore into is not empty', hint: 'use a new data folder or database' })
  }
}

async function tablesOf(client: pg.Client): Promise<TableShape[]> {
  const found = await client.query<{ schema: string; table: string; columns: string[] }>(
    `select n.nspname as schema, c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where n.nspname = any($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and c.relname not in ('migrations', 'dbos_migrations', 'executors')
      group by 1, 2 order by 1, 2`,
    [schemas],
  )
  return found.rows
}

async function highest(client: pg.Client, table: string, column: string): Promise<number> {
  const there = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table])
  if (!there.rows[0]?.there) return 0
  const found = await client.query<{ highest: number }>(`select coalesce(max(${ident(column)}), 0)::int as highest from ${table}`)
  return found.rows[0]?.highest ?? 0
}

async function verifyFile(file: string): Promise<Header> {
  let header: Header | undefined
  let whole = false
  try {
    for await (const { kind, body } of readFrames(file)) {
      if (kind === frame.header) header = JSON.parse(body.toString()) as Header
      whole = kind === frame.end
    }
  } catch (cause) {
    throw fail('invalid_input', { detail: `${file} is not a whole backup`, cause })
  }
  if (header?.format !== format || !whole) throw fail('invalid_input', { detail: `${file} is not a whole backup of this hub` })
  return header
}

function encode(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(kind, 0)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

async function* readFrames(file: string): AsyncGenerator<{ kind: number; body: Buffer }> {
  const hash = createHash('sha256')
  const source = createReadStream(file)
  const unzipped = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of unzipped as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const kind = pending.readUInt8(0)
      const size = 5 + pending.readUInt32BE(1)
      const body = pending.subarray(5, size)
      if (kind === frame.end && !hash.digest().equals(body)) throw new Error('the digest does not match')
      if (kind !== frame.end) hash.update(pending.subarray(0, size))
      yield { kind, body }
      pending = pending.subarray(size)
    }
  }
  if (pending.length > 0) throw new Error('the file ends in the middle of a record')
}

function qualified({ schema, table }: TableShape): string {
  return `${ident(schema)}.${ident(table)}`
}

function columnList({ columns }: TableShape): string {
  return columns.map(ident).join(', ')
}

function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
