import { InvalidArgumentError, type Command } from 'commander'
import type { CredentialData } from '#credentials'
import { withHub } from './context.ts'
import { readPipedJson } from './input.ts'
import { table } from './output.ts'

export function credentialCommands(program: Command): void {
  const credential = program.command('credential').description('secrets of the outside systems')
  credential
    .command('set')
    .description('store a credential; values come from standard input as JSON, so that they stay out of the shell history')
    .argument('<name>', 'e.g. github-pat')
    .argument('[field=value...]', 'fields whose values are no secret', pair)
    .option('--kind <kind>', 'what it is for, e.g. github')
    .addHelpText('after', '\nExample:\n  echo \'{"personal_access_token": "…"}\' | hub credential set github-pat')
    .action((name: string, pairs: CredentialData = {}, options: { kind?: string }, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        const { hubError } = await import('#errors')
        const piped = (await readPipedJson()) ?? {}
        const scalar = (item: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof item)
        if (!Object.values(piped).every(scalar))
          throw hubError('invalid_input', { detail: 'a JSON object of texts, numbers and booleans is expected' })
        const data = { ...(piped as CredentialData), ...pairs }
        if (Object.keys(data).length === 0)
          throw hubError('invalid_input', { detail: 'no fields given', hint: 'pipe a JSON object in, or add field=value' })
        const info = await credentials.set(operator, name, data, options.kind)
        output.print(shown(info), `stored ${info.name}, version ${info.version}`)
      }),
    )
  credential
    .command('list')
    .description('show names, kinds and dates; values never come out')
    .action((_options, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        const rows = (await credentials.list(operator)).map(shown)
        output.print(rows, table(rows))
      }),
    )
  credential
    .command('delete')
    .description('delete a credential')
    .argument('<name>', '`hub credential list` shows them')
    .action((name: string, _options, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        await credentials.remove(operator, name)
        output.print({ deleted: name }, `deleted ${name}`)
      }),
    )
}

function pair(text: string, before: CredentialData = {}): CredentialData {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('fields are written field=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function shown({
  name,
  kind,
  version,
  createdAt,
  updatedAt,
}: {
  name: string
  kind: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}) {
  return { name, kind, version, created_at: createdAt, updated_at: updatedAt }
}
