import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { InvalidArgumentError, type Command } from 'commander'
import type { WebhookScheme } from '#kit'
import { sleep } from '#lib/clock'
import { withClient, withHub, type HubClient } from './context.ts'
import type { Output } from './output.ts'
import { rangeOf, several, withRange, type RangeOptions } from './filters.ts'
import { argument } from './tools.ts'

interface FilterOptions extends RangeOptions {
  readonly type?: string[]
  readonly connector?: string
  readonly integration?: string
  readonly subject?: string
  readonly status?: Status[]
}

type Status = 'received' | 'dispatched' | 'unparsed' | 'failed'

type Filter = Omit<Parameters<HubClient['listEvents']>[0], 'limit' | 'cursor'>
type Event = Awaited<ReturnType<HubClient['listEvents']>>['items'][number]

export function eventCommands(program: Command): void {
  const event = program.command('events').description('events: received from outside, and published by the hub itself')
  filtered(event.command('tail').description('show events as they arrive'))
    .option('-n, --last <count>', 'begin with this many past events', count, 10)
    .option('--once', 'end after those')
    .action(tail)
  event
    .command('show')
    .description('show one event with its headers, its body and what it started')
    .argument('<id>', 'id of the event')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ getEvent }, output) => output.print(await getEvent({ id }))),
    )
  filtered(event.command('replay').description('dispatch an event, or a range of events, again').argument('[id]', 'id of one event'))
    .option('--transform <which>', 'with the transformation of then or of now', transformation, 'then')
    .addHelpText('after', '\nExample:\n  hub events replay --type github.* --since 2026-01-31T00:00:00Z')
    .action(replay)
}

function filtered(command: Command): Command {
  return withRange(
    command
      .option('--type <types>', 'types, or patterns such as github.*, separated by commas', several)
      .option('--connector <name>', 'only of this connector')
      .option('-i, --integration <name>', 'only of this integration')
      .option('--subject <subject>', 'only about this, such as octo/web#88')
      .option('--status <states>', 'only those in these states: received, dispatched, unparsed, failed', several),
  )
}

const filterOf = ({ type, connector, integration, subject, status, ...range }: FilterOptions): Filter => ({
  type,
  connector,
  integration,
  subject,
  status,
  ...rangeOf(range),
})

const pollMs = 300

function tail(options: FilterOptions & { last: number; once?: boolean }, command: Command): Promise<void> {
  return withClient(command, async ({ listEvents, eventsSince }, output) => {
    const filter = filterOf(options)
    const show = (event: Event): void => void process.stdout.write(`${output.json ? JSON.stringify(event) : lineOf(event)}\n`)
    const { items: past } = await listEvents({ ...filter, limit: Math.min(200, Math.max(1, options.last)) })
    for (const event of options.last === 0 ? [] : past.toReversed()) show(event)
    let last = past[0]?.id ?? ''
    while (options.once !== true) {
      const { items } = await eventsSince({ ...filter, after: last, limit: 200 })
      for (const event of items) show(event)
      last = items.at(-1)?.id ?? last
      await sleep(pollMs)
    }
  })
}

function lineOf({ received_at, id, type, status, subject, integration, problem }: Event): string {
  return [received_at, id, type, integration ?? '-', status, subject ?? '', problem ?? ''].join('  ').trimEnd()
}

function replay(id: string | undefined, options: FilterOptions & { transform: 'then' | 'now' }, command: Command): Promise<void> {
  const { transform } = options
  const filter = filterOf(options)
  if (id === undefined && Object.values(filter).every((value) => value === undefined))
    command.error('error: name an event, or a range by --type, --integration, --since …')
  return withClient(command, async ({ replayEvent, replayEvents }, output) => {
    const result = id === undefined ? await replayEvents({ ...filter, transform }) : await replayEvent({ id, transform })
    const { replayed } = result
    output.print(result, `${replayed} ${replayed === 1 ? 'event is' : 'events are'} dispatched again as soon as a hub serves`)
  })
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('must be a number')
  return Number(text)
}

function transformation(text: string): string {
  if (text !== 'then' && text !== 'now') throw new InvalidArgumentError('must be then or now')
  return text
}

/** Makes requests as a sender would, for people who set up a webhook. */
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
  webhook
    .command('setup')
    .description('create the webhook of an integration at its outside system, or update it')
    .argument('<integration>', 'its name')
    .option('--repo <repository>', 'for GitHub: owner/name', repository)
    .option('--org <name>', 'for GitHub: an organisation instead, for all of its repositories')
    .option('--events <names>', 'only these events, separated by commas', several)
    .option('--input <name=value>', 'anything else that the outside system needs; can be repeated', argument)
    .option('--address <url>', 'the address of the webhook, where the outside system reaches the hub under another one than HUB_PUBLIC_URL')
    .option('--approval <id>', 'the approval that covers this call')
    .addHelpText('after', '\nExamples:\n  hub webhook setup github --repo octo/web\n  hub webhook setup jira --input "jql=project = OPS"')
    .action((id: string, { repo, org, events, input, address: url, approval }: SetupOptions, command: Command) =>
      withClient(command, async ({ setupWebhook }, output) => {
        const place = { ...repo, ...(org === undefined ? {} : { organization: org }), ...(events ? { events } : {}), ...input }
        const made = await setupWebhook({ id, input: place, url, approval })
        const seen = made.settings_url === null ? '' : `\n${made.settings_url}`
        output.print(made, `${made.status}: webhook ${made.hook_id} sends ${made.events.join(', ')} to ${made.url}${seen}`)
      }),
    )
  webhook
    .command('sample')
    .description('show what a sample of an integration’s webhook would become and start, or send it')
    .argument('<integration>', 'its name')
    .argument('[event]', 'the type of the event, such as issues; the connector’s first sample when left out')
    .option('--send', 'send it, signed with the integration’s secret')
    .addHelpText('after', '\nExample:\n  hub webhook sample github issues --send')
    // oxlint-disable-next-line max-params -- Commander passes each argument by itself.
    .action((hook: string, event: string | undefined, { send }: { send?: boolean }, command: Command) =>
      withClient(command, (client, output) => (send ? sendSample : showSample)({ hook, event }, client, output)),
    )
}

interface SetupOptions {
  readonly repo?: { readonly owner: string; readonly repo: string }
  readonly org?: string
  readonly events?: string[]
  readonly input?: Record<string, unknown>
  readonly address?: string
  readonly approval?: string
}

function repository(text: string): { owner: string; repo: string } {
  const [, owner, repo] = /^([^/\s]+)\/([^/\s]+)$/.exec(text) ?? []
  if (owner === undefined || repo === undefined) throw new InvalidArgumentError('must be owner/name')
  return { owner, repo }
}

interface SampleOf {
  readonly hook: string
  readonly event: string | undefined
}

async function sendSample(sample: SampleOf, client: HubClient, output: Output): Promise<void> {
  const sent = await client.sendSample(sample)
  output.print(sent, `sent; it is the event ${sent.event_id}`)
}

async function showSample({ hook, event }: SampleOf, { previewWebhook, integrationSetup }: HubClient, output: Output): Promise<void> {
  const sample = event ?? (await integrationSetup({ id: hook })).webhook?.samples[0]
  output.print(await previewWebhook({ hook, sample }))
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
