import { Command, CommanderError } from 'commander'
import { ConfigError } from '#config'
import { version } from '../version.ts'
import { adminCommands } from './admin.ts'
import { connectorCommands } from './connectors.ts'
import { credentialCommands } from './credentials.ts'
import { doctorCommand } from './doctor.ts'
import { integrationCommands } from './integrations.ts'
import { maintenanceCommands } from './maintenance.ts'
import { describeError } from './output.ts'
import { serveCommand } from './serve.ts'
import { toolCommands } from './tools.ts'

/** Runs one command line and answers its exit code: 0 done, 1 failed, 2 wrong use. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('hub')
    .description('IntegrationHub: the hands of AI agents.')
    .version(version)
    .option('--json', 'print JSON instead of text')
    .option('-w, --workspace <name>', 'act in this workspace', 'default')
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', '\nSettings come from the environment and from .env; `hub config` shows those in force.')
  serveCommand(program)
  maintenanceCommands(program)
  adminCommands(program)
  credentialCommands(program)
  integrationCommands(program)
  toolCommands(program)
  connectorCommands(program)
  doctorCommand(program)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`${error instanceof ConfigError ? `hub: ${error.message}` : describeError(error)}\n`)
    return 1
  }
}
