import type { IntegrationRow } from '#integrations'
import type { Labels, Place } from '#kit'
import type { Tool } from './tool.ts'

/** Labels of a result, with the integration that it comes from. */
export interface ResultLabels extends Labels {
  readonly integration: string | null
}

interface Labelled {
  readonly tool: Tool
  readonly input: unknown
  readonly integration: IntegrationRow | undefined
}

/** What nobody says is taken for the worst: others wrote it, and only some may read it. */
const worst: Labels = { author: 'untrusted', place: 'private' }

export function labelsOf({ tool: { action, connector }, input, integration }: Labelled, output: unknown): ResultLabels {
  return { ...worst, ...connector.labels, ...declared(() => action.labels?.(input, output), worst), integration: integration?.name ?? null }
}

/** Of an answer of which nothing is known, such as an error. */
export function worstLabels({ integration }: Pick<Labelled, 'integration'>): ResultLabels {
  return { ...worst, integration: integration?.name ?? null }
}

/** Who can read what a call writes. */
export function placeOfWrite({ tool: { action, connector }, input }: Pick<Labelled, 'tool' | 'input'>): Place {
  const { sendsTo } = action
  const place = typeof sendsTo === 'function' ? declared(() => sendsTo(input), 'public') : sendsTo
  return place ?? connector.sendsTo ?? 'public'
}

/** An output that is not as documented may be of any form, and the function of a connector may fail on it. */
function declared<T>(ask: () => T, otherwise: T): T {
  try {
    return ask()
  } catch {
    return otherwise
  }
}
