/** The six colours of a state. Each is always shown with an icon and a word. */
export type Tone = 'ok' | 'failed' | 'running' | 'waiting' | 'asks' | 'off'

const tones: Readonly<Record<string, Tone>> = {
  completed: 'ok',
  delivered: 'ok',
  dispatched: 'ok',
  active: 'ok',
  approved: 'ok',
  used: 'ok',
  works: 'ok',
  connected: 'ok',
  stored: 'ok',
  sent: 'ok',
  read: 'off',
  failed: 'failed',
  dead: 'failed',
  quarantined: 'failed',
  error: 'failed',
  rejected: 'failed',
  blocked: 'failed',
  reconnect_needed: 'failed',
  destroy: 'failed',
  running: 'running',
  write: 'running',
  connecting: 'waiting',
  queued: 'waiting',
  waiting: 'waiting',
  pending: 'waiting',
  received: 'waiting',
  outcome_unknown: 'waiting',
  unparsed: 'waiting',
  asks: 'asks',
  skipped: 'off',
  cancelled: 'off',
  expired: 'off',
  inactive: 'off',
  disabled: 'off',
  off: 'off',
  revoked: 'off',
}

export function toneOf(state: string): Tone {
  return tones[state] ?? 'off'
}

/** `outcome_unknown` reads "outcome unknown". */
export function wordOf(state: string): string {
  return state.replaceAll('_', ' ')
}
