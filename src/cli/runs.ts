import { Option, type Command } from 'commander'
import { sleep } from '#lib/clock'
import { withClient, type HubClient } from './context.ts'
import { rangeOf, several, withRange, type RangeOptions } from './filters.ts'
import { table, type Output } from './output.ts'

type RunSummary = Awaited<ReturnType<HubClient['listRuns']>>['items'][number]
type RunDetail = Awaited<ReturnType<HubClient['getRun']>>
type Step = RunDetail['steps'][number]

export function runCommands(program: Command): void {
  const run = program.command('run').description('runs of flows')
  withRunFilter(run.command('list').description('list runs, newest first').option('--flow <id>', 'only those of this flow')).action(
    ({ flow, ...options }: RunFilterOptions & { readonly flow?: string }, command: Command) =>
      withClient(command, async ({ listRuns }, output) => printRuns(output, await listRuns({ ...runFilterOf(options), flow, limit: 50 }))),
  )
  run
    .command('show')
    .description('show one run with its steps; --json also prints their inputs and outputs')
    .argument('<id>', '`hub run list` shows them')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ getRun }, output) => printRun(output, await getRun({ id }))),
    )
  run
    .command('cancel')
    .description('cancel a run: the step that is running is the last')
    .argument('<id>', 'id of the run')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ cancelRun }, output) => printChange(output, await cancelRun({ id }))),
    )
  run
    .command('retry')
    .description('continue a run from the step that failed; completed steps stay as they are')
    .argument('<id>', 'id of the run')
    .action((id: string, _options, command: Command) =>
      withClient(command, async ({ retryRun }, output) => printChange(output, await retryRun({ id }))),
    )
  run
    .command('replay')
    .description('run the same again from the start, as a new run')
    .argument('<id>', 'id of the run')
    .addOption(new Option('--version <which>', 'by the definition of then, or of now').choices(['same', 'latest']).default('same'))
    .option('--dry-run', 'with the outputs of then instead of calls')
    .action((id: string, { version, dryRun }: { version: 'same' | 'latest'; dryRun?: boolean }, command: Command) =>
      withClient(command, async ({ replayRun }, output) => {
        const started = await replayRun({ id, version, dry_run: dryRun })
        output.print(started, `${started.run_id} is ${started.status}`)
      }),
    )
}

export interface RunFilterOptions extends RangeOptions {
  readonly status?: RunSummary['status'][]
  readonly event?: string
  readonly parent?: string
  readonly actor?: string
  readonly error?: string
}

export function withRunFilter(command: Command): Command {
  return withRange(
    command
      .option('--status <states>', 'only those in these states, separated by commas: failed,cancelled', several)
      .option('--event <id>', 'only those that this event started')
      .option('--parent <run>', 'only those that this run started')
      .option('--actor <actor>', 'only those that run with the rights of this actor')
      .option('--error <code>', 'only those that failed with this error code'),
  )
}

export function runFilterOf({ status, event, parent, actor, error, ...range }: RunFilterOptions) {
  return { status, event, parent, actor, error, ...rangeOf(range) }
}

function printChange(output: Output, run: { readonly id: string; readonly flow: string; readonly status: string }): void {
  output.print(run, `${run.id} of ${run.flow} is ${run.status}`)
}

export function printRuns(output: Output, page: { readonly items: readonly RunSummary[] }): void {
  const rows = page.items.map((run) => ({
    id: run.id,
    flow: `${run.flow}@${run.version}`,
    status: run.status,
    by: run.trigger['kind'],
    began: run.created_at,
    took: run.finished_at && `${((Date.parse(run.finished_at) - Date.parse(run.created_at)) / 1000).toFixed(1)} s`,
    error: firstLine(run.error),
  }))
  output.print(page, table(rows))
}

export function printRun(output: Output, run: RunDetail): void {
  const { id, flow, version, status, error, outputs, steps } = run
  const lines = [`${id} of ${flow}, version ${version}: ${status}`, '', table(steps.map(stepRow))]
  if (error) {
    const place = typeof error['step'] === 'string' && error['step'] !== '' ? ` at ${error['step']}` : ''
    lines.push('', `failed${place}: ${String(error['message'])} (${String(error['code'])})`)
    if (typeof error['hint'] === 'string') lines.push(`  ${error['hint']}`)
  }
  if (outputs !== null && outputs !== undefined) lines.push('', JSON.stringify(outputs, null, 2))
  output.print(run, lines.join('\n'))
}

function stepRow({ path, kind, status, attempts, invocation_id, ms, error }: Step) {
  return { step: path, kind, status, attempts, ms, invocation: invocation_id, error: firstLine(error) }
}

function firstLine(error: Record<string, unknown> | null): string | null {
  const message = error?.['message']
  return typeof message === 'string' ? message.split('\n', 1)[0]!.slice(0, 80) : null
}

const pollMs = 250

/** Prints each change of a step as a line, or with --json as a line of JSON, until the run ends. */
export async function tail(id: string, _options: unknown, command: Command): Promise<void> {
  await withClient(command, async ({ getRun }, output) => {
    const shown = new Map<string, string>()
    const print = (json: unknown, text: string): void => void process.stdout.write(`${output.json ? JSON.stringify(json) : text}\n`)
    for (;;) {
      const run = await getRun({ id })
      for (const step of run.steps) {
        const { path, status, attempts, error, finished_at } = step
        const state = `${status} ${attempts}`
        if (shown.get(path) === state) continue
        shown.set(path, state)
        const details = `${attempts > 1 ? `, attempt ${attempts}` : ''}${error ? `: ${String(error['message'])}` : ''}`
        print({ run_id: id, ...stepRow(step) }, `${finished_at ?? new Date().toISOString()}  ${path}: ${status}${details}`)
      }
      if (run.finished_at !== null) {
        const { status, error } = run
        print({ run_id: id, status, error }, `${id}: ${status}`)
        if (status !== 'completed') process.exitCode = 1
        return
      }
      await sleep(pollMs)
    }
  })
}
