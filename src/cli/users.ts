import { Option, type Command } from 'commander'
import { withClient, type HubClient } from './context.ts'
import { table } from './output.ts'

const roles = ['owner', 'admin', 'member', 'viewer'] as const
type Role = (typeof roles)[number]

export function userCommands(program: Command): void {
  const user = program.command('user').description('people: members of a workspace, invitations and sign-in sessions')
  user
    .command('list')
    .description('list the members of the workspace')
    .action((_options, command: Command) =>
      withClient(command, async ({ listMembers }, output) => {
        const page = await listMembers({})
        output.print(page, table(page.items))
      }),
    )
  user
    .command('invite')
    .description('invite somebody; the link is printed once')
    .argument('[email]', 'only the person with this address can use the link')
    .addOption(roleOption())
    .action((email: string | undefined, { role }: { role: Role }, command: Command) =>
      withClient(command, async ({ createInvitation }, output) => {
        const made = await createInvitation({ email, role })
        output.print(made, made.link)
      }),
    )
  user
    .command('role')
    .description('change the role of a member')
    .argument('<person>', 'id or e-mail address')
    .addOption(roleOption())
    .action((person: string, { role }: { role: Role }, command: Command) =>
      withClient(command, async (client, output) => {
        const changed = await client.updateMember({ user_id: await idOf(client, person), role })
        output.print(changed, `${changed.email} is ${changed.role} now`)
      }),
    )
  user
    .command('remove')
    .description('remove a member: sessions, tokens and flows of the person lose their rights within a second')
    .argument('<person>', 'id or e-mail address')
    .action((person: string, _options, command: Command) =>
      withClient(command, async (client, output) => {
        const removed = await client.removeMember({ user_id: await idOf(client, person) })
        output.print(removed, `removed ${removed.email}`)
      }),
    )
  user
    .command('sessions')
    .description('list the sign-in sessions of a member')
    .argument('<person>', 'id or e-mail address')
    .option('--end', 'end all of them')
    .action((person: string, options: { end?: boolean }, command: Command) =>
      withClient(command, async (client, output) => {
        const user_id = await idOf(client, person)
        if (options.end) {
          const result = await client.endSessions({ user_id })
          output.print(result, `ended ${result.ended} sign-in sessions`)
        } else {
          const page = await client.listSessions({ user_id })
          output.print(page, table(page.items))
        }
      }),
    )
  user
    .command('setup-link')
    .description('print a link that makes whoever opens it an administrator of the hub, once and within a day')
    .action((_options, command: Command) =>
      withClient(command, async ({ createInvitation }, output) => {
        const made = await createInvitation({ role: 'owner', hub_admin: true })
        output.print(made, made.link)
      }),
    )
}

function roleOption(): Option {
  return new Option('-r, --role <role>', 'the role').choices(roles).default('member')
}

async function idOf({ listMembers }: HubClient, person: string): Promise<string> {
  if (person.startsWith('usr_')) return person
  const found = (await listMembers({})).items.find(({ email }) => email === person.toLowerCase())
  if (found) return found.user_id
  const { hubError } = await import('#errors')
  throw hubError('not_found', { detail: `there is no member ${person} in this workspace`, hint: '`hub user list` shows them' })
}
