import type { Step } from '../definitions/index.ts'
import type { Deadline, Frame } from './frame.ts'
import type { Runtime, StepRecord } from './runtime.ts'

/** What one attempt of a step has to work with. */
export interface Attempt {
  readonly runtime: Runtime
  readonly frame: Frame
  readonly path: string
  /** What is known of it already: it was begun before, by a process that is gone, or before a wait. */
  readonly record: StepRecord
  readonly signal: AbortSignal
  /** When it has to be over. */
  readonly deadline: Deadline | undefined
  /** Walks the steps inside it. */
  inside(steps: readonly Step[], frame: Frame): Promise<unknown>
}

export interface Done {
  readonly output: unknown
  readonly input?: unknown
  readonly invocationId?: string
}
