import { Option, type Command } from 'commander'
import type { Flows, RunRow, SavedStep } from '#flows'
import { sleep } from '#lib/clock'
import { attachEngine, withHub } from './context.ts'
import { table, type Output } from './output.ts'

type RunDetail = Awaited<ReturnType<Flows['run']>>

export function runCommands(program: Command): void {
  const run = program.command('run').description('runs of flows')
  run
    .command('show')
    .description('one run with its steps; --json also shows what went in and came out')
    .argument('<id>', '`hub flow runs` shows them')
    .action((id: string, _options, command: Command) =>
      withHub(command, async ({ flows }, { workspaceId }, output) => printRun(output, await flows.run(workspaceId, id))),
    )
  run
    .command('cancel')
    .description('cancel it: the step under way is the last')
    .argument('<id>', 'of the run')
    .action((id: string, _options, command: Command) => changed(command, (flows, operator) => flows.cancel(operator, id)))
  run
    .command('retry')
    .description('let it go on from the step that failed; what is done stays done')
    .argument('<id>', 'of the run')
    .action((id: string, _options, command: Command) => changed(command, (flows, operator) => flows.retry(operator, id)))
  run
    .command('replay')
    .description('run the same once more from the start, as a run of its own')
    .argument('<id>', 'of the run')
    .addOption(new Option('--version <which>', 'by the definition of then, or that of now').choices(['same', 'latest']).default('same'))
    .option('--dry-run', 'with the outputs of then instead of calls')
    .action((id: string, { version, dryRun }: { version: 'same' | 'latest'; dryRun?: boolean }, command: Command) =>
      changed(command, (flows, operator) => flows.replay(operator, id, { version, dryRun })),
    )
}

function changed(command: Command, work: (flows: Flows, operator: Parameters<Flows['cancel']>[0]) => Promise<RunRow>): Promise<void> {
  return withHub(command, async (hub, operator, output) => {
    await using _ = await attachEngine(hub)
    const { id, flow, status } = await work(hub.flows, operator)
    output.print({ run_id: id, flow, status }, `${id} of ${flow} is ${status}`)
  })
}

export function printRuns(output: Output, runs: readonly RunRow[]): void {
  output.print(
    runs,
    table(
      runs.map(({ id, flow, version, status, trigger, error, createdAt, finishedAt }) => ({
        id,
        flow: `${flow}@${version}`,
        status,
        by: trigger['kind'],
        began: createdAt,
        took: finishedAt ? `${((finishedAt.getTime() - createdAt.getTime()) / 1000).toFixed(1)} s` : null,
        error: error?.message.split('\n', 1)[0]?.slice(0, 80) ?? null,
      })),
    ),
  )
}

export function printRun(output: Output, run: RunDetail): void {
  const { id, flow, version, status, error, outputs, steps } = run
  const lines = [`${id} of ${flow}, version ${version}: ${status}`, '', table(steps.map(stepRow))]
  if (error) lines.push('', `failed${error.step ? ` at ${error.step}` : ''}: ${error.message} (${error.code})`)
  if (error?.hint) lines.push(`  ${error.hint}`)
  if (outputs !== null && outputs !== undefined) lines.push('', JSON.stringify(outputs, null, 2))
  output.print(run, lines.join('\n'))
}

function stepRow({ path, kind, status, attempts, invocationId, startedAt, finishedAt, error }: SavedStep) {
  return {
    step: path,
    kind,
    status,
    attempts,
    ms: finishedAt ? Math.round(finishedAt - startedAt) : null,
    invocation: invocationId ?? null,
    error: error?.message.split('\n', 1)[0]?.slice(0, 80) ?? null,
  }
}

const lookMs = 250

/** Each change of a step as a line; with --json as a line of JSON. */
export async function tail(id: string, _options: unknown, command: Command): Promise<void> {
  await withHub(command, async ({ flows }, { workspaceId }, output) => {
    const shown = new Map<string, string>()
    for (;;) {
      const run = await flows.run(workspaceId, id)
      for (const step of run.steps) {
        const { path, status, attempts, error, finishedAt } = step
        const state = `${status} ${attempts}`
        if (shown.get(path) === state) continue
        shown.set(path, state)
        const at = new Date(finishedAt ?? Date.now()).toISOString()
        const text = `${at}  ${path}: ${status}${attempts > 1 ? `, attempt ${attempts}` : ''}${error ? `: ${error.message}` : ''}`
        process.stdout.write(`${output.json ? JSON.stringify({ run_id: id, ...stepRow(step) }) : text}\n`)
      }
      if (run.finishedAt !== null) {
        const { status, error } = run
        process.stdout.write(`${output.json ? JSON.stringify({ run_id: id, status, error }) : `${id}: ${status}`}\n`)
        if (status !== 'completed') process.exitCode = 1
        return
      }
      await sleep(lookMs)
    }
  })
}
