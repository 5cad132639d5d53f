import type { ScriptLimits } from './types.ts'

/** What the hub sends a worker. Values cross as JSON only. */
export type ToWorker =
  | {
      readonly kind: 'run'
      readonly code: string
      readonly input: string
      readonly tools: readonly string[]
      readonly nowMs: number
      readonly seed: readonly number[]
      readonly limits: ScriptLimits
    }
  | { readonly kind: 'check'; readonly code: string; readonly limits: ScriptLimits }
  | { readonly kind: 'settle'; readonly index: number; readonly ok: boolean; readonly json: string }

/** What a worker sends the hub. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'call'; readonly index: number; readonly tool: string; readonly args: string }
  | ({ readonly kind: 'end' } & End)

export interface End {
  /** JSON; undefined if the script returned nothing. */
  readonly output?: string | undefined
  readonly logs: readonly string[]
  readonly fault?: Fault | undefined
}

export type LimitName = 'CPU time' | 'time' | 'memory' | 'calls' | 'output' | 'arguments' | 'logs' | 'code' | 'input'

export interface Fault {
  readonly message: string
  readonly line?: number | undefined
  readonly limit?: LimitName | undefined
  /** The call whose error ended the script. */
  readonly call?: number | undefined
}

export function outOf(limit: LimitName, detail: string): Fault {
  return { limit, message: `it exceeded its limit of ${limit}: ${detail}` }
}
