import { InvalidArgumentError, type Command } from 'commander'
import { withClient } from './context.ts'
import { readPipedJson } from './input.ts'
import { table } from './output.ts'

type Values = Record<string, string | number | boolean>

export function credentialCommands(program: Command): void {
  const credential = program.command('credential').description('secrets of the outside systems')
  credential
    .command('set')
    .description('store a credential; values come from standard input as JSON, so that they are not in the shell history')
    .argument('<name>', 'e.g. github-pat')
    .argument('[field=value...]', 'fields whose values are not secret', pair)
    .option('--kind <kind>', 'what it is for, e.g. github')
    .addHelpText('after', '\nExample:\n  echo \'{"personal_access_token": "…"}\' | hub credential set github-pat')
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((name: string, pairs: Values = {}, options: { kind?: string }, command: Command) =>
      withClient(command, async ({ setCredential }, output) => {
        const data = await valuesOf(pairs)
        const stored = await setCredential({ name, data, kind: options.kind })
        output.print(stored, `stored ${stored.name}, version ${stored.version}`)
      }),
    )
  credential
    .command('list')
    .description('list names, kinds and dates, never values')
    .action((_options, command: Command) =>
      withClient(command, async ({ listCredentials }, output) => {
        const page = await listCredentials({})
        output.print(page, table(page.items))
      }),
    )
  credential
    .command('delete')
    .description('delete a credential')
    .argument('<name>', '`hub credential list` shows them')
    .action((name: string, _options, command: Command) =>
      withClient(command, async ({ deleteCredential }, output) => {
        await deleteCredential({ name })
        output.print({ deleted: name }, `deleted ${name}`)
      }),
    )
}

async function valuesOf(pairs: Values): Promise<Values> {
  const { hubError } = await import('#errors')
  const piped = (await readPipedJson()) ?? {}
  if (!Object.values(piped).every((item) => ['string', 'number', 'boolean'].includes(typeof item)))
    throw hubError('invalid_input', { detail: 'must be a JSON object of texts, numbers and booleans' })
  const data = { ...(piped as Values), ...pairs }
  if (Object.keys(data).length === 0)
    throw hubError('invalid_input', { detail: 'no fields given', hint: 'pipe a JSON object in, or add field=value' })
  return data
}

function pair(text: string, before: Values = {}): Values {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be field=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
