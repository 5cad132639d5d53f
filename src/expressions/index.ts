import { hubError, type HubError } from '#errors'
import type { Telemetry } from '#telemetry'
import { createCompiler, faultOf, SyntaxFault, type Compiled, type Fault } from './compile.ts'
import { builtins, reachOf, type Reach } from './names.ts'
import { plain } from './plain.ts'
import { createPool } from './pool.ts'
import { isSafe } from './safe.ts'
import type { Expressions } from './types.ts'
import type { Answer } from './worker.ts'

export type { Problem } from './compile.ts'
export type { FreeName } from './names.ts'
export type { EvaluateOptions, Expressions } from './types.ts'
export { findTemplates, render, unclosedAt, type Template } from './template.ts'

export interface ExpressionsOptions {
  /** Processes at most. */
  readonly workers?: number
}

interface Known extends Compiled {
  readonly safe: boolean
  readonly reach: Reach
}

/**
 * An event's filter takes 10 µs here and 200 µs in a worker (`event.data.action in ["opened", …]`, an event of 6 KB), and 0.1 s more where that has to start.
 * This is what a safe expression may take before it goes there after all: it then walks over a very large input.
 */
const hereMs = 20

export function createExpressions(telemetry?: Pick<Telemetry, 'metrics'>, { workers = 3 }: ExpressionsOptions = {}): Expressions {
  const compile = createCompiler({ guarded: false })
  const pool = createPool(workers)
  const analysed = new WeakMap<Compiled, Known>()

  const know = (text: string): Known => {
    const compiled = compile(text)
    const known = analysed.get(compiled) ?? analyse(text, compiled)
    analysed.set(compiled, known)
    return known
  }

  const refuse = (text: string, { limit, message, offset }: Fault): HubError => {
    if (limit) telemetry?.metrics.expressionLimits.inc({ limit })
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
    const place = offset === undefined ? '' : ` at character ${offset}`
    return hubError(limit ? 'expression_limit' : 'expression_failed', {
      detail: `The expression \`${shown}\` was ended${place}: ${message}.`,
    })
  }

  return {
    check(text) {
      try {
        const { reach } = know(text)
        return reach.names
          .filter(({ name }) => name === '$eval')
          .map(({ offset }) => ({ message: '`$eval` is not available: it would run text from outside as code', offset }))
      } catch (error) {
        if (error instanceof SyntaxFault) return [{ message: error.message, offset: error.offset }]
        throw error
      }
    },
    names(text) {
      try {
        return [...know(text).reach.names]
      } catch (error) {
        if (error instanceof SyntaxFault) return []
        throw error
      }
    },
    async evaluate(text, input, { bindings = {}, timeoutMs = 1000, maxOutputBytes = 1_000_000 } = {}) {
      let known: Known
      try {
        known = know(text)
      } catch (error) {
        if (error instanceof SyntaxFault) throw refuse(text, error)
        throw error
      }
      if (known.safe && !Object.keys(bindings).some((name) => builtins.has(name))) {
        try {
          return plain(await known.run(input, bindings, Math.min(hereMs, timeoutMs)), maxOutputBytes)
        } catch (error) {
          const fault = faultOf(error)
          if (fault.limit !== 'time' && fault.limit !== 'length') throw refuse(text, fault)
        }
      }
      const payload = payloadOf(text, known.reach, input, bindings)
      const answer: Answer = await pool.run({ text, payload, timeoutMs, maxOutputBytes })
      if ('fault' in answer) throw refuse(text, answer.fault)
      return answer.output === undefined ? undefined : JSON.parse(answer.output)
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function analyse(text: string, compiled: Compiled): Known {
  try {
    return { ...compiled, reach: reachOf(text, compiled.ast), safe: isSafe(compiled.ast) }
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxFault(error.message, 0)
    throw error
  }
}

/** Only what the expression names: a flow's input holds the outputs of all its steps. */
function payloadOf(text: string, { names, whole }: Reach, input: unknown, bindings: Readonly<Record<string, unknown>>): string {
  const isRecord = typeof input === 'object' && input !== null && !Array.isArray(input)
  const wanted = new Set(names.map(({ name }) => name))
  const part = isRecord && !whole ? Object.fromEntries(Object.entries(input).filter(([name]) => wanted.has(name))) : input
  try {
    return JSON.stringify({ input: part, bindings })
  } catch (cause) {
    throw hubError('expression_failed', { detail: `The input of the expression \`${text.slice(0, 80)}\` is no JSON.`, cause })
  }
}
