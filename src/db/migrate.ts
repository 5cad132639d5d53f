import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { hubError } from '#errors'
import { sha256 } from '#lib/canonical'

const folder = join(import.meta.dirname, 'migrations')

// An arbitrary fixed number. Processes that migrate the same database wait for each other with this lock.
const migrationLock = 4_867_120_001

export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

export function readMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{6}_\w+\.sql$/.test(file))
    .toSorted()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8')
      return { version: Number(file.slice(0, 6)), name: file.slice(7, -4), sql, checksum: sha256(sql) }
    })
}

export interface MigrationState {
  readonly version: number
  readonly latest: number
  readonly pending: readonly Migration[]
}

/** Returns the version of the schema. Throws if this code does not know that version. */
export async function migrationState(client: ClientBase, known: readonly Migration[] = readMigrations()): Promise<MigrationState> {
  const latest = known.at(-1)?.version ?? 0
  const exists = await client.query<{ there: boolean }>(`select to_regclass('hub.migrations') is not null as there`)
  if (!exists.rows[0]?.there) return { version: 0, latest, pending: known }
  const applied = await client.query<{ version: number; name: string; checksum: string }>(
    'select version, name, checksum from hub.migrations order by version',
  )
  const version = applied.rows.at(-1)?.version ?? 0
  if (version > latest) {
    throw hubError('internal', {
      detail: `the database has schema ${version}, but this hub knows only up to ${latest}: a newer hub has used the database`,
      hint: 'run the newer hub, or restore a backup that this version made',
    })
  }
  for (const row of applied.rows) {
    const migration = known.find((candidate) => candidate.version === row.version)
    if (migration?.checksum !== row.checksum) {
      throw hubError('internal', {
        detail: `migration ${row.version} (${row.name}) differs from the one that this database was created with`,
      })
    }
  }
  return { version, latest, pending: known.filter((migration) => migration.version > version) }
}

export interface MigrateOptions {
  /** The last version to apply. */
  readonly upTo?: number
  readonly migrations?: readonly Migration[]
}

/** Updates the schema. Each migration and its record are one transaction, and of several processes only the first one does the work. */
export async function migrate(client: ClientBase, { upTo, migrations = readMigrations() }: MigrateOptions = {}): Promise<void> {
  const known = migrations.filter(({ version }) => version <= (upTo ?? version))
  // Usually nothing is to be done, and then the role needs no right to create anything.
  if ((await migrationState(client, known)).pending.length === 0) return
  await client.query('select pg_advisory_lock($1)', [migrationLock])
  try {
    await client.query('create schema if not exists hub')
    await client.query(
      `create table if not exists hub.migrations
         (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`,
    )
    const { pending } = await migrationState(client, known)
    for (const migration of pending) await apply(client, migration)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined)
  }
}

async function apply(client: ClientBase, { version, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query('set local search_path = hub')
    await client.query(sql)
    await client.query('insert into hub.migrations (version, name, checksum) values ($1, $2, $3)', [version, name, checksum])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw hubError('internal', { detail: `migration ${version} (${name}) failed and was undone: ${(cause as Error).message}`, cause })
  }
}
