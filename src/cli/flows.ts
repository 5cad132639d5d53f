import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { withClient, type HubClient } from './context.ts'
import { table } from './output.ts'
import { printRun, printRuns, runFilterOf, tail, withRunFilter, type RunFilterOptions } from './runs.ts'
import { argument } from './tools.ts'

export function flowCommands(program: Command): void {
  const flow = program.command('flow').description('flows: work of several steps, as YAML or JSON')
  definitionCommands(flow)
  flow
    .command('list')
    .description('list the flows')
    .action((_options, command: Command) =>
      withClient(command, async ({ listFlows }, output) => {
        const page = await listFlows({})
        const rows = page.items.map(({ id, version, enabled, blocked, origin, on, name }) => ({
          id,
          version,
          enabled: blocked === null ? (enabled ? 'yes' : 'no') : 'blocked',
          origin,
          starts: on.map(({ event, schedule, bus }) => String(event ?? schedule ?? `bus ${String(bus)}`)).join(', '),
          name,
        }))
        output.print(page, table(rows))
      }),
    )
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    flow
      .command(name)
      .description(enabled ? 'let it be started' : 'let nothing start it; runs that have started continue')
      .argument('<id>', 'id of the flow')
      .action((id: string, _options, command: Command) =>
        withClient(command, async ({ updateFlow }, output) => {
          const saved = await updateFlow({ id, enabled })
          output.print(saved, `${saved.id} is ${enabled ? 'enabled' : 'disabled'}`)
        }),
      )
  }
  flow
    .command('adopt')
    .description('let it run with your rights, for example after the token of whoever saved it was revoked')
    .argument('<id>', 'id of the flow')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ adoptFlow }, output) => {
        const saved = await adoptFlow({ id })
        output.print(saved, `${saved.id} runs with the rights of ${saved.actor}`)
      }),
    )
  flow
    .command('delete')
    .description('delete a flow and cancel its unfinished runs; the records of its runs stay')
    .argument('<id>', 'id of the flow')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ deleteFlow }, output) => {
        await deleteFlow({ id })
        output.print({ deleted: id }, `deleted ${id}`)
      }),
    )
  flow
    .command('trigger')
    .description('start a run; a hub that serves executes it')
    .argument('<id>', 'id of the flow')
    .argument('[name=value...]', 'parameters; a value that is JSON is parsed', argument)
    .option('--wait [seconds]', 'wait for its end, 60 seconds by default, 120 at most')
    .option('--dry-run', 'run what only reads, and show what would be written')
    .addHelpText('after', '\nExample:\n  hub flow trigger send-summary-email to=ada@example.com subject=Hello body=Hi --wait')
    .action(trigger)
  withRunFilter(flow.command('runs').description('list runs, newest first').argument('[id]', 'only those of this flow')).action(
    (id: string | undefined, options: RunFilterOptions, command: Command) =>
      withClient(command, async ({ listRuns }, output) =>
        printRuns(output, await listRuns({ ...runFilterOf(options), flow: id, limit: 50 })),
      ),
  )
  flow.command('tail').description('follow a run until it ends').argument('<run>', 'id of the run').action(tail)
}

function definitionCommands(flow: Command): void {
  flow
    .command('check')
    .description('list the problems of a definition with their places')
    .argument('<file>', '- reads it from standard input')
    .action((file: string, _options, command: Command) =>
      withClient(command, async (client, output) => {
        const problems = await problemsOf(client, file, await read(file))
        if (problems.length > 0) process.exitCode = 1
        output.print({ ok: problems.length === 0, problems }, problems.map(asLine).join('\n') || `${file} has no problems`)
      }),
    )
  flow
    .command('dry-run')
    .description('run a definition without saving it: what only reads is done, and what would be written is shown')
    .argument('<file>', '- reads it from standard input')
    .argument('[name=value...]', 'parameters; a value that is JSON is parsed', argument)
    .option('--event <id>', 'run it for this stored event')
    .addHelpText('after', '\nExample:\n  hub flow dry-run greet.yaml name=Ada --json')
    .action((file: string, parameters: Record<string, unknown> = {}, ...[{ event }, command]: [{ event?: string }, Command]) =>
      withClient(command, async ({ dryRunFlow }, output) => {
        const run = await dryRunFlow({ source: await read(file), parameters, event, wait: usualWaitSeconds })
        printRun(output, run)
        if (run.status !== 'completed') process.exitCode = 1
      }),
    )
  flow
    .command('push')
    .description('save flows: new ones, or new versions')
    .argument('<file...>', '- reads one from standard input')
    .action((files: string[], _options, command: Command) =>
      withClient(command, async (client, output) => {
        const saved: { file: string; id: string; version: number }[] = []
        const problems: Problem[] = []
        // In the given order: a flow may call one that comes before it.
        for (const file of files) {
          const source = await read(file)
          const found = await problemsOf(client, file, source)
          problems.push(...found)
          if (found.length > 0) continue
          const { id, version } = await client.saveFlow({ source })
          saved.push({ file, id, version })
        }
        if (problems.length > 0) process.exitCode = 1
        const lines = [...problems.map(asLine), ...saved.map(({ id, version }) => `${id} is saved as version ${version}`)]
        output.print({ saved, problems }, lines.join('\n'))
      }),
    )
  for (const [name, description] of [
    ['pull', 'print its definition as it was written, to edit and push'],
    ['show', 'print its definition with its version and state'],
  ] as const) {
    flow
      .command(name)
      .description(description)
      .argument('<id>', 'id of the flow')
      .action((id: string, _options, command: Command) =>
        withClient(command, async ({ getFlow }, output) => {
          const flow = await getFlow({ id })
          const head = `# ${flow.id}, version ${flow.version} of ${flow.updated_at} by ${flow.actor}, ${flow.enabled ? 'enabled' : 'disabled'}${flow.blocked === null ? '' : `\n# blocked: ${flow.blocked}`}`
          output.print(flow, name === 'show' ? `${head}\n${flow.source.trimEnd()}` : flow.source.trimEnd())
        }),
      )
  }
}

interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly message: string
  readonly remedy: string
}

async function problemsOf({ checkFlow }: HubClient, file: string, source: string): Promise<Problem[]> {
  const { problems } = await checkFlow({ source })
  return problems.map((problem) => ({ file, ...problem }))
}

function asLine({ file, line, column, message, remedy }: Problem): string {
  return `${file}:${line}:${column}: ${message}${remedy ? ` (${remedy})` : ''}`
}

function read(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readFile(file, 'utf8')
}

interface TriggerOptions {
  readonly wait?: string | true
  readonly dryRun?: boolean
}

const usualWaitSeconds = 60

function trigger(id: string, parameters: Record<string, unknown> = {}, ...[options, command]: [TriggerOptions, Command]): Promise<void> {
  const { wait, dryRun } = options
  return withClient(command, async ({ triggerFlow, getRun }, output) => {
    const seconds = wait === undefined ? 0 : wait === true ? usualWaitSeconds : Number(wait) || usualWaitSeconds
    const started = await triggerFlow({ id, parameters, dry_run: dryRun, wait: seconds })
    const runId = 'run_id' in started ? started.run_id : started.id
    if (wait === undefined)
      return output.print({ run_id: runId, status: started.status }, `${runId}\n\`hub flow tail ${runId}\` follows it`)
    const run = await getRun({ id: runId })
    printRun(output, run)
    if (run.status !== 'completed') process.exitCode = 1
  })
}
