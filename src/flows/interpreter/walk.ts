import { HubError } from '#errors'
import { deadline as timeLimit } from '#lib/clock'
import { parseDuration } from '#lib/duration'
import { postgresJson } from '#lib/postgres-text'
import { innerBlocks, type ExecutableDefinition, type Step, type StepOf } from '../definitions/index.ts'
import { isContainer, runBlock } from './blocks.ts'
import { runScript } from './script.ts'
import { runCall } from './call.ts'
import { failure, StepFailed, toRunError, type RunError } from './error.ts'
import { holds, rendered, seen, type Deadline, type Frame } from './frame.ts'
import { pause } from './pause.ts'
import type { Attempt, Done } from './attempt.ts'
import type { Runtime, StepRecord } from './runtime.ts'
import { Cancelled, earliest, isSignal, Suspended } from './signals.ts'
import { runApproval, runChild, runWait, runWaitFor } from './waits.ts'

/**
 * Executes a run from its first step and skips the steps whose records say that they are done. A run that is claimed again after a crash, a wait
 * or a retry therefore continues where it stopped; the records of its steps are the only state.
 */
export async function walk(runtime: Runtime, definition: ExecutableDefinition, names: Readonly<Record<string, unknown>>): Promise<unknown> {
  const deadline =
    runtime.deadline === undefined ? undefined : { at: runtime.deadline, of: `the run took longer than ${definition.timeout}` }
  const frame: Frame = { prefix: '', names, steps: {}, deadline }
  try {
    await runSteps(runtime, definition.steps, frame)
  } catch (thrown) {
    if (isSignal(thrown) || !definition.on_error) throw thrown
    const error = toRunError(thrown, '')
    await runSteps(runtime, definition.on_error.steps, { ...frame, prefix: 'on_error/', names: { ...names, error }, deadline: undefined })
    throw thrown
  }
  return rendered(runtime, definition.outputs ?? {}, frame)
}

/** Runs steps one after the other and returns the output of the last. */
async function runSteps(runtime: Runtime, steps: readonly Step[], frame: Frame): Promise<unknown> {
  let output: unknown = null
  for (const step of steps) output = await runStep(runtime, step, frame)
  return output
}

/** A step and its surroundings. */
interface Visit {
  readonly runtime: Runtime
  readonly step: Step
  readonly frame: Frame
}

async function runStep(runtime: Runtime, step: Step, frame: Frame): Promise<unknown> {
  const visit: Visit = { runtime, step, frame }
  const path = `${frame.prefix}${step.id}`
  const before = runtime.known(path)
  // A completed block runs again to collect the stored outputs of its steps.
  if (before?.status === 'completed' && !isContainer(step)) return expose(visit, before)
  if (before?.status === 'skipped') return expose(visit, before)
  if (before?.status === 'failed') {
    await restoreBlock(visit)
    return failed(visit, before)
  }
  // A block that had begun is entered, because its `finally` runs after a cancellation too.
  if (runtime.signal.aborted && !(isContainer(step) && hasBegun(visit))) throw new Cancelled()
  const record: StepRecord = before ?? {
    path,
    step: step.id,
    kind: step.kind,
    status: 'running',
    attempts: 0,
    keyNo: 0,
    startedAt: runtime.now(),
  }
  if (record.attempts === 0 && step.kind !== 'then' && step.if !== undefined) {
    let isMet: boolean
    try {
      isMet = await holds(runtime, step.if, frame)
    } catch (thrown) {
      return recordFailure(visit, record, toRunError(thrown, step.id))
    }
    if (!isMet) {
      const skipped: StepRecord = { ...record, status: 'skipped', finishedAt: runtime.now() }
      await runtime.save(skipped)
      return expose(visit, skipped)
    }
  }
  const recorded = isContainer(step) ? undefined : runtime.recorded(path)
  if (recorded) return complete(visit, { ...record, attempts: 1 }, { output: recorded.output })
  return attempts(visit, record)
}

/** Whether something is recorded of a block or of what is inside it. A block itself is recorded when it ends. */
function hasBegun({ runtime, step, frame }: Visit): boolean {
  return runtime.known(`${frame.prefix}${step.id}`) !== undefined || innerRecords(runtime, step, frame.prefix).length > 0
}

