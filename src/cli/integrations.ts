import { InvalidArgumentError, type Command } from 'commander'
import type { CredentialInput } from '#integrations'
import { withHub } from './context.ts'
import { jsonOrText, readPipedJson } from './input.ts'
import { table } from './output.ts'

interface AddOptions {
  readonly name?: string
  readonly auth?: string
  readonly credential?: string
  readonly config?: Record<string, unknown>
}

export function integrationCommands(program: Command): void {
  const integration = program.command('integration').description('connected outside systems')
  integration
    .command('add')
    .description('connect an outside system; credential values come from standard input as JSON')
    .argument('<connector>', 'e.g. github; `hub connector list` shows all')
    .option('--name <name>', 'its name, where the connector’s own is taken')
    .option('--auth <type>', 'auth method; found by the credential’s fields when left out')
    .option('--credential <name>', 'use a stored credential')
    .option('--config <name=value>', 'a setting, e.g. api_url=https://github.example/api/v3; may be given several times', setting)
    .addHelpText('after', '\nExample:\n  echo \'{"personal_access_token": "…"}\' | hub integration add github')
    .action((connector: string, options: AddOptions, command: Command) =>
      withHub(command, async ({ integrations }, operator, output) => {
        const row = await integrations.create(operator, {
          connector,
          name: options.name,
          authType: options.auth,
          credential: options.credential ?? ((await readPipedJson()) as CredentialInput | undefined),
          config: options.config ?? {},
        })
        output.print({ id: row.id, name: row.name }, `connected ${row.name} (${row.id}); hub integration test ${row.name} proves it`)
      }),
    )
  integration
    .command('list')
    .description('show what is connected and how it fares')
    .action((_options, command: Command) =>
      withHub(command, async ({ integrations }, operator, output) => {
        const rows = (await integrations.list(operator.workspaceId)).map((row) => ({
          name: row.name,
          connector: row.connector,
          status: row.enabled ? row.status : `${row.status}, disabled`,
          successes: row.successCount,
          errors: row.errorCount,
          last_error: row.lastError?.['message'] ?? null,
        }))
        output.print(rows, table(rows))
      }),
    )
  integration
    .command('test')
    .description('prove an integration’s credential')
    .argument('<name>', '`hub integration list` shows them')
    .action((name: string, _options, command: Command) =>
      withHub(command, async ({ integrations }, operator, output) => {
        const result = await integrations.test(operator, name)
        output.print(
          result,
          result.ok ? `ok${result.account ? `: ${result.account}` : ''}, ${result.ms} ms` : `failed: ${String(result.error?.['detail'])}`,
        )
        if (!result.ok) process.exitCode = 1
      }),
    )
  integration
    .command('remove')
    .description('disconnect')
    .argument('<name>', '`hub integration list` shows them')
    .action((name: string, _options, command: Command) =>
      withHub(command, async ({ integrations }, operator, output) => {
        await integrations.remove(operator, name)
        output.print({ removed: name }, `disconnected ${name}`)
      }),
    )
}

function setting(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('settings are written name=value')
  const value = text.slice(at + 1)
  return { ...before, [text.slice(0, at)]: /^(true|false|-?\d+(\.\d+)?|[[{].*)$/s.test(value) ? jsonOrText(value) : value }
}
