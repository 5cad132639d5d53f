/** What a script may use. A script that exceeds a limit ends with `script_limit`. */
export interface ScriptLimits {
  /** Processor time of the script itself, without the time of its calls. */
  readonly cpuMs: number
  /** From its begin to its end, with its calls. It is shorter than the time limit of a tool call. */
  readonly wallMs: number
  readonly memoryBytes: number
  readonly calls: number
  /** How many calls run at once; the others wait. */
  readonly concurrentCalls: number
  /** Characters of JSON of the result, and of the arguments of each call. */
  readonly outputBytes: number
  readonly logBytes: number
  readonly codeBytes: number
}

export interface ScriptRun {
  /** The body of an async function of `input`, `tools` and `console`. */
  readonly code: string
  readonly input: unknown
  /** The names of the functions in `tools`. */
  readonly tools: readonly string[]
  /** The time that `Date` shows. */
  readonly now: Date
  /** The same seed gives the same random numbers. */
  readonly seed: string
  /** Whose script it is: one workspace cannot have all workers. */
  readonly owner: string
  readonly limits?: Partial<ScriptLimits> | undefined
  readonly signal?: AbortSignal | undefined
  call(made: ScriptCall): Promise<unknown>
}

export interface ScriptCall {
  readonly tool: string
  readonly input: unknown
  /** Which integration, where several fit: `tools.NAME(input, { integration })`. */
  readonly integration: string | undefined
  /**
   * Counts the calls from 1 in the order in which the script makes them. Results reach the script in that order too, so that a repetition with
   * the same results makes the same calls under the same numbers.
   */
  readonly index: number
  /** Aborts when the script was ended. */
  readonly signal: AbortSignal
}

export interface ScriptResult {
  readonly output: unknown
  readonly logs: readonly string[]
  readonly calls: number
}

export interface Scripts extends AsyncDisposable {
  run(script: ScriptRun): Promise<ScriptResult>
  /** The syntax error of a script, with its line; undefined if it has none. */
  check(code: string, owner: string): Promise<SyntaxFault | undefined>
}

export interface SyntaxFault {
  readonly message: string
  readonly line: number | undefined
}