/** The records of all steps inside a block. */
function innerRecords(runtime: Runtime, step: Step, prefix: string): { step: Step; record: StepRecord }[] {
  const path = `${prefix}${step.id}`
  const { count = 0 } = (runtime.known(path)?.input ?? {}) as { count?: number }
  const prefixes = step.kind === 'for_each' ? Array.from({ length: count }, (_, index) => `${path}/${index}/`) : [prefix]
  return innerBlocks({ ...step }).flatMap((block) =>
    (block.steps as readonly Step[]).flatMap((inner) =>
      prefixes.flatMap((each) => {
        const record = runtime.known(`${each}${inner.id}`)
        return [...(record ? [{ step: inner, record }] : []), ...innerRecords(runtime, inner, each)]
      }),
    ),
  )
}

/** Prepares a block for another attempt: the steps inside it that failed run again. */
async function resetFailed({ runtime, step, frame }: Visit): Promise<void> {
  for (const { step: inner, record } of innerRecords(runtime, step, frame.prefix)) {
    if (record.status !== 'failed' || inner.on_error === 'continue') continue
    const isUnknown = record.error?.code === 'outcome_unknown'
    const { path, kind, step: id, keyNo } = record
    // A write whose outcome is unknown keeps its key, so that it does not take effect twice.
    await runtime.save({
      path,
      step: id,
      kind,
      status: 'waiting',
      attempts: 0,
      keyNo: keyNo + (isUnknown ? 0 : 1),
      startedAt: runtime.now(),
    })
  }
}

/** Makes the results of a failed block visible to later steps without running the block again. */
async function restoreBlock({ runtime, step, frame }: Visit): Promise<void> {
  // The items of a list have their own frames, which nothing outside can see.
  if (!isContainer(step) || step.kind === 'for_each') return
  for (const { steps } of innerBlocks({ ...step })) {
    for (const inner of steps as readonly Step[]) {
      const known = runtime.known(`${frame.prefix}${inner.id}`)
      const visit = { runtime, step: inner, frame }
      if (isContainer(inner) && known?.status === 'completed') await runStep(runtime, inner, frame)
      else if (isContainer(inner)) await restoreBlock(visit)
      if (known && (!isContainer(inner) || known.status !== 'completed')) expose(visit, known)
    }
  }
}

/** Makes attempts as the step's `retry` allows. A long pause between two attempts suspends the run. */
async function attempts(visit: Visit, first: StepRecord): Promise<unknown> {
  const { runtime, step, frame } = visit
  const deadline = deadlineOf(step, frame, first)
  // The start time is stored now, because the time limit counts from it in every process.
  if (isContainer(step) && step.timeout !== undefined && !runtime.known(first.path)) await runtime.save(first)
  for (let record = first; ;) {
    // After a crash or a wait inside the attempt, the same attempt continues. After a failure, a new one begins.
    const isAgain = !record.error && (record.attempts > 0 || record.status === 'waiting')
    if (record.error && record.until) await pause(runtime, record.until, deadline)
    const attempt: StepRecord = isAgain
      ? { ...record, attempts: Math.max(1, record.attempts) }
      : { ...record, status: 'running', error: null, until: null, attempts: record.attempts + 1 }
    if (isContainer(step) && attempt.attempts > 1 && !isAgain) {
      await resetFailed(visit)
      await runtime.save(attempt)
    }
    try {
      const done = await once(visit, attempt, deadline)
      return await complete(visit, attempt, done)
    } catch (thrown) {
      if (isSignal(thrown)) throw thrown
      const error = toRunError(thrown, step.id)
      const wait = retryDelay(step, attempt.attempts, error)
      if (wait === undefined || (deadline !== undefined && runtime.now() + wait >= deadline.at)) return recordFailure(visit, attempt, error)
      record = { ...attempt, status: 'waiting', until: runtime.now() + wait, error }
      await runtime.save(record)
    }
  }
}

/** The time limit of the step or of what contains it, whichever ends first. */
function deadlineOf({ timeout }: Step, frame: Frame, { startedAt }: StepRecord): Deadline | undefined {
  const own = timeout === undefined ? undefined : { at: startedAt + parseDuration(timeout)!, of: `the step took longer than ${timeout}` }
  return own && frame.deadline ? (own.at <= frame.deadline.at ? own : frame.deadline) : (own ?? frame.deadline)
}

