import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openDatabase } from '#db'
import { testTelemetry } from './telemetry.ts'

export interface TestServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
}

export interface TestServer extends AsyncDisposable {
  readonly address: TestServerAddress
}

/** Starts a real PostgreSQL whose database `hub` is a template: migrated, and cloned in some 30 ms. */
export async function startTestServer(): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'hub-test-'))
  const template = await openDatabase({ dataDir, poolSize: 2, mode: 'serve' }, testTelemetry())
  const { host, port, user } = template.connection as TestServerAddress
  const admin = new pg.Client({ host, port, user, database: 'postgres' })
  await admin.connect()
  await admin.query('alter database hub is_template true')
  // Only a crash of the machine needs these. The tests kill processes, and what a process wrote stays in the kernel's cache.
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) await admin.query(`alter system set ${setting} = off`)
  await admin.query('select pg_reload_conf()')
  await admin.end()
  return {
    address: { host, port, user },
    [Symbol.asyncDispose]: async () => {
      await template[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
