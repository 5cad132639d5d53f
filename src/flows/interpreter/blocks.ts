import { isDeepStrictEqual } from 'node:util'
import { sleep } from '#lib/clock'
import type { Step, StepOf } from '../definitions/index.ts'
import { failure, toRunError } from './error.ts'
import { holds, rendered, type Frame } from './frame.ts'
import type { Runtime } from './runtime.ts'
import { Cancelled, earliest, isSignal, Suspended } from './signals.ts'
import type { Attempt, Done } from './attempt.ts'

type Container = StepOf<'then' | 'switch' | 'for_each' | 'parallel' | 'try'>

const containers: ReadonlySet<string> = new Set(['then', 'switch', 'for_each', 'parallel', 'try'] satisfies Container['kind'][])

/** Whether a step contains steps. */
export function isContainer(step: Step): step is Container {
  return containers.has(step.kind)
}

export function runBlock(outer: Attempt, step: Container): Promise<Done> {
  const attempt = { ...outer, frame: { ...outer.frame, deadline: outer.deadline } }
  switch (step.kind) {
    case 'then':
      return runIf(attempt, step)
    case 'switch':
      return runSwitch(attempt, step)
    case 'for_each':
      return runForEach(attempt, step)
    case 'parallel':
      return runParallel(attempt, step)
    case 'try':
      return runTry(attempt, step, outer.frame)
  }
}

/** Stores a decision before acting on it, so that the run takes the same branch when it is claimed again. */
async function once<T>({ runtime, record }: Attempt, decide: () => Promise<T>): Promise<T> {
  if (record.input !== undefined && record.input !== null) return record.input as T
  const decision = await decide()
  await runtime.save({ ...record, status: 'running', input: decision })
  return decision
}

async function runIf(attempt: Attempt, step: StepOf<'then'>): Promise<Done> {
  const { runtime, frame, inside } = attempt
  const input = await once(attempt, async () => ({ taken: (await holds(runtime, step.if, frame)) ? 'then' : 'else' }))
  const steps = input.taken === 'then' ? step.then : (step.else ?? [])
  return { input, output: await inside(steps, frame) }
}

async function runSwitch(attempt: Attempt, { switch: choice }: StepOf<'switch'>): Promise<Done> {
  const { runtime, frame, inside } = attempt
  const input = await once(attempt, async () => {
    const value = await rendered(runtime, choice.on, frame)
    for (const [index, { when }] of choice.cases.entries()) {
      const wanted = await rendered(runtime, when, frame)
      if (isDeepStrictEqual(value, wanted) || (Array.isArray(wanted) && wanted.some((one) => isDeepStrictEqual(value, one))))
        return { taken: index }
    }
    return { taken: -1 }
  })
  const steps = input.taken < 0 ? (choice.default ?? []) : choice.cases[input.taken]!.steps
  return { input, output: await inside(steps, frame) }
}

/** How often waiting work looks for what has arrived while other work is active. */
const lookMs = 500
const maxItems = 10_000
/** A longer list is not stored but computed again from its expression. */
const keptBytes = 64_000

async function runForEach(attempt: Attempt, { id, for_each: each }: StepOf<'for_each'>): Promise<Done> {
  const { runtime, frame, inside } = attempt
  const list = async (): Promise<unknown[]> => {
    const found = await rendered(runtime, each.in, frame)
    // JSONata returns a list of one item as the item, and an empty list as nothing.
    return found === undefined || found === null ? [] : [found].flat(1)
  }
  const input = await once(attempt, async (): Promise<{ count: number; items?: unknown[] }> => {
    const items = await list()
    if (items.length > maxItems) throw failure('expression_limit', `the list has ${items.length} items; ${maxItems} are allowed`)
    return { count: items.length, ...(JSON.stringify(items).length <= keptBytes ? { items } : {}) }
  })
  const items = input.items ?? (await list())
  const run = (item: unknown, index: number) => (): Promise<unknown> => {
    const inner: Frame = {
      prefix: `${frame.prefix}${id}/${index}/`,
      names: { ...frame.names, [each.as ?? 'item']: item, index },
      steps: { ...frame.steps },
      deadline: frame.deadline,
    }
    return inside(each.steps, inner)
  }
  const output = await runConcurrently(runtime, items.map(run), {
    maxActive: each.max_parallel ?? 1,
    continueOnError: each.on_error === 'continue',
  })
  return { input, output }
}

async function runParallel({ runtime, frame, inside }: Attempt, { parallel: { branches } }: StepOf<'parallel'>): Promise<Done> {
  const names = Object.keys(branches)
  const runs = names.map((name) => () => inside(branches[name]!, frame))
  // When a branch fails, the running branches still finish, because they may not depend on it.
  const outputs = await runConcurrently(runtime, runs, { maxActive: names.length, continueOnError: false })
  return { output: Object.fromEntries(names.map((name, index) => [name, outputs[index]])) }
}

