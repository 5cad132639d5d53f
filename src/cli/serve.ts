import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Hub } from '#hub'
import { outputOf } from './context.ts'
import { table } from './output.ts'

export function runCommands(program: Command): void {
  program
    .command('serve')
    .description('run the hub until it is stopped')
    .addHelpText(
      'after',
      '\nSIGTERM and SIGINT let work in progress finish (HUB_DRAIN_SECONDS); a second signal ends the process at once. A part that does not end in time is named in the log, and the exit code is 1.',
    )
    .action(serve)
  program
    .command('config')
    .description('show the settings in force, secrets masked')
    .action(async (_options, command: Command) => {
      const { describeConfig, loadConfig } = await import('#config')
      const { ownVariables } = await import('#hub')
      const settings = describeConfig(loadConfig(), ownVariables)
      outputOf(command).print(settings, table(settings))
    })
}

async function serve(): Promise<void> {
  const { loadConfig } = await import('#config')
  const { config } = loadConfig()
  const { serveHub } = await import('#serve')
  const { hub, address, stop } = await serveHub(config)
  // Before the hub says that it is ready: whoever waits for that line may stop it at once.
  const stopAsked = stopSignal()
  const { logger } = hub.telemetry
  // One forgotten promise must not end the work of everybody else.
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'a promise was rejected that nobody waited for'))
  logger.info(
    {
      url: address,
      role: config.HUB_ROLE,
      database: hub.db.embedded ? 'embedded' : 'external',
      credential_store: hub.credentials.backend,
    },
    'the hub is ready',
  )
  if (process.stdout.isTTY) process.stdout.write(welcome(address, config.HUB_DATA_DIR, await setupLink(hub)))
  await stopAsked
  logger.info('stopping: no new work is accepted, work in progress finishes')
  await stop()
  logger.info('stopped')
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const ask = (): void => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGTERM', ask)
    process.on('SIGINT', ask)
  })
}

/** The link for the first administrator, while there is no person. */
async function setupLink({ people, config }: Hub): Promise<string | undefined> {
  const path = join(config.HUB_DATA_DIR, 'setup-link')
  return existsSync(path) && !(await people.hasPeople()) ? readFileSync(path, 'utf8').trim() : undefined
}

function welcome(address: string, dataDir: string, setup: string | undefined): string {
  return `
  IntegrationHub is ready at ${address}
  API reference  ${address}/docs
  Your token     ${join(dataDir, 'admin-token')}   (unless HUB_ADMIN_TOKEN is set)
${setup === undefined ? '' : `  First sign-in  ${setup}\n`}
`
}
