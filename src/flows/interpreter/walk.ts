import { HubError } from '#errors'
import { deadline as timeLimit } from '#lib/clock'
import { parseDuration } from '#lib/duration'
import { postgresJson } from '#lib/postgres-text'
import { innerBlocks, stepKinds, type Definition, type Step } from '../definitions/index.ts'
import { runBlocks } from './blocks.ts'
import { runCall } from './call.ts'
import { failure, StepFailed, toRunError, type RunError } from './error.ts'
import { holds, rendered, seen, type Deadline, type Frame } from './frame.ts'
import { pause } from './pause.ts'
import type { Port, StepRecord } from './runtime.ts'
import { Cancelled, earliest, isSignal, Suspended } from './signals.ts'
import { runApproval, runChild, runWait, runWaitFor } from './waits.ts'

/** What one attempt of a step has to work with. */
export interface Attempt {
  readonly port: Port
  readonly frame: Frame
  readonly path: string
  /** What is known of it already: it was begun before, by a process that is gone, or before a wait. */
  readonly record: StepRecord
  readonly signal: AbortSignal
  /** When it has to be over. */
  readonly deadline: Deadline | undefined
  /** Walks the steps inside it. */
  inside(steps: readonly Step[], frame: Frame): Promise<unknown>
}

export interface Done {
  readonly output: unknown
  readonly input?: unknown
  readonly invocationId?: string
}

/**
 * Walks a run from its first step, past what is done, to where something is to be done. So a run that is taken up again, after a crash, a wait or
 * a repair, goes on exactly where it stood; nothing but the steps' records tells where that is.
 */
export async function walk(port: Port, definition: Definition, names: Readonly<Record<string, unknown>>): Promise<unknown> {
  const deadline = port.deadline === undefined ? undefined : { at: port.deadline, of: `the run took longer than ${definition.timeout}` }
  const frame: Frame = { prefix: '', names, steps: {}, deadline }
  try {
    await runSteps(port, definition.steps, frame)
  } catch (thrown) {
    if (isSignal(thrown) || !definition.on_error) throw thrown
    const error = toRunError(thrown, '')
    await runSteps(port, definition.on_error.steps, { ...frame, prefix: 'on_error/', names: { ...names, error }, deadline: undefined })
    throw thrown
  }
  return rendered(port, definition.outputs ?? {}, frame)
}

/** One after the other; the output is that of the last. */
export async function runSteps(port: Port, steps: readonly Step[], frame: Frame): Promise<unknown> {
  let output: unknown = null
  for (const step of steps) output = await runStep(port, step, frame)
  return output
}

async function runStep(port: Port, step: Step, frame: Frame): Promise<unknown> {
  const path = `${frame.prefix}${step.id}`
  const before = port.known(path)
  // A block that is over is gone through again for what its steps gave.
  if (before?.status === 'completed' && !isContainer(step)) return settle(frame, step, before)
  if (before?.status === 'skipped') return settle(frame, step, before)
  if (before?.status === 'failed') {
    await recall(port, step, frame)
    return failed(step, frame, before)
  }
  const record: StepRecord = before ?? {
    path,
    step: step.id,
    kind: kindOf(step),
    status: 'running',
    attempts: 0,
    keyNo: 0,
    startedAt: port.now(),
  }
  if (record.attempts === 0 && !('then' in step) && step.if !== undefined) {
    let isMet: boolean
    try {
      isMet = await holds(port, step.if, frame)
    } catch (thrown) {
      return giveUp(port, step, frame, record, toRunError(thrown, step.id))
    }
    if (!isMet) {
      const skipped: StepRecord = { ...record, status: 'skipped', finishedAt: port.now() }
      await port.save(skipped)
      return settle(frame, step, skipped)
    }
  }
  const recorded = isContainer(step) ? undefined : port.recorded(path)
  if (recorded) return complete(port, step, frame, { ...record, attempts: 1 }, { output: recorded.output })
  return attempts(port, step, frame, record)
}

/** What a block that failed had done: later steps see it, and the block is not gone through again. */
async function recall(port: Port, step: Step, frame: Frame): Promise<void> {
  // The items of a list have frames of their own, which end with them.
  if (!isContainer(step) || 'for_each' in step) return
  for (const { steps } of innerBlocks({ ...step })) {
    for (const inner of steps as readonly Step[]) {
      const known = port.known(`${frame.prefix}${inner.id}`)
      if (isContainer(inner) && known?.status === 'completed') await runStep(port, inner, frame)
      else if (isContainer(inner)) await recall(port, inner, frame)
      if (known && (!isContainer(inner) || known.status !== 'completed')) settle(frame, inner, known)
    }
  }
}

/** Tries, and tries again as the step says; what waits in between is not held in memory. */
async function attempts(port: Port, step: Step, frame: Frame, first: StepRecord): Promise<unknown> {
  const deadline = deadlineOf(step, frame, first)
  // Its time runs from now on, whoever takes the run up.
  if (isContainer(step) && step.timeout !== undefined && !port.known(first.path)) await port.save(first)
  for (let record = first; ;) {
    // The same attempt is gone into again after a crash, and after a wait that belongs to it. Another one begins when it failed.
    const isAgain = !record.error && (record.attempts > 0 || record.status === 'waiting')
    if (record.error && record.until) await pause(port, record.until, deadline)
    const attempt: StepRecord = isAgain
      ? { ...record, attempts: Math.max(1, record.attempts) }
      : { ...record, status: 'running', error: null, until: null, attempts: record.attempts + 1 }
    try {
      const done = await once(port, step, frame, attempt, deadline)
      return await complete(port, step, frame, attempt, done)
    } catch (thrown) {
      if (isSignal(thrown)) throw thrown
      const error = toRunError(thrown, step.id)
      const wait = retryDelay(step, attempt.attempts, error)
      if (wait === undefined || (deadline !== undefined && port.now() + wait >= deadline.at))
        return giveUp(port, step, frame, attempt, error)
      record = { ...attempt, status: 'waiting', until: port.now() + wait, error }
      await port.save(record)
    }
  }
}

