import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration } from '#lib/duration'
import { withClient } from './context.ts'
import { table } from './output.ts'

export function accessCommands(program: Command): void {
  tokenCommands(program)
  workspaceCommands(program)
}

function tokenCommands(program: Command): void {
  const token = program.command('token').description('tokens of the API')
  token
    .command('create')
    .description('create a token; its value is printed once')
    .argument('<name>', 'what it is for')
    .requiredOption('-s, --scope <scopes>', 'what it may do, separated by commas; may be given several times', scopes)
    .option('--read-only', 'refuse everything that changes something')
    .option('--expires <duration>', 'how long it is valid, e.g. 90d', duration)
    .addHelpText(
      'after',
      '\nExamples:\n  hub token create ci --scope tools:call:github --expires 90d\n  hub token create dashboard --scope integrations:read,flows:read --read-only',
    )
    .action((name: string, options: { scope: string[]; readOnly?: boolean; expires?: number }, command: Command) =>
      withClient(command, async ({ createToken }, output) => {
        const created = await createToken({
          name,
          scopes: options.scope,
          read_only: options.readOnly,
          expires_at: options.expires === undefined ? undefined : new Date(Date.now() + options.expires).toISOString(),
        })
        output.print(created, created.token)
      }),
    )
  token
    .command('list')
    .description('list tokens, never their values')
    .action((_options, command: Command) =>
      withClient(command, async ({ listTokens }, output) => {
        const page = await listTokens({ limit: 200 })
        const rows = page.items.map((item) => ({
          id: item.id,
          name: item.name,
          prefix: item.prefix,
          scopes: item.scopes,
          read_only: item.read_only,
          state: stateOf(item),
          expires_at: item.expires_at,
          last_used_at: item.last_used_at,
        }))
        output.print(page, table(rows))
      }),
    )
  token
    .command('revoke')
    .description('revoke a token: within a second it works nowhere')
    .argument('<id>', '`hub token list` shows it')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ revokeToken }, output) => {
        const revoked = await revokeToken({ id })
        output.print(revoked, `revoked ${revoked.name}`)
      }),
    )
}

function stateOf({ revoked_at, expires_at }: { revoked_at: string | null; expires_at: string | null }): string {
  if (revoked_at !== null) return 'revoked'
  return expires_at !== null && new Date(expires_at) < new Date() ? 'expired' : 'active'
}

function workspaceCommands(program: Command): void {
  const workspace = program.command('workspace').description('workspaces: each has its own integrations, flows and tokens')
  workspace
    .command('create')
    .argument('<name>', 'lower case letters, digits and dashes')
    .description('create a workspace')
    .action((name: string, _options, command: Command) =>
      withClient(command, async ({ createWorkspace }, output) => {
        const created = await createWorkspace({ name })
        output.print(created, `created ${created.name} (${created.id})`)
      }),
    )
  workspace
    .command('list')
    .description('list workspaces')
    .action((_options, command: Command) =>
      withClient(command, async ({ listWorkspaces }, output) => {
        const page = await listWorkspaces({})
        output.print(page, table(page.items))
      }),
    )
}

function scopes(text: string, before: readonly string[] = []): string[] {
  const more = text.split(',').map((scope) => scope.trim())
  if (more.includes('')) throw new InvalidArgumentError('scopes such as tools:call,integrations:read are expected')
  return [...before, ...more]
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('a duration such as 30m, 12h or 90d is expected')
  return ms
}
