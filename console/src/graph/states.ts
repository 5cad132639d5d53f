import type { StepStates } from './types.ts'

/** A step that ran for several items shows what matters most. */
const order = ['failed', 'running', 'waiting', 'completed', 'skipped']

export function statesOf(steps: readonly { readonly step: string; readonly status: string }[]): StepStates {
  const found = new Map<string, string>()
  for (const { step, status } of steps) {
    const before = found.get(step)
    if (before === undefined || order.indexOf(status) < order.indexOf(before)) found.set(step, status)
  }
  return found
}
