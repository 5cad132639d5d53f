import type { Expressions } from '#expressions'
import type { ScriptResult, ScriptRun } from '#scripts'
import type { Call } from '../definitions/index.ts'
import type { RunError } from './error.ts'

/** The stored state of a step. After a crash the run starts from its first step again, and finished steps are not repeated. */
export interface StepRecord {
  /** The place in the run, such as `review` or `each/3/comment`. */
  readonly path: string
  readonly step: string
  readonly kind: string
  readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
  readonly input?: unknown
  readonly output?: unknown
  readonly error?: RunError | null
  /** Its input and output as the flow reads them, if they contain a secret. */
  readonly sealed?: string | null
  readonly attempts: number
  /** Part of the idempotency key of its tool call. */
  readonly keyNo: number
  readonly invocationId?: string | null
  /** The end of its wait, in milliseconds. */
  readonly until?: number | null
  readonly startedAt: number
  readonly finishedAt?: number | null
}

export interface ToolCall extends Omit<Call, 'with'> {
  readonly input: unknown
  readonly path: string
  /** The idempotency key: a write that is repeated after a crash takes effect once. */
  readonly key: string
  /** A read has a key too, so that a repetition finds its outcome. */
  readonly isReadKeyed?: boolean
  readonly approval?: string | undefined
  readonly signal: AbortSignal
}

export interface Script extends Omit<ScriptRun, 'tools' | 'owner' | 'limits'> {
  readonly toolset?: readonly string[] | undefined
}

export type ApprovalState =
  | { readonly status: 'pending'; readonly until: number }
  | { readonly status: 'approved'; readonly by: string; readonly comment: string | null }
  | { readonly status: 'rejected'; readonly by: string; readonly comment: string | null }
  | { readonly status: 'expired' }

export type ChildState =
  | { readonly status: 'running' }
  | { readonly status: 'completed'; readonly outputs: unknown }
  | { readonly status: 'failed'; readonly error: RunError }

/** Everything that the interpreter needs from outside: records, tool calls, events, approvals and time. */
export interface Runtime {
  readonly workspaceId: string
  readonly expressions: Expressions
  /** Aborted when somebody cancels the run. */
  readonly signal: AbortSignal
  /** The same for the steps that run although the run was cancelled. */
  afterCancel(): Runtime
  /** The time limit of the run. */
  readonly deadline: number | undefined
  now(): number
  known(path: string): StepRecord | undefined
  /** Durable when this resolves. Throws `Cancelled` when the run was cancelled meanwhile. */
  save(record: StepRecord): Promise<void>
  /** Stores that a step is running, for display only. The record may arrive late or get lost. */
  show(record: StepRecord): void
  /** Grows whenever something that the run waits for has arrived since this process claimed it. */
  wakeRequests(): number
  /** Reads the records of waiting steps again, because others complete them. */
  refresh(): Promise<void>
  /** Runs a script with the tools that the run may call. */
  script(script: Script): Promise<ScriptResult>
  call(call: ToolCall): Promise<{ output: unknown; invocationId: string }>
  /** The output that a dry run uses instead of running the step; undefined without one, and outside dry runs. */
  recorded(path: string): { readonly output: unknown } | undefined
  readonly dryRun: boolean
  /** Starts a child run, once for each path, and returns its state. */
  child(path: string, flow: string, parameters: unknown): Promise<ChildState>
  /** Subscribes to an event; its delivery completes the step. */
  expect(
    record: StepRecord,
    wanted: { event: string; filter?: string | undefined; correlate?: string | undefined; scope: unknown },
  ): Promise<void>
  forget(path: string): Promise<void>
  /** Asks for an approval, once for each path, and returns its id. */
  ask(path: string, question: { message: string; by?: readonly string[] | undefined; expiresAt: number; call?: unknown }): Promise<string>
  approval(id: string): Promise<ApprovalState>
  emit(record: StepRecord, event: { type: string; subject?: string; data: unknown; topic?: string; key?: string }): Promise<void>
}
