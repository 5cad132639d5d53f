import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Flows } from '#flows'
import { attachEngine, withHub } from './context.ts'
import { table } from './output.ts'
import { printRun, printRuns, tail } from './runs.ts'
import { argument } from './tools.ts'

export function flowCommands(program: Command): void {
  const flow = program.command('flow').description('flows: work of several steps, as YAML or JSON')
  definitionCommands(flow)
  flow
    .command('list')
    .description('list the flows')
    .action((_options, command: Command) =>
      withHub(command, async ({ flows }, { workspaceId }, output) => {
        const rows = (await flows.list(workspaceId)).map(({ name, version, enabled, origin, definition }) => ({
          id: name,
          version,
          enabled: enabled ? 'yes' : 'no',
          origin,
          starts: (definition.on ?? [])
            .map((trigger) => ('event' in trigger ? trigger.event : 'schedule' in trigger ? trigger.schedule : `bus ${trigger.bus}`))
            .join(', '),
          name: definition.name ?? null,
        }))
        output.print(rows, table(rows))
      }),
    )
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    flow
      .command(name)
      .description(enabled ? 'let it be started' : 'let nothing start it; runs under way go on')
      .argument('<id>', 'of the flow')
      .action((id: string, _options, command: Command) =>
        withHub(command, async ({ flows }, operator, output) => {
          const saved = await flows.setEnabled(operator, id, enabled)
          output.print({ id: saved.name, enabled: saved.enabled }, `${saved.name} is ${enabled ? 'enabled' : 'disabled'}`)
        }),
      )
  }
  flow
    .command('delete')
    .description('delete it; its runs stay')
    .argument('<id>', 'of the flow')
    .action((id: string, _options, command: Command) =>
      withHub(command, async ({ flows }, operator, output) => {
        await flows.remove(operator, id)
        output.print({ deleted: id }, `${id} is gone`)
      }),
    )
  flow
    .command('trigger')
    .description('start a run; a hub that serves does it')
    .argument('<id>', 'of the flow')
    .argument('[name=value...]', 'parameters; a value that is JSON is taken as such', argument)
    .option('--wait [seconds]', 'wait for its end, 60 seconds at most unless said otherwise')
    .option('--dry-run', 'do what looks, show what would be written')
    .addHelpText('after', '\nExample:\n  hub flow trigger send-summary-email to=ada@example.com subject=Hello body=Hi --wait')
    .action(trigger)
  flow
    .command('runs')
    .description('list runs, newest first')
    .argument('[id]', 'only those of this flow')
    .option('--status <status>', 'only those that are queued, running, waiting, completed, failed, cancelled, skipped or parked')
    .option('--event <id>', 'only those that this event started')
    .action((id: string | undefined, { status, event }: { status?: string; event?: string }, command: Command) =>
      withHub(command, async ({ flows }, { workspaceId }, output) =>
        printRuns(output, await flows.runs(workspaceId, { flow: id, status, event }, { limit: 50 })),
      ),
    )
  flow.command('tail').description('show a run as it goes, until it is over').argument('<run>', 'id of the run').action(tail)
}

function definitionCommands(flow: Command): void {
  flow
    .command('check')
    .description('say what is wrong with a definition, with the places')
    .argument('<file>', '- reads it from standard input')
    .action((file: string, _options, command: Command) =>
      withHub(command, async ({ flows }, { workspaceId }, output) => {
        const problems = await problemsOf(flows, workspaceId, file, await read(file))
        if (problems.length > 0) process.exitCode = 1
        output.print({ ok: problems.length === 0, problems }, problems.map(asLine).join('\n') || `${file} is right`)
      }),
    )
  flow
    .command('push')
    .description('save flows: new ones, or new versions')
    .argument('<file...>', '- reads one from standard input')
    .action((files: string[], _options, command: Command) =>
      withHub(command, async ({ flows }, operator, output) => {
        const saved: { file: string; id: string; version: number }[] = []
        const problems: Problem[] = []
        // One after the other, in the order given: a flow may run one that comes before it.
        for (const file of files) {
          const source = await read(file)
          const found = await problemsOf(flows, operator.workspaceId, file, source)
          problems.push(...found)
          if (found.length > 0) continue
          const { name, version } = await flows.save(operator, source)
          saved.push({ file, id: name, version })
        }
        if (problems.length > 0) process.exitCode = 1
        const lines = [...problems.map(asLine), ...saved.map(({ id, version }) => `${id} is saved as version ${version}`)]
        output.print({ saved, problems }, lines.join('\n'))
      }),
    )
  for (const [name, description] of [
    ['pull', 'print its definition as it was written, to be edited and pushed'],
    ['show', 'print its definition, with what is known of the flow'],
  ] as const) {
    flow
      .command(name)
      .description(description)
      .argument('<id>', 'of the flow')
      .action((id: string, _options, command: Command) =>
        withHub(command, async ({ flows }, { workspaceId }, output) => {
          const { source, definition, ...rest } = await flows.get(workspaceId, id)
          const head = `# ${rest.name}, version ${rest.version} of ${rest.updatedAt.toISOString()} by ${rest.actor}, ${rest.enabled ? 'enabled' : 'disabled'}`
          output.print({ ...rest, definition, source }, name === 'show' ? `${head}\n${source.trimEnd()}` : source.trimEnd())
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

async function problemsOf(flows: Flows, workspaceId: string, file: string, source: string): Promise<Problem[]> {
  const found = await flows.check(workspaceId, source)
  return 'problems' in found ? found.problems.map((problem) => ({ file, ...problem })) : []
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

async function trigger(
  id: string,
  parameters: Record<string, unknown> = {},
  { wait, dryRun }: TriggerOptions,
  command: Command,
): Promise<void> {
  await withHub(command, async (hub, operator, output) => {
    const { flows } = hub
    await using _ = await attachEngine(hub)
    const started = await flows.trigger(operator, id, { parameters, dryRun })
    if (wait === undefined)
      return output.print(
        { run_id: started.id, status: started.status },
        `${started.id}\n\`hub flow tail ${started.id}\` shows how it goes`,
      )
    const ms = (wait === true ? usualWaitSeconds : Number(wait) || usualWaitSeconds) * 1000
    await flows.wait(operator.workspaceId, started.id, ms)
    const run = await flows.run(operator.workspaceId, started.id)
    printRun(output, run)
    if (run.status !== 'completed') process.exitCode = 1
  })
}
