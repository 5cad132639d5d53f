import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration } from '#lib/duration'
import { withHub } from './context.ts'
import { table } from './output.ts'

export function accessCommands(program: Command): void {
  const token = program.command('token').description('tokens of the API')
  token
    .command('create')
    .description('make a token; its value is printed once')
    .argument('<name>', 'what it is for')
    .requiredOption('-s, --scope <scopes>', 'what it may do, separated by commas; may be given several times', scopes)
    .option('--read-only', 'refuse everything that changes something')
    .option('--expires <duration>', 'how long it lives, e.g. 90d', duration)
    .addHelpText(
      'after',
      '\nExamples:\n  hub token create ci --scope tools:call:github --expires 90d\n  hub token create wall-board --scope integrations:read,flows:read --read-only',
    )
    .action((name: string, options: { scope: string[]; readOnly?: boolean; expires?: number }, command: Command) =>
      withHub(command, async ({ access }, operator, output) => {
        const expiresAt = options.expires === undefined ? undefined : new Date(Date.now() + options.expires)
        const { token, value } = await access.tokens.create(operator, {
          name,
          scopes: options.scope,
          readOnly: options.readOnly,
          expiresAt,
        })
        output.print({ id: token.id, token: value, scopes: token.scopes, expires_at: token.expiresAt }, value)
      }),
    )
  token
    .command('list')
    .description('show tokens, never their values')
    .action((_options, command: Command) =>
      withHub(command, async ({ access }, operator, output) => {
        const rows = await access.tokens.list(operator, { limit: 1000 })
        const shown = rows.map((row) => ({
          id: row.id,
          name: row.name,
          prefix: row.prefix,
          scopes: row.scopes,
          read_only: row.readOnly,
          state: row.revokedAt ? 'revoked' : row.expiresAt && row.expiresAt < new Date() ? 'expired' : 'active',
          expires_at: row.expiresAt,
          last_used_at: row.lastUsedAt,
        }))
        output.print(shown, table(shown))
      }),
    )
  token
    .command('revoke')
    .description('stop a token everywhere within a second')
    .argument('<id>', 'its id; `hub token list` shows it')
    .action((id: string, _options, command: Command) =>
      withHub(command, async ({ access }, operator, output) => {
        const row = await access.tokens.revoke(operator, id)
        output.print({ id, revoked_at: row.revokedAt }, `revoked ${row.name}`)
      }),
    )

  const workspace = program.command('workspace').description('workspaces: who shares what')
  workspace
    .command('create')
    .argument('<name>', 'lower case letters, digits and dashes')
    .description('make a workspace')
    .action((name: string, _options, command: Command) =>
      withHub(command, async ({ access }, operator, output) => {
        const { id, number, name: made, createdAt } = await access.workspaces.create(operator, name)
        output.print({ id, number, name: made, created_at: createdAt }, `made ${made} (${id})`)
      }),
    )
  workspace
    .command('list')
    .description('show workspaces')
    .action((_options, command: Command) =>
      withHub(command, async ({ access }, operator, output) => {
        const rows = await access.workspaces.list(operator)
        const shown = rows.map(({ id, number, name, createdAt }) => ({ id, number, name, created_at: createdAt }))
        output.print(shown, table(shown))
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
