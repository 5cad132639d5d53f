import type { Outputs } from '#api'
import type { Tone } from '#ui'
import { remedyOf } from './reasons.ts'

export type Integration = Outputs['integrations']['get']

export type Connector = Outputs['connectors']['list']['items'][number]

export interface IntegrationState {
  readonly state: 'works' | 'failing' | 'error' | 'reconnect_needed' | 'not_connected' | 'untested' | 'off'
  readonly tone: Tone
  readonly word: string
  /** What is wrong, and what to do about it. */
  readonly trouble?: { readonly what: string; readonly remedy: string }
}

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' && value !== '' ? value : otherwise)

/** How an integration stands, in one word, with the reason and the remedy where something is wrong. */
export function stateOf({ connection, status, enabled, ...row }: Integration): IntegrationState {
  const last = row.last_error
  const failure = { what: textOf(last?.['message'], 'Its calls fail.'), remedy: remedyOf(last?.['kind']) }
  if (connection?.state === 'reconnect_needed')
    return {
      state: 'reconnect_needed',
      tone: 'failed',
      word: 'has to be connected again',
      trouble: {
        what: textOf(connection.problem, 'What a person allowed has ended.'),
        remedy: 'Connect it again. Its name and its flows stay.',
      },
    }
  if (status === 'error')
    return {
      state: 'error',
      tone: 'failed',
      word: 'disabled after failures',
      trouble: { what: failure.what, remedy: `${failure.remedy} Then enable it.` },
    }
  if (!enabled) return { state: 'off', tone: 'off', word: 'disabled' }
  if (connection?.state === 'not_connected')
    return {
      state: 'not_connected',
      tone: 'waiting',
      word: 'not connected yet',
      trouble: { what: 'Nobody has allowed it yet.', remedy: 'Connect it.' },
    }
  if (row.consecutive_errors > 0) return { state: 'failing', tone: 'failed', word: 'failing', trouble: failure }
  if (row.last_success_at !== null) return { state: 'works', tone: 'ok', word: 'works' }
  return { state: 'untested', tone: 'off', word: 'not used yet' }
}

/** Broken ones first, then those that wait for somebody, then the others by name. */
const ranks: Readonly<Record<IntegrationState['state'], number>> = {
  reconnect_needed: 0,
  error: 0,
  failing: 1,
  not_connected: 2,
  works: 3,
  untested: 3,
  off: 4,
}

export function byNeed(a: Integration, b: Integration): number {
  return ranks[stateOf(a).state] - ranks[stateOf(b).state] || a.name.localeCompare(b.name)
}

/** When it was last used, whether that worked or not. */
export function lastUsed({ last_success_at: success, last_error_at: error }: Integration): string | undefined {
  return [success, error]
    .filter((at) => at !== null)
    .toSorted()
    .at(-1)
}

/** Whether a person connects it on the pages of the outside system. */
export function isByOAuth({ connection }: Integration): boolean {
  return connection !== null
}