/** The time limit of the block does not apply to `catch` and `finally`: both can still react to it. */
async function runTry(attempt: Attempt, step: StepOf<'try'>, around: Frame): Promise<Done> {
  const { frame, inside } = attempt
  const guarded = async (): Promise<unknown> => {
    try {
      return await inside(step.try.steps, frame)
    } catch (thrown) {
      if (isSignal(thrown) || !step.catch) throw thrown
      return inside(step.catch.steps, { ...around, names: { ...frame.names, error: toRunError(thrown, step.id) } })
    }
  }
  const { finally: last } = step
  if (!last) return { output: await guarded() }
  try {
    let output: unknown
    try {
      output = await guarded()
    } catch (thrown) {
      if (!isSignal(thrown)) await inside(last.steps, { ...around, deadline: undefined })
      throw thrown
    }
    await inside(last.steps, around)
    return { output }
  } catch (thrown) {
    if (thrown instanceof Cancelled) await runAfterCancel(attempt, last.steps, around)
    throw thrown
  }
}

const afterCancelMs = 60_000

/** Runs the steps of `finally` after a cancellation: once, without waiting, and for a limited time, because somebody wants the run to end. */
async function runAfterCancel({ runtime, inside }: Attempt, steps: readonly Step[], around: Frame): Promise<void> {
  const deadline = { at: runtime.now() + afterCancelMs, of: 'the steps after the cancellation took longer than a minute' }
  try {
    await inside(steps, { ...around, deadline }, runtime.afterCancel())
  } catch (thrown) {
    // What failed is in the records of the steps. The run ends as cancelled in any case.
    if (isSignal(thrown) && !(thrown instanceof Suspended)) throw thrown
  }
}

type Outcome = { readonly output: unknown } | { readonly failed: unknown } | { readonly suspended: number | undefined }

/**
 * Runs work concurrently, `atOnce` at a time. Waiting work is entered again when its time comes while other work is still active; when only
 * waiting work is left, the run is suspended.
 */
async function runConcurrently(
  runtime: Runtime,
  runs: readonly (() => Promise<unknown>)[],
  { maxActive, continueOnError }: { maxActive: number; continueOnError: boolean },
): Promise<unknown[]> {
  const outcomes: (Outcome | undefined)[] = runs.map(() => undefined)
  const active = new Map<number, Promise<void>>()
  let stop = false

  const enter = (index: number): void => {
    outcomes[index] = undefined
    const work = runs[index]!().then(
      (output): Outcome => ({ output }),
      (thrown: unknown): Outcome => (thrown instanceof Suspended ? { suspended: thrown.until } : { failed: thrown }),
    )
    active.set(
      index,
      work.then((outcome) => {
        outcomes[index] = outcome
        active.delete(index)
        if ('failed' in outcome && (!continueOnError || isSignal(outcome.failed))) stop = true
      }),
    )
  }
  let wakeRequests = runtime.wakeRequests()
  const waits = (): { index: number; until: number | undefined }[] =>
    outcomes.flatMap((outcome, index) => (outcome && 'suspended' in outcome ? [{ index, until: outcome.suspended }] : []))

  let next = 0
  for (;;) {
    // Waiting work counts too: the limit is on work that has begun and not ended.
    while (!stop && next < runs.length && active.size + waits().length < maxActive) enter(next++)
    if (active.size === 0) break
    const timerAbort = new AbortController()
    const due = earliest(waits().map(({ until }) => until)) ?? Number.POSITIVE_INFINITY
    const pauseMs = Math.min(Math.max(0, due - runtime.now()), lookMs)
    const timer = waits().length === 0 ? [] : [sleep(pauseMs, timerAbort.signal).catch(() => undefined)]
    await Promise.race([...active.values(), ...timer])
    timerAbort.abort()
    if (stop || active.size === 0) continue
    const isWakeRequested = runtime.wakeRequests() > wakeRequests
    wakeRequests = runtime.wakeRequests()
    const entered = waits().filter(({ until }) => isWakeRequested || (until !== undefined && until <= runtime.now()))
    if (entered.length > 0) await runtime.refresh()
    for (const { index } of entered) enter(index)
  }
  const failures = outcomes.flatMap((outcome) => (outcome && 'failed' in outcome ? [outcome.failed] : []))
  const signal = failures.find(isSignal)
  if (signal) throw signal
  // Everything that has begun ends first, so that a repeated execution reports the same failure.
  const waiting = waits()
  if (waiting.length > 0) throw new Suspended(earliest(waiting.map(({ until }) => until)))
  if (!continueOnError && failures.length > 0) throw failures[0]
  return outcomes.map((outcome) => (outcome && 'output' in outcome ? outcome.output : null))
}
