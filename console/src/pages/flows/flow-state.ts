import type { Outputs } from '#api'

export type Flow = Outputs['flows']['list']['items'][number]
export type WholeFlow = Outputs['flows']['get']

export type FlowState = 'on' | 'off' | 'blocked'

export function stateOf({ enabled, blocked }: Pick<Flow, 'enabled' | 'blocked'>): FlowState {
  if (!enabled) return 'off'
  return blocked === null ? 'on' : 'blocked'
}

export const stateTones = { on: 'ok', off: 'off', blocked: 'failed' } as const

/** What starts a flow, in a few words. */
export function triggerText(trigger: Readonly<Record<string, unknown>>): string {
  if (typeof trigger['event'] === 'string') return trigger['event']
  if (typeof trigger['schedule'] === 'string') return `at ${trigger['schedule']}`
  if (typeof trigger['bus'] === 'string') return `topic ${trigger['bus']}`
  return 'call'
}
