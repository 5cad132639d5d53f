import { text } from 'node:stream/consumers'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { withClient } from './context.ts'
import { jsonOrText, parseJsonObject } from './input.ts'
import { table } from './output.ts'

export function toolCommands(program: Command): void {
  const tool = program.command('tool').description('tools: what can be done in the outside systems')
  tool
    .command('list')
    .description('find tools')
    .argument('[words...]', 'words of what you want to do')
    .option('--connector <name>', 'only tools of this connector')
    .addOption(new Option('--effect <effect>', 'only tools with this effect').choices(['read', 'write', 'destroy']))
    .action((words: string[], options: { connector?: string; effect?: 'read' | 'write' | 'destroy' }, command: Command) =>
      withClient(command, async ({ listTools }, output) => {
        const page = await listTools({ query: words.join(' '), connector: options.connector, effect: options.effect, limit: 200 })
        output.print(
          page,
          table(page.items.flatMap((item) => ('effect' in item ? [{ name: item.name, effect: item.effect, title: item.title }] : []))),
        )
      }),
    )
  tool
    .command('describe')
    .description('show a tool with its arguments')
    .argument('<name>', '`hub tool list` finds them')
    .action((name: string, _options, command: Command) =>
      withClient(command, async ({ getTool }, output) => {
        const description = await getTool({ name })
        output.print(
          description,
          `${description.name}: ${description.title} (${description.effect})\n\n${description.description}\n\n${argumentsTable(description.input_schema)}`,
        )
      }),
    )
  tool
    .command('call')
    .description('call a tool')
    .argument('<name>', '`hub tool list` finds them')
    .argument('[argument=value...]', 'arguments; a value that is JSON is parsed', argument)
    .option('--input <json>', 'all arguments as JSON; - reads them from standard input')
    .option('-i, --integration <name>', 'which integration, where several fit')
    .option('-k, --key <key>', 'idempotency key: the same key never acts twice')
    .option('--approval <id>', 'the approval that covers exactly this call')
    .option('--dry-run', 'show the request that would be sent, and send nothing that writes')
    .option('--fields <fields>', 'only these parts of the output, separated by commas')
    .addHelpText('after', '\nExample:\n  hub tool call github_get_repository owner=octocat repo=hello-world')
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((name: string, pairs: Record<string, unknown> = {}, options: CallOptions, command: Command) =>
      withClient(command, async ({ callTool }, output) => {
        const outcome = await callTool({
          name,
          input: { ...(await parseInput(options.input)), ...pairs },
          integration: options.integration,
          idempotency_key: options.key,
          approval: options.approval,
          dry_run: options.dryRun,
          fields: options.fields?.split(',').map((field) => field.trim()),
        })
        const { truncated, warning } = outcome
        output.print(outcome, JSON.stringify(outcome.output, null, 2))
        if (warning) process.stderr.write(`hub: ${warning}\n`)
        if (truncated)
          process.stderr.write(
            `hub: the output was truncated; \`hub tool call hub_read_result handle=${truncated.handle}\` returns the rest\n`,
          )
      }),
    )
}

interface CallOptions {
  readonly input?: string
  readonly integration?: string
  readonly key?: string
  readonly approval?: string
  readonly dryRun?: boolean
  readonly fields?: string
}

async function parseInput(given: string | undefined): Promise<Record<string, unknown>> {
  if (given === undefined) return {}
  return parseJsonObject(given === '-' ? await text(process.stdin) : given, '--input')
}

/** `n=3` is a number, `labels=["a"]` a list, `title=hello` a text; a text that looks like a number is written `s='"3"'`. */
export function argument(pair: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = pair.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be name=value')
  return { ...before, [pair.slice(0, at)]: jsonOrText(pair.slice(at + 1)) }
}

function argumentsTable(schema: Record<string, unknown>): string {
  const properties = (schema['properties'] ?? {}) as Record<string, { type?: string; description?: string; default?: unknown }>
  const required = new Set((schema['required'] ?? []) as string[])
  return table(
    Object.entries(properties).map(([name, { type, description, default: preset }]) => ({
      argument: name,
      type: type ?? '',
      needed: required.has(name) && preset === undefined ? 'yes' : '',
      default: preset === undefined ? '' : JSON.stringify(preset),
      description: description ?? '',
    })),
  )
}
