import type { Outputs } from '#api'
import type { Tone } from '#ui'

export type Endpoint = Outputs['endpoints']['get']
export type Counts = Outputs['deliveries']['counts']['items'][number]

export interface EndpointState {
  readonly state: 'works' | 'failing' | 'error' | 'off' | 'paused'
  readonly tone: Tone
  readonly word: string
  /** What is wrong, and what to do about it. */
  readonly trouble?: string
}

/** How an endpoint stands, in one word, with the reason and the remedy where something is wrong. */
export function stateOf({ enabled, disabled_reason: reason, failing_since: since, paused_until: paused, ...row }: Endpoint): EndpointState {
  if (!enabled && reason === 'gone')
    return {
      state: 'error',
      tone: 'failed',
      word: 'gone',
      trouble: 'It answered 410 Gone, so the hub stopped. Enable it when it is there again.',
    }
  if (!enabled && reason === 'failing')
    return {
      state: 'error',
      tone: 'failed',
      word: 'disabled after failures',
      trouble: 'It failed for so long that the hub disabled it. Correct the receiver, send a test, then enable it.',
    }
  if (!enabled) return { state: 'off', tone: 'off', word: 'disabled' }
  if (row.filter_problem !== null)
    return {
      state: 'error',
      tone: 'failed',
      word: 'filter stopped',
      trouble: `${row.filter_problem} Nothing is sent until the filter is changed.`,
    }
  if (since !== null)
    return {
      state: 'failing',
      tone: 'failed',
      word: 'failing',
      trouble: `${row.consecutive_failures} attempts failed in a row. Look at its deliveries, and send a test.`,
    }
  if (paused !== null && Date.parse(paused) > Date.now()) return { state: 'paused', tone: 'waiting', word: 'asked to wait' }
  return { state: 'works', tone: 'ok', word: 'enabled' }
}

const ranks: Readonly<Record<EndpointState['state'], number>> = { error: 0, failing: 1, paused: 2, works: 3, off: 4 }

export function byNeed(a: Endpoint, b: Endpoint): number {
  return ranks[stateOf(a).state] - ranks[stateOf(b).state]
}

/** How many of the finished deliveries were accepted. */
export function shareText(counts: Counts | undefined): string {
  const finished = (counts?.delivered ?? 0) + (counts?.dead ?? 0)
  return counts === undefined || finished === 0
    ? 'none yet'
    : `${Math.round((counts.delivered / finished) * 100)} % of ${finished.toLocaleString('en')}`
}
