import { InvalidArgumentError, type Command } from 'commander'
import { outputOf, withHub } from './context.ts'
import { table } from './output.ts'

export function keyCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that seal secrets')
  keys
    .command('list')
    .description('show key ids and how many credentials each seals')
    .action((_options, command: Command) =>
      withHub(command, async ({ credentials }, _operator, output) => {
        const list = await credentials.keys.list()
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
    .option('--keep-key', 'seal with the present first key, make no new one')
    .action((options: { keepKey?: boolean }, command: Command) =>
      withHub(command, async ({ credentials, config }, operator, output) => {
        const addKey = config.HUB_SECRET_KEYS === undefined && !options.keepKey
        const { keyId: id, resealed, failed } = await credentials.keys.rotate(operator, { addKey })
        const shown = failed.map(({ name, workspaceId, reason }) => ({ name, workspace_id: workspaceId, reason }))
        output.print({ key_id: id, resealed, failed: shown }, `${resealed} credentials sealed anew with key ${id}`)
        if (failed.length > 0) {
          const { hubError } = await import('#errors')
          throw hubError('key_unknown', {
            detail: `${failed.length} could not be opened:\n${failed.map(({ reason }) => `  ${reason}`).join('\n')}`,
          })
        }
      }),
    )

  program
    .command('audit')
    .description('the audit log')
    .command('verify')
    .description('check that no entry was changed or removed; keep the printed heads elsewhere to prove it later')
    .action((_options, command: Command) =>
      withHub(command, async ({ access }, _operator, output) => {
        const { entries, heads, breaks } = await access.audit.verify()
        const report = {
          entries,
          heads: heads.map(({ workspaceId, seq, hash }) => ({ workspace_id: workspaceId, seq, hash })),
          breaks: breaks.map(({ workspaceId, seq, reason }) => ({ workspace_id: workspaceId, seq, reason })),
        }
        const lines = report.heads.map(({ workspace_id, seq, hash }) => `  ${workspace_id}  ${seq}  ${hash}`)
        output.print(report, [`${entries} entries, ${breaks.length === 0 ? 'all chains whole' : 'BROKEN'}; heads:`, ...lines].join('\n'))
        const [first] = breaks
        if (first) {
          const { hubError } = await import('#errors')
          throw hubError('internal', {
            detail: `the audit log was tampered with: entry ${first.seq} of ${first.workspaceId}: ${first.reason}`,
          })
        }
      }),
    )
}

function keyId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(text)) throw new InvalidArgumentError('letters, digits, dashes and underscores, 32 at most')
  return text
}
