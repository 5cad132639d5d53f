import { parseDuration } from '#lib/duration'
import { conditionOf, type StepOf } from '../definitions/index.ts'
import { failure, StepFailed } from './error.ts'
import { rendered, scopeOf } from './frame.ts'
import { pause } from './pause.ts'
import type { Runtime } from './runtime.ts'
import { Suspended } from './signals.ts'
import type { Attempt, Done } from './attempt.ts'

/** The end of the wait is stored when it begins: a run that is claimed again waits only for the rest. */
export async function runWait({ runtime, frame, record, deadline }: Attempt, { wait }: StepOf<'wait'>): Promise<Done> {
  const until = record.until ?? (await endOf(runtime, await rendered(runtime, wait, frame)))
  if (runtime.dryRun) return { output: { until: new Date(until).toISOString() } }
  if (!record.until) await runtime.save({ ...record, status: 'waiting', until })
  await pause(runtime, until, deadline)
  return { output: { until: new Date(until).toISOString() } }
}

async function endOf(runtime: Runtime, wait: unknown): Promise<number> {
  if (typeof wait === 'string') {
    const ms = parseDuration(wait.trim())
    if (ms === undefined)
      throw failure('invalid_input', `the wait is ${described(wait)} and not a duration`, 'write it like 30s, 2h30m or 90d')
    return runtime.now() + ms
  }
  const { until } = wait as { until: unknown }
  const time = typeof until === 'number' ? until : Date.parse(String(until))
  if (Number.isNaN(time))
    throw failure('invalid_input', `\`until\` is ${described(until)} and not a time`, 'write it like 2026-01-31T12:00:00Z')
  return time
}

/** Says nothing of the value itself, which may be a secret. */
function described(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : `a value of the type ${typeof value}`
}

export async function runWaitFor({ runtime, frame, path, record }: Attempt, { wait_for: wanted }: StepOf<'wait_for'>): Promise<Done> {
  if (runtime.dryRun) return { output: null }
  const until = record.until ?? runtime.now() + parseDuration(wanted.timeout)!
  if (!record.until) {
    const { event, filter, correlate } = wanted
    await runtime.expect(
      { ...record, status: 'waiting', until },
      {
        event,
        filter: filter === undefined ? undefined : conditionOf(filter),
        correlate: correlate === undefined ? undefined : conditionOf(correlate),
        scope: correlate === undefined ? null : scopeOf(frame),
      },
    )
  }
  if (runtime.now() < until) throw new Suspended(until)
  await runtime.forget(path)
  throw failure('wait_timeout', `no ${wanted.event} came within ${wanted.timeout}`)
}

export async function runChild({ runtime, frame, path, record }: Attempt, step: StepOf<'flow'>): Promise<Done> {
  const parameters = await rendered(runtime, step.with ?? {}, frame)
  const state = await runtime.child(`${path}#${record.keyNo}.${record.attempts}`, step.flow, parameters)
  if (state.status === 'completed') return { input: parameters, output: state.outputs }
  if (state.status === 'failed') throw new StepFailed({ ...state.error, step: step.id })
  if (record.status !== 'waiting') await runtime.save({ ...record, status: 'waiting', input: parameters })
  throw new Suspended(undefined)
}

const usualExpiry = '7d'

export async function runApproval(attempt: Attempt, { approve }: StepOf<'approve'>): Promise<Done> {
  const { runtime, frame, path, record, signal } = attempt
  const integration = String((await rendered(runtime, approve.call?.integration ?? '', frame)) ?? '')
  const call = approve.call && {
    uses: approve.call.uses,
    input: await rendered(runtime, approve.call.with ?? {}, frame),
    ...(integration ? { integration } : {}),
  }
  if (runtime.dryRun) return { output: { approved: true, by: 'dry run', call: call ?? null } }
  const known = (record.input ?? {}) as { approval?: string }
  let { approval } = known
  if (approval === undefined) {
    const message = String(await rendered(runtime, approve.message, frame))
    const expiresAt = record.startedAt + parseDuration(approve.expires ?? usualExpiry)!
    approval = await runtime.ask(path, { message, by: approve.by, expiresAt, call })
    await runtime.save({ ...record, status: 'waiting', input: { approval, message, call: call ?? null }, until: expiresAt })
  }
  const { by, comment } = await decided(runtime, approval)
  if (!call) return { output: { approved: true, by, comment } }
  const { fields } = approve.call
  const made = await runtime.call({ ...call, path, key: `${path}#${record.keyNo}`, approval, signal, ...(fields ? { fields } : {}) })
  return { output: { approved: true, by, comment, result: made.output }, invocationId: made.invocationId }
}

/** Returns when a person has approved; otherwise suspends or fails the step. */
export async function decided(runtime: Runtime, approval: string): Promise<{ by: string; comment: string | null }> {
  const state = await runtime.approval(approval)
  if (state.status === 'pending') throw new Suspended(state.until)
  if (state.status === 'expired') throw failure('approval_expired', 'nobody decided before the approval expired')
  if (state.status === 'rejected')
    throw failure('approval_rejected', `${state.by} rejected this${state.comment ? `: ${state.comment}` : ''}`)
  return { by: state.by, comment: state.comment }
}
