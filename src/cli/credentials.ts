import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { CredentialData } from '#credentials'
import { fail } from '#kit'
import { withHub } from './context.ts'
import { table } from './output.ts'

export function credentialCommands(program: Command): void {
  const credential = program.command('credential').description('secrets of the outside systems')
  credential
    .command('set')
    .description('store a credential; values come from standard input as JSON, so that they stay out of the shell history')
    .argument('<name>')
    .argument('[field=value...]', 'fields, for values that are not secret')
    .option('--kind <kind>', 'what it is for, e.g. github')
    .addHelpText('after', '\nExample:\n  echo \'{"personal_access_token": "…"}\' | hub credential set github-pat')
    .action((name: string, pairs: string[], options: { kind?: string }, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        const piped = process.stdin.isTTY ? '' : await text(process.stdin)
        const data = { ...parseJson(piped), ...parsePairs(pairs) }
        if (Object.keys(data).length === 0)
          throw fail('invalid_input', { detail: 'no fields given', hint: 'pipe a JSON object in, or add field=value' })
        const info = await credentials.set(operator, name, data, options.kind)
        output.print(info, `stored ${info.name}, version ${info.version}`)
      }),
    )
  credential
    .command('list')
    .description('show names, kinds and dates; values never come out')
    .action((_options, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        const rows = await credentials.list(operator)
        output.print(rows, table(rows.map(({ name, kind, version, updatedAt }) => ({ name, kind, version, updated_at: updatedAt }))))
      }),
    )
  credential
    .command('delete')
    .description('delete a credential')
    .argument('<name>')
    .action((name: string, _options, command: Command) =>
      withHub(command, async ({ credentials }, operator, output) => {
        await credentials.remove(operator, name)
        output.print({ deleted: name }, `deleted ${name}`)
      }),
    )
}

function parseJson(input: string): CredentialData {
  if (input.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(input)
  } catch {
    // The parser's own message would quote the secret.
    throw fail('bad_json', { detail: 'standard input is not valid JSON' })
  }
  const scalar = (item: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof item)
  if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.values(value).every(scalar)) {
    throw fail('invalid_input', { detail: 'a JSON object of texts, numbers and booleans is expected' })
  }
  return value as CredentialData
}

function parsePairs(pairs: readonly string[]): CredentialData {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw fail('invalid_input', { detail: 'fields are written field=value' })
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
