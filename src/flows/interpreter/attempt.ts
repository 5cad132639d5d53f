import type { Step } from '../definitions/index.ts'
import type { Deadline, Frame } from './frame.ts'
import type { Runtime, StepRecord } from './runtime.ts'

/** What one attempt of a step works with. */
export interface Attempt {
  readonly runtime: Runtime
  readonly frame: Frame
  readonly path: string
  /** The stored state: an earlier process, or this one before a wait, may have begun the attempt. */
  readonly record: StepRecord
  readonly signal: AbortSignal
  /** The time limit of the step. */
  readonly deadline: Deadline | undefined
  /** Runs the steps inside it, on the runtime of the attempt if no other is given. */
  inside(steps: readonly Step[], frame: Frame, runtime?: Runtime): Promise<unknown>
}

export interface Done {
  readonly output: unknown
  readonly input?: unknown
  readonly invocationId?: string
}
