import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { accessCommands } from './access.ts'
import { approvalCommands } from './approvals.ts'
import { bulkCommands } from './bulk.ts'
import { busCommands } from './buses.ts'
import { contentCommands } from './content.ts'
import { connectorCommands } from './connectors.ts'
import { credentialCommands } from './credentials.ts'
import { databaseCommands } from './database.ts'
import { doctorCommand } from './doctor.ts'
import { eventCommands, webhookCommands } from './events.ts'
import { flowCommands } from './flows.ts'
import { connectCommand } from './connect.ts'
import { integrationCommands } from './integrations.ts'
import { keyCommands } from './keys.ts'
import { grantCommands } from './grants.ts'
import { invocationCommands } from './invocations.ts'
import { loginCommands } from './login.ts'
import { mcpCommand } from './mcp.ts'
import { printError } from './output.ts'
import { policyCommands } from './policies.ts'
import { runCommands as runOfFlowCommands } from './runs.ts'
import { scriptCommands } from './scripts.ts'
import { runCommands } from './serve.ts'
import { statsCommand } from './stats.ts'
import { toolCommands } from './tools.ts'
import { traceCommand } from './trace.ts'
import { userCommands } from './users.ts'

const examples = `
Examples:
  hub serve                                     run the hub
  hub doctor                                    check this machine
  hub token create ci --scope tools:call        create a token for a program
  hub login https://hub.example.com             act on a hub elsewhere
  echo '{"token": "…"}' | hub credential set github-pat
  hub backup monday.hub                         write everything to one file

Settings come from the environment and from .env; \`hub config\` shows those in force.
Commands may be used beside a serving hub. Exit codes: 0 done, 1 failed, 2 wrong usage.`

export function createProgram(): Command {
  const program = new Command('hub')
    .description('IntegrationHub: tools, events and flows for AI agents.')
    .version(version)
    .option('--json', 'print JSON, errors too')
    .option('-w, --workspace <name>', 'act in this workspace', 'default')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('\n`hub --help` lists the commands, `hub COMMAND --help` explains one')
    .addHelpText('after', examples)

  program.commandsGroup('Run the hub:').helpCommand('help [command]', 'explain a command')
  runCommands(program)
  mcpCommand(program)
  doctorCommand(program)
  const here = new Set(program.commands)
  program.commandsGroup('Access:')
  loginCommands(program)
  accessCommands(program)
  userCommands(program)
  grantCommands(program)
  program.commandsGroup('Connect and act:')
  credentialCommands(program)
  connectorCommands(program)
  integrationCommands(program)
  connectCommand(program)
  toolCommands(program)
  invocationCommands(program)
  policyCommands(program)
  scriptCommands(program)
  approvalCommands(program)
  flowCommands(program)
  runOfFlowCommands(program)
  busCommands(program)
  contentCommands(program)
  bulkCommands(program)
  traceCommand(program)
  program.commandsGroup('Events:')
  webhookCommands(program)
  eventCommands(program)
  statsCommand(program)
  for (const command of program.commands) if (!here.has(command)) mayActElsewhere(command)
  program.commandsGroup('Backup and keys:')
  databaseCommands(program)
  keyCommands(program)
  return program
}

/** Commands that only call operations can act on a hub at another address. */
function mayActElsewhere(command: Command): void {
  for (const inner of command.commands) mayActElsewhere(inner)
  // One that signs a sample says with it where the sample is sent.
  if (command.commands.length > 0 || command.options.some(({ long }) => long === '--url')) return
  command.option('--url <url>', 'act on the hub at this address, where `hub login` signed you in')
}

/** Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    await printError(error, argv.includes('--json'))
    return 1
  }
}
