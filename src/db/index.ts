import { CamelCasePlugin, Kysely, PostgresDialect, type Transaction as KyselyTransaction } from 'kysely'
import pg from 'pg'
import { hubError } from '#errors'
import { unbounded, type Bounded } from '#lib/bounded'
import type { Telemetry } from '#telemetry'
import { findRunning, startEmbedded, type EmbeddedPostgres, type ServerAddress } from './embedded/index.ts'
import { migrate } from './migrate.ts'
import { openPool } from './pool.ts'
import type { Schema } from './schema.ts'

export { backup, restore, type BackupSummary } from './backup.ts'
export { ensureDataDir, findNative, findRunning } from './embedded/index.ts'
export { migrate, migrationState } from './migrate.ts'
export { openPool } from './pool.ts'
export { columnsOf, oneOf, recordset } from './recordset.ts'
export type { Row, Schema } from './schema.ts'
export type { OAuthConnection } from './stored.ts'
export { isDatabaseTrouble, isPassing } from './trouble.ts'

/** The query builder, of the pool or of a transaction. */
export type Sql = Kysely<Schema>
export type Transaction = KyselyTransaction<Schema>

export interface Database extends AsyncDisposable {
  readonly sql: Sql
  readonly pool: pg.Pool
  readonly embedded: boolean
  /** Settings for connections outside the pool, for locks, LISTEN and the engine. */
  readonly connection: pg.ClientConfig
  transaction<T>(work: (trx: Transaction) => Promise<T>): Promise<T>
  /** Calls `work` when the transaction has been committed, and not at all if it is rolled back. */
  afterCommit(trx: Transaction, work: () => void): void
  /** Makes one round trip. Throws `database_unavailable` if there is no reply in time. */
  ping(): Promise<void>
}

export interface DatabaseOptions {
  readonly url?: string | undefined
  readonly dataDir: string
  readonly poolSize: number
  /** `serve` starts an embedded server and refuses a folder in use. `attach` uses the server of a running hub if there is one. */
  readonly mode: 'serve' | 'attach'
  readonly migrate?: boolean
  readonly bounded?: Bounded
}

pg.types.setTypeParser(pg.types.builtins.INT8, Number)

const oldestServer = 150_000

export async function openDatabase(options: DatabaseOptions, telemetry: Pick<Telemetry, 'logger' | 'metrics'>): Promise<Database> {
  await using stack = new AsyncDisposableStack()
  const server = options.url === undefined ? await embeddedServer(options, telemetry) : undefined
  const { bounded = unbounded } = options
  const embedded = server?.embedded
  if (embedded) stack.defer(bounded('embedded PostgreSQL', () => embedded[Symbol.asyncDispose]()))
  const connection = server ? await embeddedConnection(server.address) : urlConnection(options.url!)

  await prepare(connection, options.migrate ?? true)
  const pool = openPool(connection, options.poolSize, telemetry.logger)
  const sql = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  })
  // Not through Kysely, whose destroy() does not end a pool that it never used.
  stack.defer(bounded('database connections', () => pool.end()))
  const owned = stack.move()

  return {
    sql,
    pool,
    connection,
    embedded: server !== undefined,
    ...createTransactions(sql),
    ping: async () => {
      await pool.query({ text: 'select 1', query_timeout: 2000 } as pg.QueryConfig).catch((cause: unknown) => {
        throw hubError('database_unavailable', { cause })
      })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function createTransactions(sql: Sql): Pick<Database, 'transaction' | 'afterCommit'> {
  const committed = new WeakMap<Transaction, (() => void)[]>()
  return {
    afterCommit(trx, work) {
      const waiting = committed.get(trx)
      if (!waiting) throw new Error('this is not a running transaction of this database')
      waiting.push(work)
    },
    transaction: (work) =>
      retrySerialization(async () => {
        const waiting: (() => void)[] = []
        const result = await sql.transaction().execute((trx) => {
          committed.set(trx, waiting)
          return work(trx)
        })
        for (const each of waiting) each()
        return result
      }),
  }
}

const maxSerializationRetries = 3

/** PostgreSQL rolls back one of two transactions that block each other. It is safe to run that one again. */
async function retrySerialization<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await work()
    } catch (error) {
      const { code } = error as { code?: unknown }
      if ((code !== '40P01' && code !== '40001') || retries === maxSerializationRetries) throw error
    }
  }
}

async function embeddedServer(
  { dataDir, mode }: DatabaseOptions,
  telemetry: Pick<Telemetry, 'logger' | 'metrics'>,
): Promise<{ address: ServerAddress; embedded?: EmbeddedPostgres }> {
  const running = mode === 'attach' ? await findRunning(dataDir) : undefined
  if (running) return { address: running.address }
  const embedded = await startEmbedded(dataDir, telemetry)
  return { address: embedded.address, embedded }
}

const session: pg.ClientConfig = {
  application_name: 'integration-hub',
  connectionTimeoutMillis: 5000,
  keepAlive: true,
}

// A plan that was made while a table was small would be used long after it has grown, so each execution of a prepared statement is planned anew.
const sessionOptions = '-c search_path=hub -c plan_cache_mode=force_custom_plan'

async function embeddedConnection(address: ServerAddress): Promise<pg.ClientConfig> {
  const client = new pg.Client({ ...session, ...address, database: 'postgres' })
  await client.connect()
  try {
    const found = await client.query(`select 1 from pg_database where datname = 'hub'`)
    if (found.rowCount === 0) await client.query('create database hub')
  } finally {
    await client.end()
  }
  return { ...session, ...address, database: 'hub', options: sessionOptions }
}

function urlConnection(url: string): pg.ClientConfig {
  return { ...session, connectionString: url, options: sessionOptions }
}

async function prepare(connection: pg.ClientConfig, migrating: boolean): Promise<void> {
  const client = new pg.Client(connection)
  try {
    await client.connect()
  } catch (cause) {
    throw hubError('database_unavailable', {
      detail: `the database cannot be reached (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`,
      hint: 'check DATABASE_URL, that PostgreSQL runs, and that it accepts this user',
      cause,
    })
  }
  try {
    const version = await client.query<{ server_version_num: string }>('show server_version_num')
    if (Number(version.rows[0]?.server_version_num) < oldestServer) {
      throw hubError('internal', { detail: 'this PostgreSQL is older than 15', hint: 'set DATABASE_URL to a PostgreSQL 15 or newer' })
    }
    if (migrating) await migrate(client)
  } finally {
    await client.end()
  }
}
