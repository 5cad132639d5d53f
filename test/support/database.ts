import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import { openDatabase, type Database } from '#db'
import { prepareEngineSchema } from '#engine'
import { sleep } from '#lib/clock'
import { testTelemetry } from './telemetry.ts'

/**
 * One real PostgreSQL for the whole test process, started at first need, and a database of its own for each test, cloned from a migrated
 * template in some 30 ms.
 */
let server: Promise<{ template: Database; dataDir: string; urlOf: (name: string) => string }> | undefined
let count = 0

function sharedServer() {
  server ??= (async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hub-test-'))
    const template = await openDatabase({ dataDir, poolSize: 2, mode: 'serve' }, testTelemetry())
    // Once here, not 0.3 s at each start of an engine.
    await prepareEngineSchema(template.connection, testTelemetry().logger)
    const { host, port, user } = template.connection as { host: string; port: number; user: string }
    const urlOf = (name: string): string => `postgresql://${user}@/${name}?host=${encodeURIComponent(host)}&port=${port}`
    const admin = new pg.Client({ connectionString: urlOf('postgres') })
    await admin.connect()
    await admin.query('alter database hub is_template true')
    await admin.end()
    return { template, urlOf, dataDir }
  })()
  return server
}

const closers: (() => Promise<void>)[] = []

/** To be closed at the end of the whole run, before the server is. */
export function atEnd(close: () => Promise<void>): void {
  closers.push(close)
}

// Here, not where the server is started: called inside a test, it would stop the server at the end of that test.
after(async () => {
  for (const close of closers.toReversed()) await close()
  if (!server) return
  const { template, dataDir } = await server
  await template[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/** A fresh database with the current schema, the engine's included; dropped at the end, by force if something still hangs on it. */
export async function freshDatabase(): Promise<TestDatabase> {
  const { urlOf } = await sharedServer()
  count += 1
  const name = `test_${process.pid}_${count}`
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf('postgres') })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  for (let attempt = 0; ; attempt++) {
    try {
      await admin(`create database ${name} template hub`)
      break
    } catch (error) {
      // The template's last connection is closed, but its backend may take a moment to go.
      if ((error as pg.DatabaseError).code !== '55006' || attempt === 100) throw error
      await sleep(20)
    }
  }
  return { url: urlOf(name), [Symbol.asyncDispose]: () => admin(`drop database ${name} with (force)`) }
}

let shared: Promise<TestDatabase> | undefined

/** One database for tests that keep to workspaces of their own, where each would only cost time. It goes with the server. */
export function sharedDatabase(): Promise<TestDatabase> {
  shared ??= freshDatabase()
  return shared
}

export async function openTestDatabase(): Promise<Database> {
  const { url, ...fresh } = await freshDatabase()
  const db = await openDatabase({ url, dataDir: '', poolSize: 5, mode: 'attach' }, testTelemetry())
  return {
    ...db,
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]()
      await fresh[Symbol.asyncDispose]()
    },
  }
}
