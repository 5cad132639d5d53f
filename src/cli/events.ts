import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { InvalidArgumentError, type Command } from 'commander'
import type { EventFilter, EventRow } from '#events'
import type { WebhookScheme } from '#kit'
import { sleep } from '#lib/clock'
import { withHub } from './context.ts'

interface FilterOptions {
  readonly type?: string
  readonly connector?: string
  readonly integration?: string
  readonly status?: string
  readonly since?: Date
  readonly until?: Date
}

export function eventCommands(program: Command): void {
  const event = program.command('events').description('events: what came in, and what the hub itself announced')
  filtered(event.command('tail').description('show events as they come'))
    .option('-n, --last <count>', 'begin with so many of the past', count, 10)
    .option('--once', 'end after those')
    .action(tail)
  event
    .command('show')
    .description('one event with headers, body and what it set off')
    .argument('<id>', 'of the event')
    .action((id: string, _options, command: Command) =>
      withHub(command, async ({ events }, { workspaceId }, output) => {
        const { body, ...rest } = await events.get(workspaceId, id)
        output.print({ ...rest, body: body?.toString() ?? null })
      }),
    )
  filtered(event.command('replay').description('let an event, or a range of them, happen again').argument('[id]', 'of one event'))
    .option('--transform <which>', 'with the transformation of then or of now', transformation, 'then')
    .addHelpText('after', '\nExample:\n  hub events replay --type github.* --since 2026-01-31T00:00:00Z')
    .action(replay)
}

function filtered(command: Command): Command {
  return command
    .option('--type <type>', 'a type, or a pattern such as github.*')
    .option('--connector <name>', 'only of this connector')
    .option('-i, --integration <name>', 'only of this integration')
    .option('--status <status>', 'received, dispatched, unparsed or failed')
    .option('--since <time>', 'not before, ISO 8601', time)
    .option('--until <time>', 'before, ISO 8601', time)
}

const filterOf = ({ since, until, type, connector, integration, status }: FilterOptions): EventFilter => ({
  type,
  connector,
  integration,
  status,
  from: since,
  to: until,
})

const everyMs = 300

function tail(options: FilterOptions & { last: number; once?: boolean }, command: Command): Promise<void> {
  return withHub(command, async ({ events }, { workspaceId }, output) => {
    const filter = filterOf(options)
    const show = (row: EventRow): void => void process.stdout.write(`${output.json ? JSON.stringify(row) : lineOf(row)}\n`)
    const past = await events.list(workspaceId, filter, { limit: Math.max(1, options.last) })
    for (const row of options.last === 0 ? [] : past.toReversed()) show(row)
    let last = past[0]?.id ?? ''
    while (options.once !== true) {
      const rows = await events.since(workspaceId, filter, last, 200)
      for (const row of rows) show(row)
      last = rows.at(-1)?.id ?? last
      await sleep(everyMs)
    }
  })
}

function lineOf({ receivedAt, id, type, status, subject, integration, problem }: EventRow): string {
  return [receivedAt.toISOString(), id, type, integration ?? '-', status, subject ?? '', problem ?? ''].join('  ').trimEnd()
}

function replay(id: string | undefined, options: FilterOptions & { transform: 'then' | 'now' }, command: Command): Promise<void> {
  const filter = filterOf(options)
  if (id === undefined && Object.values(filter).every((value) => value === undefined))
    command.error('error: name an event, or a range by --type, --integration, --since …')
  return withHub(command, async ({ events }, operator, output) => {
    const which = id === undefined ? filter : { ids: [id] }
    const replayed = await events.replay(operator, { ...which, transform: options.transform })
    output.print({ replayed }, `${replayed} ${replayed === 1 ? 'event happens' : 'events happen'} again, as soon as a hub serves`)
  })
}

function time(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('must be a time such as 2026-01-31T12:00:00Z')
  return date
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('must be a number')
  return Number(text)
}

function transformation(text: string): string {
  if (text !== 'then' && text !== 'now') throw new InvalidArgumentError('must be then or now')
  return text
}

/** What a sender would send, for people who set a hook up. */
export function webhookCommands(program: Command): void {
  const webhook = program.command('webhook').description('webhooks: help with setting them up')
  webhook
    .command('sign')
    .description('make a signed sample request: a curl command, or its parts as JSON')
    .argument('<scheme>', 'github, gitlab, gitlab_token, slack, jira, google_drive, zulip, stripe or standard')
    .option('--secret <secret>', 'what it is signed with; better: --credential')
    .option('--credential <name>', 'the stored credential that holds the secret')
    .option('--body <file>', 'the body; - reads it from standard input', '-')
    .option('--url <url>', 'where the command sends it', 'http://127.0.0.1:3000/api/v1/webhooks/NAME')
    .option('--type <type>', 'the event’s type, for schemes whose sender says it in a header', 'ping')
    .addHelpText('after', `\nExample:\n  echo '{"zen": "hi"}' | hub webhook sign github --credential github-webhook-secret`)
    .action(signSample)
}

type SampleHeaders = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>

interface SignOptions {
  readonly secret?: string
  readonly credential?: string
  readonly body: string
  readonly url: string
  readonly type: string
}

async function signSample(name: string, options: SignOptions, command: Command): Promise<void> {
  const { sampleHeaders, schemes, sign, hubError } = await import('#kit')
  const scheme = (schemes as Record<string, WebhookScheme>)[name]
  if (!scheme) return command.error(`error: there is no scheme "${name}"; there are: ${Object.keys(schemes).join(', ')}`)
  const body = options.body === '-' ? await buffer(process.stdin) : await readFile(options.body)
  await withHub(command, async ({ credentials }, { workspaceId }, output) => {
    const stored = options.credential === undefined ? undefined : await credentials.read(workspaceId, options.credential)
    if (options.credential !== undefined && !stored)
      throw hubError('credential_missing', { detail: `there is no credential "${options.credential}"` })
    const secret = options.secret ?? Object.values(stored ?? {}).find((value): value is string => typeof value === 'string')
    if (secret === undefined) throw hubError('invalid_input', { detail: 'a secret is needed: --credential NAME, or --secret TEXT' })
    const signed = sign(scheme, { body, secret, now: Date.now() })
    const headers = {
      'content-type': 'application/json',
      ...fill((sampleHeaders as SampleHeaders)[name] ?? {}, options.type),
      ...signed.headers,
    }
    output.print({ method: 'POST', url: options.url, headers, body: signed.body.toString() }, curl(options.url, headers, signed.body))
  })
}

function fill(headers: Readonly<Record<string, string>>, type: string): Record<string, string> {
  const values: Readonly<Record<string, string>> = { '{type}': type, '{id}': crypto.randomUUID() }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, values[value] ?? value]))
}

function curl(url: string, headers: Record<string, string>, body: Buffer): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
  const lines = [
    `curl -X POST ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  --data-binary ${quoted(body.toString())}`,
  ]
  return lines.join(' \\\n')
}
