import { InvalidArgumentError, type Command } from 'commander'
import { withClient } from './context.ts'
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
      withClient(command, async ({ createIntegration }, output) => {
        const created = await createIntegration({
          integration_type: connector,
          name: options.name,
          auth_type: options.auth,
          credential: options.credential ?? ((await readPipedJson()) as Record<string, string> | undefined),
          config: options.config ?? {},
        })
        output.print(created, `connected ${created.name} (${created.id}); \`hub integration test ${created.name}\` tests it`)
      }),
    )
  integration
    .command('list')
    .description('list integrations with their health')
    .action((_options, command: Command) =>
      withClient(command, async ({ listIntegrations }, output) => {
        const page = await listIntegrations({})
        const rows = page.items.map((item) => ({
          name: item.name,
          connector: item.integration_type,
          status: item.status,
          successes: item.success_count,
          errors: item.error_count,
          last_error: item.last_error?.['message'] ?? null,
        }))
        output.print(page, table(rows))
      }),
    )
  integration
    .command('test')
    .description('test the connection with the stored credential')
    .argument('<name>', '`hub integration list` shows them')
    .action((name: string, _options, command: Command) =>
      withClient(command, async ({ testIntegration }, output) => {
        const result = await testIntegration({ id: name })
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
      withClient(command, async ({ deleteIntegration }, output) => {
        await deleteIntegration({ id: name })
        output.print({ deleted: name }, `disconnected ${name}`)
      }),
    )
}

function setting(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be name=value')
  const value = text.slice(at + 1)
  return { ...before, [text.slice(0, at)]: /^(true|false|-?\d+(\.\d+)?|[[{].*)$/s.test(value) ? jsonOrText(value) : value }
}
