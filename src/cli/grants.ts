import type { Command } from 'commander'
import { withClient } from './context.ts'
import { table } from './output.ts'

/** `hub user grants`: what people allow apps. */
export function grantCommands(program: Command): void {
  // The commands about people share one name.
  const user = program.commands.find((command) => command.name() === 'user') ?? program.command('user').description('people')
  const grants = user.command('grants').description('what people allow apps to do for them over MCP')
  grants
    .command('list', { isDefault: true })
    .description('list what you allowed; at the hub of this machine, what everybody in the workspace allowed')
    .option('--all', 'what everybody in the workspace allowed')
    .action(({ all }: { all?: boolean }, command: Command) =>
      withClient(command, async ({ listGrants }, output) => {
        const page = await listGrants({ limit: 200, whose: all ? 'workspace' : 'own' })
        const rows = page.items.map(({ id, app, person, workspace, scopes, tools, last_used_at }) => ({
          id,
          app,
          person,
          workspace,
          scopes,
          tools,
          last_used_at,
        }))
        output.print(page, table(rows))
      }),
    )
  grants
    .command('revoke')
    .description('end what was allowed: within a second the app can do nothing any more')
    .argument('<id>', '`hub user grants` shows it')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ revokeGrant }, output) => {
        const revoked = await revokeGrant({ id })
        output.print(revoked, `${revoked.app} can do nothing for ${revoked.person} any more`)
      }),
    )
}
