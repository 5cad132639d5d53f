import { InvalidArgumentError, type Command } from 'commander'
import { describeConfig, loadConfig } from '#config'
import { formatKey, newKey } from '#credentials'
import { backup, migrationState, openDatabase, restore } from '#db'
import { prepareEngineSchema } from '#engine'
import { fail } from '#kit'
import { createTelemetry } from '#hub'
import { outputOf, quietConfig, withHub } from './context.ts'
import { table } from './output.ts'

export function maintenanceCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .action(async (_options, command: Command) => {
      const config = quietConfig()
      await using telemetry = await createTelemetry(config)
      const place = { url: config.DATABASE_URL, dataDir: config.HUB_DATA_DIR, poolSize: 2, mode: 'attach' as const }
      await using db = await openDatabase(place, telemetry)
      await prepareEngineSchema(db.connection, telemetry.logger)
      const client = await db.pool.connect()
      const { version } = await migrationState(client).finally(() => client.release())
      outputOf(command).print({ schema_version: version }, `the schema is at version ${version}`)
    })

  program
    .command('config')
    .description('show the settings in force, secrets masked')
    .action((_options, command: Command) => {
      const settings = describeConfig(loadConfig())
      outputOf(command).print(settings, table(settings))
    })

  program
    .command('backup')
    .description('write everything the hub stores to one file, while it serves')
    .argument('<file>')
    .action((file: string, _options, command: Command) =>
      withHub(command, async ({ db, config }, _operator, output) => {
        const summary = await backup(db.connection, file)
        const keys = config.HUB_SECRET_KEYS ? 'HUB_SECRET_KEYS' : `${config.HUB_DATA_DIR}/secret-keys`
        output.print(
          summary,
          `${summary.rows} rows of ${summary.tables} tables written to ${file}\nsecrets are in it only sealed: keep ${keys} as well, elsewhere`,
        )
      }),
    )

  program
    .command('restore')
    .description('put a backup into an empty database')
    .argument('<file>')
    .action(async (file: string, _options, command: Command) => {
      const config = quietConfig()
      await using telemetry = await createTelemetry(config)
      const place = { url: config.DATABASE_URL, dataDir: config.HUB_DATA_DIR, poolSize: 2, mode: 'serve' as const, migrate: false }
      await using db = await openDatabase(place, telemetry)
      const summary = await restore(db.connection, file, () => prepareEngineSchema(db.connection, telemetry.logger))
      outputOf(command).print(summary, `${summary.rows} rows of ${summary.tables} tables restored from ${file} (made ${summary.createdAt})`)
    })

  const keys = program.command('keys').description('the keys that seal secrets')
  keys
    .command('list')
    .description('show key ids and how many credentials each seals')
    .action((_options, command: Command) =>
      withHub(command, async ({ credentials }, _operator, output) => {
        const list = await credentials.keys.list()
        output.print(list, table(list))
      }),
    )
  keys
    .command('new')
    .description('print a new key for HUB_SECRET_KEYS')
    .argument('[id]', 'its id', keyId)
    .action((id: string | undefined, _options, command: Command) => {
      const text = formatKey({ ...newKey(), ...(id === undefined ? {} : { id }) })
      outputOf(command).print({ key: text }, text)
    })
  keys
    .command('rotate')
    .description('seal every credential with the first key, while the hub serves; in the data folder a new key is made first')
    .option('--keep-key', 'seal with the present first key, make no new one')
    .action((options: { keepKey?: boolean }, command: Command) =>
      withHub(command, async ({ credentials, config }, operator, output) => {
        const addKey = config.HUB_SECRET_KEYS === undefined && !options.keepKey
        const report = await credentials.keys.rotate(operator, { addKey })
        output.print(report, `${report.resealed} credentials sealed anew with key ${report.keyId}`)
        if (report.failed.length > 0) {
          throw fail('key_unknown', {
            detail: `${report.failed.length} could not be opened:\n${report.failed.map(({ reason }) => `  ${reason}`).join('\n')}`,
          })
        }
      }),
    )

  program
    .command('audit')
    .description('the audit log')
    .command('verify')
    .description('check that no entry was changed or removed')
    .action((_options, command: Command) =>
      withHub(command, async ({ access }, _operator, output) => {
        const report = await access.audit.verify()
        const heads = report.heads.map(({ workspaceId, seq, hash }) => `  ${workspaceId}  ${seq}  ${hash}`).join('\n')
        output.print(report, `${report.entries} entries, ${report.breaks.length === 0 ? 'all chains whole' : 'BROKEN'}; heads:\n${heads}`)
        if (report.breaks.length > 0) {
          const [first] = report.breaks
          throw fail('internal', {
            detail: `the audit log was tampered with: entry ${first!.seq} of ${first!.workspaceId}: ${first!.reason}`,
          })
        }
      }),
    )
}

function keyId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(text)) throw new InvalidArgumentError('letters, digits, dashes and underscores, 32 at most')
  return text
}
