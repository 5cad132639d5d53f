import { HubError } from '#errors'
import type { StepOf } from '../definitions/index.ts'
import type { Attempt, Done } from './attempt.ts'
import { rendered } from './frame.ts'
import { Interrupted, isSignal, Suspended } from './signals.ts'
import type { Runtime } from './runtime.ts'

/** What a step stores before its script runs, so that a repetition runs the same script on the same input at the same time. */
interface Begun {
  /** What `Date` shows in the script. */
  readonly now: number
  readonly with: unknown
  /** The approvals that its calls asked for, by the number of the call. */
  readonly approvals: Readonly<Record<string, string>>
}

/**
 * Runs a script. Each of its calls has a key made of run, step and number, reads too, so a script that runs again after a crash or a wait finds
 * the outcomes of its earlier calls and goes on.
 */
export async function runScript({ runtime, frame, path, record, signal }: Attempt, step: StepOf<'script'>): Promise<Done> {
  const begun = begunIn(record.input) ?? { now: runtime.now(), with: await rendered(runtime, step.with ?? {}, frame), approvals: {} }
  if (begunIn(record.input) === undefined) await runtime.save({ ...record, status: 'running', input: begun })
  await decidedAll(runtime, Object.values(begun.approvals))

  const approvals: Record<string, string> = { ...begun.approvals }
  const stop = new AbortController()
  let ended: unknown
  try {
    const { output, logs } = await runtime.script({
      code: step.script,
      input: begun.with,
      toolset: step.toolset,
      now: new Date(begun.now),
      seed: `${path}#${record.keyNo}`,
      signal: AbortSignal.any([signal, stop.signal]),
      async call({ tool: uses, input, integration, index, signal: ending }) {
        try {
          const made = await runtime.call({
            uses,
            input,
            path,
            key: `${path}#${record.keyNo}/${index}`,
            isReadKeyed: true,
            approval: begun.approvals[index],
            signal: ending,
            ...(integration === undefined ? {} : { integration }),
          })
          return made.output
        } catch (thrown) {
          if (thrown instanceof HubError && thrown.details.approvalId !== undefined) approvals[index] = thrown.details.approvalId
          // The script may not react to the end of its run.
          if (isSignal(thrown)) {
            ended ??= thrown
            stop.abort()
          }
          throw thrown
        }
      },
    })
    if (ended !== undefined) throw ended
    return { input: { with: begun.with, ...(logs.length > 0 ? { logs } : {}) }, output }
  } catch (thrown) {
    if (ended !== undefined) throw ended
    if (!(thrown instanceof HubError)) throw thrown
    // The run continues in the next process.
    if (thrown.code === 'shutting_down') throw new Interrupted(thrown)
    const asked = thrown.details.approvalId
    if (asked === undefined || Object.values(begun.approvals).includes(asked)) throw thrown
    const state = await runtime.approval(asked)
    const until = state.status === 'pending' ? state.until : runtime.now()
    await runtime.save({ ...record, status: 'waiting', input: { ...begun, approvals }, until })
    throw new Suspended(until)
  }
}

/** Suspends the run while a person has to decide. What was rejected fails its call, and the script may react to that. */
async function decidedAll(runtime: Runtime, approvals: readonly string[]): Promise<void> {
  for (const id of approvals) {
    const state = await runtime.approval(id)
    if (state.status === 'pending') throw new Suspended(state.until)
  }
}

function begunIn(input: unknown): Begun | undefined {
  const { now, approvals } = (input ?? {}) as { now?: unknown; approvals?: unknown }
  return typeof now === 'number' && typeof approvals === 'object' && approvals !== null ? (input as Begun) : undefined
}