/** The step's own time, or that of what it stands in, whichever is over first. */
function deadlineOf({ timeout }: Step, frame: Frame, { startedAt }: StepRecord): Deadline | undefined {
  const own = timeout === undefined ? undefined : { at: startedAt + parseDuration(timeout)!, of: `the step took longer than ${timeout}` }
  return own && frame.deadline ? (own.at <= frame.deadline.at ? own : frame.deadline) : (own ?? frame.deadline)
}

async function once(port: Port, step: Step, frame: Frame, record: StepRecord, deadline: Deadline | undefined): Promise<Done> {
  // The time of a block is seen to by the steps in it: what of them is done stays done, however late it is gone through again.
  const bound = isContainer(step) ? undefined : deadline
  const left = bound === undefined ? undefined : bound.at - port.now()
  if (left !== undefined && left <= 0) throw failure('step_timeout', bound!.of)
  using timer = left === undefined ? undefined : timeLimit(Math.min(left, 2 ** 31 - 1), port.signal)
  const signal = timer?.signal ?? port.signal
  // What is over soon is written once, when it is.
  const showing = setTimeout(() => port.show({ ...record, status: 'running' }), shownAfterMs)
  try {
    return await perform(
      { port, frame, path: record.path, record, signal, deadline, inside: (steps, inner) => runSteps(port, steps, inner) },
      step,
    )
  } catch (thrown) {
    if (thrown instanceof Suspended && bound) throw new Suspended(earliest([thrown.until, bound.at]))
    if (isSignal(thrown)) throw thrown
    if (port.signal.aborted) throw new Cancelled()
    // A write that was cut stays unknown: to call it late would have it made again.
    const isLate = timer?.expired === true && !(thrown instanceof HubError && thrown.code === 'outcome_unknown')
    throw isLate ? failure('step_timeout', bound!.of) : thrown
  } finally {
    clearTimeout(showing)
  }
}

const shownAfterMs = 300

async function perform(attempt: Attempt, step: Step): Promise<Done> {
  const { port, frame } = attempt
  if ('uses' in step) return runCall(attempt, step)
  if ('flow' in step) return runChild(attempt, step)
  if ('wait' in step) return runWait(attempt, step)
  if ('wait_for' in step) return runWaitFor(attempt, step)
  if ('approve' in step) return runApproval(attempt, step)
  if ('transform' in step) return { output: await rendered(port, step.transform, frame) }
  if ('emit' in step) {
    const { type, subject, data } = (await rendered(port, { ...step.emit }, frame)) as { type: string; subject?: unknown; data?: unknown }
    const event = { type, data: data ?? {}, ...(subject === undefined ? {} : { subject: String(subject) }) }
    if (!port.dryRun) await port.emit({ ...attempt.record, input: event }, event)
    return { input: event, output: { type } }
  }
  return runBlocks(attempt, step)
}

async function complete(port: Port, step: Step, frame: Frame, record: StepRecord, done: Done): Promise<unknown> {
  const { input = record.input, invocationId = record.invocationId ?? null } = done
  const output = isContainer(step) ? done.output : postgresJson(done.output)
  const whole: StepRecord = {
    ...record,
    status: 'completed',
    input,
    output,
    error: null,
    invocationId,
    until: null,
    finishedAt: port.now(),
  }
  // What a block gives is made of what its steps gave, and those are kept.
  if (record.status !== 'completed') await port.save(isContainer(step) ? { ...whole, output: undefined } : whole)
  return settle(frame, step, whole)
}

async function giveUp(port: Port, step: Step, frame: Frame, record: StepRecord, error: RunError): Promise<unknown> {
  const whole: StepRecord = { ...record, status: 'failed', error, until: null, finishedAt: port.now() }
  await port.save(whole)
  return failed(step, frame, whole)
}

function failed(step: Step, frame: Frame, record: StepRecord): unknown {
  settle(frame, step, record)
  if (step.on_error === 'continue') return null
  throw new StepFailed(record.error ?? { code: 'internal', message: 'it failed', retryable: false, step: step.id })
}

function settle(frame: Frame, step: Step, record: StepRecord): unknown {
  frame.steps[step.id] = seen(record)
  return record.output ?? null
}

function retryDelay({ retry }: Step, attempt: number, { retryable }: RunError): number | undefined {
  if (!retry || !retryable || attempt >= retry.attempts) return undefined
  const base = parseDuration(retry.backoff ?? '1s')!
  const most = parseDuration(retry.max_backoff ?? '10m')!
  // Half of it is jitter: runs that failed together do not come back together.
  return Math.min(most, base * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
}

function isContainer(step: Step): boolean {
  return 'then' in step || 'switch' in step || 'for_each' in step || 'parallel' in step || 'try' in step
}

function kindOf(step: Step): string {
  return stepKinds.find((kind) => kind in step)!
}
