import type { Problem } from './compile.ts'
import type { FreeName } from './names.ts'
import type { Documents } from './documents/index.ts'
import type { Schemas } from './schemas/index.ts'

export interface EvaluateOptions {
  /** Workspaces share the workers equally. */
  readonly workspaceId: string
  /** Variables: `$name` in the expression. */
  readonly bindings?: Readonly<Record<string, unknown>>
  readonly timeoutMs?: number
  readonly maxOutputBytes?: number
}

/**
 * Evaluates JSONata that people and agents wrote, over data from outside, within limits of time, memory, depth and size. Input, bindings
 * and results are plain JSON.
 */
export interface Expressions extends AsyncDisposable {
  /** The problems of the text; empty when it can be evaluated. */
  check(text: string): Problem[]
  /** The names that it looks up in its input, and the variables that it expects; empty when it does not parse. */
  names(text: string): FreeName[]
  readonly documents: Documents
  /** JSON Schemas that people and agents wrote. */
  readonly schemas: Schemas
  evaluate(text: string, input: unknown, options: EvaluateOptions): Promise<unknown>
}
