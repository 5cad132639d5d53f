import type { Command } from 'commander'
import type { BackupSummary, Database } from '#db'
import { outputOf, quietConfig, withHub } from './context.ts'

export function databaseCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date; `hub serve` does this at start')
    .action(async (_options, command: Command) => {
      const { migrationState } = await import('#db')
      await withDatabase('attach', true, async (db) => {
        const client = await db.pool.connect()
        const { version } = await migrationState(client).finally(() => client.release())
        outputOf(command).print({ schema_version: version }, `the schema is at version ${version}`)
      })
    })
  program
    .command('backup')
    .description('write everything that the hub stores to one file, also while it serves')
    .argument('<file>', 'the file to write; it gets this name when it is complete')
    .action((file: string, _options, command: Command) =>
      withHub(command, async ({ db, config }, _operator, output) => {
        const { backup } = await import('#db')
        const summary = await backup(db.connection, file)
        const keys = config.HUB_SECRET_KEYS ? 'HUB_SECRET_KEYS' : `${config.HUB_DATA_DIR}/secret-keys`
        output.print(
          { file, ...shown(summary) },
          `${summary.rows} rows of ${summary.tables} tables written to ${file}\nsecrets are in it only sealed: keep ${keys} as well, elsewhere`,
        )
      }),
    )
  program
    .command('restore')
    .description('restore a backup into an empty database that no hub is using')
    .argument('<file>', 'what `hub backup` wrote')
    .addHelpText('after', '\nExample, into a new data folder:\n  HUB_DATA_DIR=./restored hub restore monday.hub')
    .action(async (file: string, _options, command: Command) => {
      const { restore } = await import('#db')
      await withDatabase('serve', false, async (db) => {
        const summary = await restore(db.connection, file)
        outputOf(command).print(
          shown(summary),
          `${summary.rows} rows of ${summary.tables} tables restored from ${file} (made ${summary.createdAt})`,
        )
      })
    })
}

/** Opens the database alone, without the first workspace and token that the rest of the hub creates. */
async function withDatabase(mode: 'serve' | 'attach', migrate: boolean, work: (db: Database) => Promise<void>): Promise<void> {
  const config = await quietConfig()
  const { createTelemetry } = await import('#hub')
  const { openDatabase } = await import('#db')
  await using telemetry = await createTelemetry(config)
  const place = { url: config.DATABASE_URL, dataDir: config.HUB_DATA_DIR, poolSize: 2, mode, migrate }
  await using db = await openDatabase(place, telemetry)
  await work(db)
}

function shown({ tables, rows, schemaVersion, createdAt }: BackupSummary) {
  return { tables, rows, schema_version: schemaVersion, created_at: createdAt }
}
