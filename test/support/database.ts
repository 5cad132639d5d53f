import { after } from 'node:test'
import pg from 'pg'
import { openDatabase, type Database } from '#db'
import { sleep } from '#lib/clock'
import { startTestServer, type TestServer, type TestServerAddress } from './server.ts'
import { testTelemetry } from './telemetry.ts'

/** The server of test/run.ts, which all its processes share. Without it, this process starts one at first need. */
const given = process.env['TEST_SERVER']
let server: Promise<TestServer> | undefined
let count = 0

async function serverAddress(): Promise<TestServerAddress> {
  if (given !== undefined) return JSON.parse(given) as TestServerAddress
  server ??= startTestServer()
  return (await server).address
}

const closers: (() => Promise<void>)[] = []

/** Closes something at the end of this process's tests, before its server stops. */
export function atEnd(close: () => Promise<void>): void {
  closers.push(close)
}

// At the top level, because inside a test it would stop the server at the end of that test.
after(async () => {
  for (const close of closers.toReversed()) await close()
  await (await server)?.[Symbol.asyncDispose]()
})

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/** A new database with the current schema, the engine's included. It is dropped at the end, even if somebody is still connected. */
export async function freshDatabase(): Promise<TestDatabase> {
  const { host, port, user } = await serverAddress()
  const urlOf = (database: string): string => `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
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
      // Another process is cloning the template, or its last connection was closed a moment ago.
      if ((error as pg.DatabaseError).code !== '55006' || attempt === 100) throw error
      await sleep(20)
    }
  }
  return { url: urlOf(name), [Symbol.asyncDispose]: () => admin(`drop database ${name} with (force)`) }
}

let shared: Promise<TestDatabase> | undefined

/** One database for all tests that use their own workspaces, which saves time. */
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
