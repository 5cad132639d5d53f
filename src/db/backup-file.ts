import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { hubError } from '#errors'

/**
 * A backup is one gzip file of frames: a header that names the format and every table, then for each table its number and its rows in
 * PostgreSQL's COPY text format, then a digest of everything before it.
 */
export const backupFormat = 'integration-hub-backup-1'

export interface TableShape {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
}

export interface BackupHeader {
  readonly format: typeof backupFormat
  readonly created_at: string
  readonly schema_version: number
  /** In the order of the file: a table comes after the tables that it refers to. */
  readonly tables: readonly TableShape[]
  /** The last value of each sequence, as text because it is a bigint. */
  readonly sequences: readonly { readonly name: string; readonly value: string }[]
}

export interface TableRows {
  readonly table: TableShape
  readonly rows: AsyncIterable<Buffer>
}

const kinds = { header: 1, table: 2, rows: 3, end: 4 } as const
const headBytes = 5
// The limit of what a reader holds in memory, and of the length that it accepts.
const longestFrame = 1 << 20

/** Writes under another name and renames at the end, so that an incomplete backup is never taken for a complete one. */
export async function writeBackup(file: string, header: BackupHeader, tables: AsyncIterable<TableRows>): Promise<void> {
  const partial = `${file}.partial`
  const hash = createHash('sha256')
  function* frames(kind: number, body: Buffer): Generator<Buffer> {
    for (let at = 0; at === 0 || at < body.length; at += longestFrame) {
      const part = body.subarray(at, at + longestFrame)
      const head = Buffer.alloc(headBytes)
      head.writeUInt8(kind, 0)
      head.writeUInt32BE(part.length, 1)
      for (const piece of [head, part]) {
        if (kind !== kinds.end) hash.update(piece)
        yield piece
      }
    }
  }
  async function* content(): AsyncGenerator<Buffer> {
    yield* frames(kinds.header, Buffer.from(JSON.stringify(header)))
    for await (const { table, rows } of tables) {
      yield* frames(kinds.table, Buffer.from(String(header.tables.indexOf(table))))
      for await (const chunk of rows) yield* frames(kinds.rows, chunk)
    }
    yield* frames(kinds.end, hash.digest())
  }
  try {
    await pipeline(content, createGzip(), createWriteStream(partial, { mode: 0o600, flush: true }))
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** Reads and checks the whole file before it is used. */
export async function checkBackup(file: string): Promise<BackupHeader> {
  let header: BackupHeader | undefined
  let text = ''
  let last: number | undefined
  try {
    for await (const { kind, body } of readFrames(file)) {
      if (kind === kinds.header) text += body.toString()
      last = kind
    }
    header = JSON.parse(text) as BackupHeader
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES') throw hubError('not_found', { detail: `${file} cannot be read (${code})`, cause })
    throw hubError('invalid_input', { detail: `${file} is not a complete backup; nothing was changed`, cause })
  }
  if (header.format !== backupFormat || last !== kinds.end) {
    throw hubError('invalid_input', { detail: `${file} is not a complete backup of this hub; nothing was changed` })
  }
  return header
}

/** The tables of a checked file. Read all rows of a table before asking for the next table. */
export async function* readTables(file: string, header: BackupHeader): AsyncGenerator<TableRows> {
  const frames = readFrames(file)
  let frame = await frames.next()
  async function* rows(): AsyncGenerator<Buffer> {
    for (frame = await frames.next(); !frame.done && frame.value.kind === kinds.rows; frame = await frames.next()) yield frame.value.body
  }
  while (!frame.done) {
    if (frame.value.kind === kinds.table) yield { table: header.tables[Number(frame.value.body.toString())]!, rows: rows() }
    else frame = await frames.next()
  }
}

async function* readFrames(file: string): AsyncGenerator<{ kind: number; body: Buffer }> {
  const hash = createHash('sha256')
  const source = createReadStream(file)
  const unzipped = source.pipe(createGunzip({ chunkSize: longestFrame }))
  source.on('error', (error) => unzipped.destroy(error))
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of unzipped as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= headBytes) {
      const kind = pending.readUInt8(0)
      const end = headBytes + pending.readUInt32BE(1)
      if (end > headBytes + longestFrame) throw new Error('a frame is longer than the format allows')
      if (pending.length < end) break
      const body = pending.subarray(headBytes, end)
      if (kind === kinds.end && !hash.digest().equals(body)) throw new Error('the digest does not match')
      if (kind !== kinds.end) hash.update(pending.subarray(0, end))
      yield { kind, body }
      pending = pending.subarray(end)
    }
  }
  if (pending.length > 0) throw new Error('the file ends in the middle of a frame')
}
