import { Option, type Command } from 'commander'
import type { ApprovalStatus } from '#tools'
import { attachEngine, withHub } from './context.ts'
import { table } from './output.ts'

export function approvalCommands(program: Command): void {
  const approval = program.command('approval').description('approvals: what waits for a person’s yes or no')
  approval
    .command('list')
    .description('list approvals, newest first')
    .addOption(
      new Option('--status <status>', 'only those that are')
        .choices(['pending', 'approved', 'rejected', 'expired', 'used'])
        .default('pending'),
    )
    .option('--all', 'of every status')
    .option('--run <id>', 'only those of this run')
    .action((options: { status: ApprovalStatus; all?: boolean; run?: string }, command: Command) =>
      withHub(command, async ({ tools }, { workspaceId }, output) => {
        const filter = { status: options.all ? undefined : options.status, run: options.run }
        const rows = await tools.approvals.list(workspaceId, filter, { limit: 200 })
        output.print(
          rows,
          table(
            rows.map(({ id, status, call, askedBy, expiresAt, message }) => ({
              id,
              status,
              tool: call?.tool ?? null,
              asked_by: askedBy,
              expires: expiresAt,
              message,
            })),
          ),
        )
      }),
    )
  approval
    .command('show')
    .description('one approval with the call that it is about')
    .argument('<id>', 'of the approval')
    .action((id: string, _options, command: Command) =>
      withHub(command, async ({ tools }, { workspaceId }, output) => output.print(await tools.approvals.get(workspaceId, id))),
    )
  for (const [decision, description] of [
    ['approve', 'say yes: the call may be made, once'],
    ['reject', 'say no'],
  ] as const) {
    approval
      .command(decision)
      .description(description)
      .argument('<id>', '`hub approval list` shows them')
      .option('-m, --comment <text>', 'why')
      .action((id: string, { comment }: { comment?: string }, command: Command) =>
        withHub(command, async (hub, operator, output) => {
          const { tools } = hub
          // A run that waits for this goes on.
          const isOfRun = (await tools.approvals.get(operator.workspaceId, id)).runId !== null
          await using _ = isOfRun ? await attachEngine(hub) : undefined
          const row = await tools.approvals.decide(operator, id, decision, comment)
          output.print(row, `${row.id} is ${row.status}`)
        }),
      )
  }
}
