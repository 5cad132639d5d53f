import type { Expressions } from '#expressions'
import type { Call } from '../definitions/index.ts'
import type { RunError } from './error.ts'

/** What is known of a step of a run. It is the run's memory: after a crash the walk begins anew, and what stands here is not done again. */
export interface StepRecord {
  /** Where in the run: `review`, `each/3/comment`. */
  readonly path: string
  readonly step: string
  readonly kind: string
  readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
  readonly input?: unknown
  readonly output?: unknown
  readonly error?: RunError | null
  readonly attempts: number
  /** Part of the key of its tool call. */
  readonly keyNo: number
  readonly invocationId?: string | null
  /** Until when it waits, in milliseconds. */
  readonly until?: number | null
  readonly startedAt: number
  readonly finishedAt?: number | null
}

export interface ToolCall extends Omit<Call, 'with'> {
  readonly input: unknown
  readonly path: string
  /** Sent along with what writes, so that a call that is made again is made once. */
  readonly key: string
  readonly approval?: string | undefined
  readonly signal: AbortSignal
}

export type ApprovalState =
  | { readonly status: 'pending'; readonly until: number }
  | { readonly status: 'approved'; readonly by: string; readonly comment: string | null }
  | { readonly status: 'rejected'; readonly by: string; readonly comment: string | null }
  | { readonly status: 'expired' }

export type ChildState =
  | { readonly status: 'under way' }
  | { readonly status: 'completed'; readonly outputs: unknown }
  | { readonly status: 'failed'; readonly error: RunError }

/** All that a run may do to the world, and all that it may know of it. */
export interface Runtime {
  readonly expressions: Expressions
  /** Aborted when somebody cancels the run. */
  readonly signal: AbortSignal
  /** When the run has to be over. */
  readonly deadline: number | undefined
  now(): number
  known(path: string): StepRecord | undefined
  /** Durable when this resolves. Throws `Cancelled` when the run was cancelled meanwhile. */
  save(record: StepRecord): Promise<void>
  /** Shows that a step is under way; may be late, may be lost. */
  show(record: StepRecord): void
  /** Grows whenever something that the run waits for has come since it was taken up. */
  wakeRequests(): number
  call(call: ToolCall): Promise<{ output: unknown; invocationId: string }>
  /** The output that a dry run takes instead of doing the step; undefined where there is none, or it is no dry run. */
  recorded(path: string): { readonly output: unknown } | undefined
  readonly dryRun: boolean
  /** Starts a flow as a part of this one, once for each path; then tells how it fares. */
  child(path: string, flow: string, parameters: unknown): Promise<ChildState>
  /** Asks for an event; whoever hands it on completes the step. */
  expect(
    record: StepRecord,
    wanted: { event: string; filter?: string | undefined; correlate?: string | undefined; scope: unknown },
  ): Promise<void>
  forget(path: string): Promise<void>
  /** Asks a person, once for each path; answers the question's id. */
  ask(path: string, question: { message: string; by?: readonly string[] | undefined; expiresAt: number; call?: unknown }): Promise<string>
  approval(id: string): Promise<ApprovalState>
  emit(record: StepRecord, event: { type: string; subject?: string; data: unknown }): Promise<void>
}
