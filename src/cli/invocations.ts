import type { Command } from 'commander'
import { withClient } from './context.ts'
import { table } from './output.ts'

interface Filter {
  readonly tool?: string
  readonly connector?: string
  readonly status?: 'queued' | 'running' | 'completed' | 'failed' | 'outcome_unknown'
}

export function invocationCommands(program: Command): void {
  const invocation = program.command('invocation').description('tool calls: what was called, by whom, and how it ended')
  invocation
    .command('list')
    .description('list tool calls, newest first')
    .option('--tool <name>', 'only calls of this tool')
    .option('--connector <name>', 'only calls of tools of this connector')
    .option('--status <status>', 'only those in this state: queued, running, completed, failed, outcome_unknown')
    .action((filter: Filter, command: Command) =>
      withClient(command, async ({ listInvocations }, output) => {
        const page = await listInvocations({ ...filter, limit: 50 })
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
}
