import { Option, type Command } from 'commander'
import { withClient } from './context.ts'
import { rangeOf, several, withRange, type RangeOptions } from './filters.ts'
import { table } from './output.ts'

interface Filter extends RangeOptions {
  readonly tool?: string
  readonly connector?: string
  readonly status?: ('queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown')[]
  readonly integration?: string
  readonly effect?: 'read' | 'write' | 'destroy'
  readonly transport?: string
  readonly actor?: string
  readonly error?: string
}

interface UndoOptions {
  readonly force: boolean
  readonly dryRun: boolean
  readonly approval?: string
}

export function invocationCommands(program: Command): void {
  const invocation = program.command('invocation').description('tool calls: what was called, by whom, and how it ended')
  withRange(
    invocation
      .command('list')
      .description('list tool calls, newest first')
      .option('--tool <name>', 'only calls of this tool')
      .option('--connector <name>', 'only calls of tools of this connector')
      .option('--status <states>', 'only those in these states: queued, running, completed, failed, outcome_unknown', several)
      .option('-i, --integration <name>', 'only calls by this integration')
      .addOption(new Option('--effect <effect>', 'only calls of tools with this effect').choices(['read', 'write', 'destroy']))
      .option('--transport <name>', 'only calls that came this way: rest, mcp, flow …')
      .option('--actor <actor>', 'only calls that this actor made')
      .option('--error <code>', 'only calls that ended with this error code'),
  ).action(({ since, until, ...filter }: Filter, command: Command) =>
    withClient(command, async ({ listInvocations }, output) => {
      const page = await listInvocations({ ...filter, ...rangeOf({ since, until }), limit: 50 })
      const rows = page.items.map(({ id, tool, integration, status, actor, started_at: started }) => ({
        id,
        tool,
        integration,
        status,
        actor,
        started,
      }))
      output.print(page, table(rows))
    }),
  )
  invocation
    .command('show')
    .description('show one tool call with its input and output')
    .argument('<id>', '`hub invocation list` shows them')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ getInvocation }, output) => output.print(await getInvocation({ id }))),
    )
  invocation
    .command('cancel')
    .description('cancel a call that was queued: one that is running is aborted')
    .argument('<id>', '`hub invocation list --status queued` shows them')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ cancelInvocation }, output) => {
        const call = await cancelInvocation({ id })
        output.print(call, `${call.id} is ${call.status}`)
      }),
    )
  invocation
    .command('undo')
    .description('undo a call: make the call that reverses it, or say why that is impossible')
    .argument('<id>', '`hub invocation list` shows them')
    .option('--force', 'also where somebody has changed since what the call left: that change is lost', false)
    .option('--dry-run', 'only show the request that would be sent', false)
    .option('--approval <id>', 'the approval that covers the call that undoes')
    .action((id: string, { force, dryRun, approval }: UndoOptions, command: Command) =>
      withClient(command, async ({ undoInvocation }, output) => {
        const undone = await undoInvocation({ id, force, dry_run: dryRun, ...(approval === undefined ? {} : { approval }) })
        const text = undone.replayed ? `${id} had been undone by ${undone.invocation_id}` : `${id} is undone by ${undone.invocation_id}`
        output.print(undone, dryRun ? JSON.stringify(undone.output, null, 2) : text)
      }),
    )
}
