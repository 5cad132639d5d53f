import type { Effect } from '#kit'

/** A flow as it is written, without defaults filled in; the schema describes the defaults. */
export interface Definition {
  readonly id: string
  readonly name?: string
  readonly description?: string
  readonly enabled?: boolean
  /** A JSON Schema of an object. */
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly on?: readonly Trigger[]
  readonly tool?: true | FlowTool
  readonly concurrency?: Concurrency
  readonly timeout?: string
  readonly steps: readonly Step[]
  readonly on_error?: Block
  readonly outputs?: Readonly<Record<string, unknown>>
}

export interface FlowTool {
  readonly name?: string
  readonly description?: string
  readonly effect?: Effect
}

export interface Concurrency {
  readonly key?: string
  readonly limit?: number
  readonly on_conflict?: 'queue' | 'skip' | 'cancel_running'
  readonly rate?: { readonly limit: number; readonly per: string }
}

export type Trigger = EventTrigger | ScheduleTrigger | BusTrigger

export interface EventTrigger {
  readonly event: string
  readonly filter?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface ScheduleTrigger {
  readonly schedule: string
  readonly timezone?: string
  readonly missed?: 'skip' | 'once' | 'all'
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface BusTrigger {
  readonly bus: string
  readonly filter?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface Block {
  readonly steps: readonly Step[]
}

export interface Retry {
  readonly attempts: number
  readonly backoff?: string
  readonly max_backoff?: string
}

export interface StepCommon {
  readonly id: string
  readonly name?: string
  readonly if?: string | boolean
  readonly retry?: Retry
  readonly timeout?: string
  readonly on_error?: 'fail' | 'continue'
}

export type Values = Readonly<Record<string, unknown>>

export interface Call {
  readonly uses: string
  readonly with?: Values
  readonly integration?: string
  readonly fields?: readonly string[]
}

export interface UsesStep extends StepCommon, Call {}
export interface FlowStep extends StepCommon {
  readonly flow: string
  readonly with?: Values
}
export interface IfStep extends StepCommon {
  readonly if: string | boolean
  readonly then: readonly Step[]
  readonly else?: readonly Step[]
}
export interface SwitchStep extends StepCommon {
  readonly switch: {
    readonly on: unknown
    readonly cases: readonly { readonly when: unknown; readonly steps: readonly Step[] }[]
    readonly default?: readonly Step[]
  }
}
export interface ForEachStep extends StepCommon {
  readonly for_each: {
    readonly in: unknown
    readonly as?: string
    readonly max_parallel?: number
    readonly on_error?: 'fail' | 'continue'
    readonly steps: readonly Step[]
  }
}
export interface ParallelStep extends StepCommon {
  readonly parallel: { readonly branches: Readonly<Record<string, readonly Step[]>> }
}
export interface WaitStep extends StepCommon {
  readonly wait: string | { readonly until: string }
}
export interface WaitForStep extends StepCommon {
  readonly wait_for: { readonly event: string; readonly filter?: string; readonly correlate?: string; readonly timeout: string }
}
export interface ApproveStep extends StepCommon {
  readonly approve: { readonly message: string; readonly by?: readonly string[]; readonly expires?: string; readonly call?: Call }
}
export interface TransformStep extends StepCommon {
  readonly transform: unknown
}
export interface EmitStep extends StepCommon {
  readonly emit: { readonly type: string; readonly data?: unknown; readonly subject?: string }
}
export interface TryStep extends StepCommon {
  readonly try: Block
  readonly catch?: Block
  readonly finally?: Block
}

export type Step =
  | UsesStep
  | FlowStep
  | IfStep
  | SwitchStep
  | ForEachStep
  | ParallelStep
  | WaitStep
  | WaitForStep
  | ApproveStep
  | TransformStep
  | EmitStep
  | TryStep

export type StepKind =
  | 'uses'
  | 'flow'
  | 'then'
  | 'switch'
  | 'for_each'
  | 'parallel'
  | 'wait'
  | 'wait_for'
  | 'approve'
  | 'transform'
  | 'emit'
  | 'try'

/** Each kind of step has one key that no other kind has. */
export const stepKinds: readonly StepKind[] = [
  'uses',
  'flow',
  'then',
  'switch',
  'for_each',
  'parallel',
  'wait',
  'wait_for',
  'approve',
  'transform',
  'emit',
  'try',
]