async function once({ runtime, step, frame }: Visit, record: StepRecord, deadline: Deadline | undefined): Promise<Done> {
  // The steps inside a block check its time limit themselves, so that completed ones can still be collected after it.
  const bound = isContainer(step) ? undefined : deadline
  const left = bound === undefined ? undefined : bound.at - runtime.now()
  if (left !== undefined && left <= 0) throw failure('step_timeout', bound!.of)
  using timer = left === undefined ? undefined : timeLimit(Math.min(left, 2 ** 31 - 1), runtime.signal)
  const signal = timer?.signal ?? runtime.signal
  // A short step is stored once, at its end.
  const showing = setTimeout(() => runtime.show({ ...record, status: 'running' }), shownAfterMs)
  try {
    return await perform(
      {
        runtime,
        frame,
        path: record.path,
        record,
        signal,
        deadline,
        inside: (steps, inner, other = runtime) => runSteps(other, steps, inner),
      },
      step,
    )
  } catch (thrown) {
    if (thrown instanceof Suspended && bound) throw new Suspended(earliest([thrown.until, bound.at]))
    if (isSignal(thrown)) throw thrown
    if (runtime.signal.aborted) throw new Cancelled()
    // An aborted write keeps its unknown outcome: as a timeout it would be retried and might take effect twice.
    const isLate = timer?.expired === true && !(thrown instanceof HubError && thrown.code === 'outcome_unknown')
    throw isLate ? failure('step_timeout', bound!.of) : thrown
  } finally {
    clearTimeout(showing)
  }
}

const shownAfterMs = 300

async function perform(attempt: Attempt, step: Step): Promise<Done> {
  const { runtime, frame } = attempt
  switch (step.kind) {
    case 'uses':
      return runCall(attempt, step)
    case 'flow':
      return runChild(attempt, step)
    case 'wait':
      return runWait(attempt, step)
    case 'wait_for':
      return runWaitFor(attempt, step)
    case 'approve':
      return runApproval(attempt, step)
    case 'script':
      return runScript(attempt, step)
    case 'transform':
      return { output: await rendered(runtime, step.transform, frame) }
    case 'emit':
      return emit(attempt, step)
    default:
      return runBlock(attempt, step)
  }
}

interface EmittedEvent {
  readonly type: string
  readonly subject?: unknown
  readonly data?: unknown
  readonly topic?: string
  readonly key?: unknown
}

async function emit({ runtime, frame, record }: Attempt, step: StepOf<'emit'>): Promise<Done> {
  const { type, subject, data, topic, key } = (await rendered(runtime, { ...step.emit }, frame)) as EmittedEvent
  const about = subject === undefined ? {} : { subject: String(subject) }
  const place = topic === undefined ? {} : { topic, ...(key === undefined ? {} : { key: String(key) }) }
  const event = { type, data: data ?? {}, ...about, ...place }
  if (!runtime.dryRun) await runtime.emit({ ...record, input: event }, event)
  return { input: event, output: { type } }
}

async function complete(visit: Visit, record: StepRecord, done: Done): Promise<unknown> {
  const { runtime, step } = visit
  const { input = record.input, invocationId = record.invocationId ?? null } = done
  const output = isContainer(step) ? done.output : postgresJson(done.output)
  const ended: StepRecord = {
    ...record,
    status: 'completed',
    input,
    output,
    error: null,
    invocationId,
    until: null,
    finishedAt: runtime.now(),
  }
  // The output of a block can be derived from the stored outputs of its steps.
  if (record.status !== 'completed') await runtime.save(isContainer(step) ? { ...ended, output: undefined } : ended)
  return expose(visit, ended)
}

async function recordFailure(visit: Visit, record: StepRecord, error: RunError): Promise<unknown> {
  const { runtime } = visit
  const ended: StepRecord = { ...record, status: 'failed', error, until: null, finishedAt: runtime.now() }
  await runtime.save(ended)
  return failed(visit, ended)
}

function failed(visit: Visit, record: StepRecord): unknown {
  const { step } = visit
  expose(visit, record)
  if (step.on_error === 'continue') return null
  throw new StepFailed(record.error ?? { code: 'internal', message: 'it failed', retryable: false, step: step.id })
}

function expose({ step, frame }: Visit, record: StepRecord): unknown {
  frame.steps[step.id] = seen(record)
  return record.output ?? null
}

function retryDelay({ retry }: Step, attempt: number, { retryable }: RunError): number | undefined {
  if (!retry || !retryable || attempt >= retry.attempts) return undefined
  const base = parseDuration(retry.backoff ?? '1s')!
  const most = parseDuration(retry.max_backoff ?? '10m')!
  // Half of the delay is random, so that runs that failed together do not retry together.
  return Math.min(most, base * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
}
