import { HubError } from '#errors'
import type { Call } from '../definitions/index.ts'
import { rendered } from './frame.ts'
import { Suspended } from './signals.ts'
import type { Attempt, Done } from './attempt.ts'
import { decided } from './waits.ts'

/** Calls a tool. The key consists of run, step and item, so a step that is repeated after a crash finds its earlier call. */
export async function runCall({ runtime, frame, path, record, signal }: Attempt, step: Call): Promise<Done> {
  const { uses, fields } = step
  const input = (await rendered(runtime, step.with ?? {}, frame)) as Record<string, unknown>
  const integration = step.integration === undefined ? undefined : String((await rendered(runtime, step.integration, frame)) ?? '')
  const asked = approvalIn(record.input)
  // A policy required an approval of exactly this call.
  if (asked !== undefined) await decided(runtime, asked)
  const call = {
    uses,
    input,
    path,
    key: `${path}#${record.keyNo}`,
    signal,
    approval: asked,
    ...(fields ? { fields } : {}),
    ...(integration ? { integration } : {}),
  }
  try {
    const { output, invocationId } = await runtime.call(call)
    return { input, output, invocationId }
  } catch (thrown) {
    const approval = thrown instanceof HubError ? thrown.details.approvalId : undefined
    if (approval === undefined || asked !== undefined) throw thrown
    const state = await runtime.approval(approval)
    const until = state.status === 'pending' ? state.until : runtime.now()
    await runtime.save({ ...record, status: 'waiting', input: { approval, call: input }, until })
    throw new Suspended(until)
  }
}

function approvalIn(input: unknown): string | undefined {
  const { approval, call } = (input ?? {}) as { approval?: unknown; call?: unknown }
  return typeof approval === 'string' && approval.startsWith('apr_') && call !== undefined ? approval : undefined
}
