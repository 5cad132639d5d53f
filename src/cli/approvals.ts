import { Option, type Command } from 'commander'
import { withClient } from './context.ts'
import { table } from './output.ts'

type Status = 'pending' | 'approved' | 'rejected' | 'expired' | 'used'

export function approvalCommands(program: Command): void {
  const approval = program.command('approval').description('approvals: calls and steps that wait for a person’s decision')
  approval
    .command('list')
    .description('list approvals, newest first')
    .addOption(
      new Option('--status <status>', 'only those in this state')
        .choices(['pending', 'approved', 'rejected', 'expired', 'used'])
        .default('pending'),
    )
    .option('--all', 'in every state')
    .option('--run <id>', 'only those of this run')
    .action((options: { status: Status; all?: boolean; run?: string }, command: Command) =>
      withClient(command, async ({ listApprovals }, output) => {
        const page = await listApprovals({ status: options.all ? undefined : options.status, run: options.run, limit: 200 })
        const rows = page.items.map((item) => ({
          id: item.id,
          status: item.status,
          tool: item.call?.tool ?? null,
          asked_by: item.asked_by,
          expires: item.expires_at,
          message: item.message,
        }))
        output.print(page, table(rows))
      }),
    )
  approval
    .command('show')
    .description('show one approval with the call that it is about')
    .argument('<id>', '`hub approval list` shows them')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ getApproval }, output) => output.print(await getApproval({ id }))),
    )
  approval
    .command('settings')
    .description('show or set who may decide: those who caused a call may not, unless you allow it')
    .addOption(new Option('--involved-may-decide <answer>', 'whether those who caused a call may decide on it').choices(['yes', 'no']))
    .action(({ involvedMayDecide: answer }: { involvedMayDecide?: 'yes' | 'no' }, command: Command) =>
      withClient(command, async ({ getApprovalSettings, setApprovalSettings }, output) => {
        const settings =
          answer === undefined ? await getApprovalSettings({}) : await setApprovalSettings({ involved_may_decide: answer === 'yes' })
        const verb = settings.involved_may_decide ? 'may' : 'may not'
        output.print(settings, `those who caused a call ${verb} decide on its approval`)
      }),
    )
  for (const [decision, description] of [
    ['approve', 'approve: the call may be made, once'],
    ['reject', 'reject'],
  ] as const) {
    approval
      .command(decision)
      .description(description)
      .argument('<id>', '`hub approval list` shows them')
      .option('-m, --comment <text>', 'the reason')
      .action((id: string, { comment }: { comment?: string }, command: Command) =>
        // A run may wait for the decision, and continues with it.
        withClient(command, async ({ decideApproval }, output) => {
          const decided = await decideApproval({ id, decision, comment })
          output.print(decided, `${decided.id} is ${decided.status}`)
        }),
      )
  }
}
