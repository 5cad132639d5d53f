import { errorCatalogue, hubError, HubError } from '#errors'
import type { FromWorker } from './messages.ts'
import type { ScriptCall, ScriptLimits, ScriptRun } from './types.ts'

type Call = Extract<FromWorker, { kind: 'call' }>
type Settle = (ok: boolean, json: string) => void

export interface Calls {
  readonly count: number
  make(call: Call, settle: Settle): void
  /** The error of a call that the script did not catch. */
  errorOf(index: number | undefined, line: number | undefined): HubError | undefined
  /** Ends the calls that run. */
  abort(): void
  /** Resolves when every call that was begun has ended. `all`: calls that wait for a place are still made, because the script succeeded. */
  end(all: boolean): Promise<void>
}

/** The calls of one script. A few run at once; their results reach the script in the order in which it made the calls. */
export function createCalls({
  call,
  tools,
  limits,
}: Pick<ScriptRun, 'call'> & { tools: ReadonlySet<string>; limits: ScriptLimits }): Calls {
  const waiting: (() => void)[] = []
  const errors = new Map<number, HubError>()
  const begun = new Set<Promise<void>>()
  const ending = new AbortController()
  let active = 0
  let count = 0
  let ended = false
  /** Gives the script the result of the last call before, and then the next. */
  let delivered: Promise<void> = Promise.resolve()

  const place = async (): Promise<void> => {
    if (active++ < limits.concurrentCalls) return
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = (): void => {
    active--
    waiting.shift()?.()
  }

  const perform = async ({ index, tool, args }: Call): Promise<[boolean, string]> => {
    await place()
    try {
      if (ended) throw hubError('cancelled')
      // The sandbox checks both too; this holds even if it is broken.
      if (!tools.has(tool)) throw hubError('tool_unknown', { detail: `the script has no tool "${tool}"` })
      if (index > limits.calls) throw hubError('script_limit', { detail: `a script may make ${limits.calls} calls` })
      count++
      return [true, JSON.stringify((await call({ tool, ...argumentsOf(args), index, signal: ending.signal })) ?? null)]
    } catch (thrown) {
      const error = thrown instanceof HubError ? thrown : hubError('internal', { cause: thrown })
      errors.set(index, error)
      return [false, shown(error)]
    } finally {
      leave()
    }
  }

  return {
    get count() {
      return count
    },
    make(made, settle) {
      const work = perform(made)
      const before = delivered
      delivered = Promise.all([work, before]).then(([[ok, json]]) => settle(ok, json))
      const done = work.then(() => undefined)
      begun.add(done)
      void done.finally(() => begun.delete(done))
    },
    errorOf(index, line) {
      const error = index === undefined ? undefined : errors.get(index)
      return error && line !== undefined ? error.with({ detail: `${error.message} (line ${line} of the script)` }) : error
    },
    abort: () => ending.abort(hubError('cancelled')),
    async end(all) {
      ended = !all
      await Promise.all(begun)
    },
  }
}

/** What the script passed to the function of a tool, in its sandbox's own words. */
function argumentsOf(json: string): Pick<ScriptCall, 'input' | 'integration'> {
  const { input, options } = JSON.parse(json) as { input?: unknown; options?: { integration?: unknown } | null }
  const integration = options?.integration
  if (integration !== undefined && typeof integration !== 'string')
    throw hubError('invalid_input', { errors: [{ path: 'integration', message: 'must be a text' }] })
  return { input: input ?? {}, integration }
}

/** What a script sees of an error. */
function shown({ code, message, details: { hint } }: HubError): string {
  const { kind } = errorCatalogue[code]
  return JSON.stringify({ message, code, kind, ...(hint === undefined ? {} : { hint }) })
}
