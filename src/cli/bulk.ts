import { InvalidArgumentError, type Command } from 'commander'
import { sleep } from '#lib/clock'
import { withClient, type HubClient } from './context.ts'
import { jsonOrText } from './input.ts'
import { table, type Output } from './output.ts'

type Start = Parameters<HubClient['startBulk']>[0]
type BulkRow = Awaited<ReturnType<HubClient['listBulk']>>['items'][number]

interface StartOptions {
  readonly id: readonly string[]
  readonly input?: Record<string, unknown>
  readonly dryRun?: boolean
  readonly expected?: number
  readonly first?: number
  readonly wait?: boolean
}

export function bulkCommands(program: Command): void {
  const bulk = program.command('bulk').description('one action for many runs, events, deliveries or approvals')
  bulk
    .command('start')
    .description('do one thing with all that a filter finds, at most 1,000')
    .argument('<action>', 'runs.retry, runs.replay, runs.cancel, events.replay, deliveries.retry, approvals.approve or approvals.reject')
    .argument('[field=value...]', 'the filter: what the list of the same subject takes', filterField)
    .option('--id <id...>', 'instead of a filter', [])
    .option('--input <field=value...>', 'what each gets beside the id; a value that is JSON is parsed', inputField)
    .option('--dry-run', 'only say how many match')
    .option('--expected <count>', 'refuse when more match than this', count)
    .option('--first <count>', 'act on the newest that many where more match', count)
    .option('--wait', 'wait until it has ended; a hub has to serve')
    .addHelpText('after', '\nExample:\n  hub bulk start runs.retry flow=nightly status=failed --expected 12 --wait')
    // oxlint-disable-next-line max-params -- Commander passes these.
    .action((action: Start['action'], filter: Record<string, string> = {}, options: StartOptions, command: Command) =>
      withClient(command, (client, output) => start(client, output, { action, filter, ...options })),
    )
  bulk
    .command('list')
    .description('list bulk actions, newest first')
    .action((_options, command: Command) =>
      withClient(command, async ({ listBulk }, output) => {
        const page = await listBulk({ limit: 200 })
        output.print(page, table(page.items.map(rowOf)))
      }),
    )
  bulk
    .command('show')
    .description('show one: how far it is, and what failed')
    .argument('<id>', '`hub bulk list` shows them')
    .action((id: string, _options, command: Command) => withClient(command, (client, output) => show(client, output, id)))
  bulk
    .command('cancel')
    .description('cancel one: what is being done is the last')
    .argument('<id>', '`hub bulk list` shows them')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ cancelBulk }, output) => {
        const row = await cancelBulk({ id })
        output.print(row, `${row.id} is ${row.status}`)
      }),
    )
}

const pollMs = 250

async function start(
  client: HubClient,
  output: Output,
  { action, filter, id, input, dryRun, expected, first, wait }: StartOptions & { action: Start['action']; filter: Record<string, string> },
): Promise<void> {
  const chosen = id.length > 0 ? { ids: [...id] } : { filter }
  const { bulk, total, more, ...rest } = await client.startBulk({ action, ...chosen, input, dry_run: dryRun, expected, first })
  if (bulk === null) return output.print({ bulk, total, more, ...rest }, more ? `more than ${total} match` : `${total} match`)
  if (wait !== true) return output.print({ bulk, total, more, ...rest }, `${bulk.id} is ${bulk.status}: ${total} in all`)
  while ((await client.getBulk({ id: bulk.id })).status === 'running') await sleep(pollMs)
  await show(client, output, bulk.id)
}

async function show({ getBulk }: HubClient, output: Output, id: string): Promise<void> {
  const { failures, ...row } = await getBulk({ id })
  const error = row.error ? [`stopped: ${row.error.detail} (${row.error.code})`] : []
  output.print({ ...row, failures }, [table([rowOf(row)]), ...error, ...(failures.length > 0 ? ['', table(failures)] : [])].join('\n'))
  if (row.failed > 0 || row.status === 'stopped') process.exitCode = 1
}

function rowOf({ id, action, status, total, done, failed, created_at }: BulkRow) {
  return { id, action, status, total, done, failed, began: created_at }
}

function parts(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be field=value')
  return [text.slice(0, at), text.slice(at + 1)]
}

function filterField(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [field, value] = parts(text)
  return { ...before, [field]: value }
}

function inputField(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [field, value] = parts(text)
  return { ...before, [field]: jsonOrText(value) }
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('must be a number up to 1000')
  return Number(text)
}
