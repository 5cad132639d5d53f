import { InvalidArgumentError, type Command } from 'commander'
import { outputOf, quietConfig, withClient } from './context.ts'
import { table } from './output.ts'

export function keyCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that seal secrets')
  keys
    .command('list')
    .description('show key ids and how many credentials each seals')
    .action((_options, command: Command) =>
      withClient(command, async ({ listKeys }, output) => {
        const list = await listKeys({})
        output.print(list, table(list))
      }),
    )
  keys
    .command('new')
    .description('print a new key for HUB_SECRET_KEYS')
    .argument('[id]', 'its id', keyId)
    .action(async (id: string | undefined, _options, command: Command) => {
      const { formatKey, newKey } = await import('#credentials')
      const text = formatKey({ ...newKey(), ...(id === undefined ? {} : { id }) })
      outputOf(command).print({ key: text }, text)
    })
  keys
    .command('rotate')
    .description('seal every credential with the first key, while the hub serves; in the data folder a new key is made first')
    .option('--keep-key', 'seal with the current first key, without making a new one')
    .action(async (options: { keepKey?: boolean }, command: Command) => {
      const config = await quietConfig()
      await withClient(command, async ({ rotateKeys }, output) => {
        const report = await rotateKeys({ add_key: config.HUB_SECRET_KEYS === undefined && !options.keepKey })
        output.print(report, `${report.resealed} credentials sealed with key ${report.key_id}`)
        if (report.failed.length === 0) return
        const { hubError } = await import('#errors')
        const reasons = report.failed.map(({ reason }) => `  ${reason}`).join('\n')
        throw hubError('key_unknown', { detail: `${report.failed.length} could not be opened:\n${reasons}` })
      })
    })

  program
    .command('audit')
    .description('the audit log')
    .command('verify')
    .description('check that no entry was changed or removed; keep the printed heads elsewhere to prove it later')
    .action((_options, command: Command) =>
      withClient(command, async ({ verifyAudit }, output) => {
        const report = await verifyAudit({})
        const lines = report.heads.map(({ workspace_id, seq, hash }) => `  ${workspace_id}  ${seq}  ${hash}`)
        const verdict = report.breaks.length === 0 ? 'all chains are intact' : 'BROKEN'
        output.print(report, [`${report.entries} entries, ${verdict}; heads:`, ...lines].join('\n'))
        const [first] = report.breaks
        if (!first) return
        const { hubError } = await import('#errors')
        throw hubError('internal', {
          detail: `the audit log was tampered with: entry ${first.seq} of ${first.workspace_id}: ${first.reason}`,
        })
      }),
    )
}

function keyId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(text)) throw new InvalidArgumentError('letters, digits, dashes and underscores, 32 at most')
  return text
}
