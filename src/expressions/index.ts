import { hubError, type HubError } from '#errors'
import type { Telemetry } from '#telemetry'
import { createCompiler, faultOf, outOf, SyntaxFault, type Compiled, type Fault } from './compile.ts'
import { createDocuments } from './documents/index.ts'
import { isLargerThan } from './input-size.ts'
import { builtins, reachOf, type Reach } from './names.ts'
import { plain } from './plain.ts'
import { createPool } from './pool.ts'
import { isSafe } from './safe.ts'
import { createSchemas } from './schemas/index.ts'
import type { Expressions } from './types.ts'
import type { Answer } from './job.ts'

export type { Problem } from './compile.ts'
export type { DocumentFault, DocumentNode, Documents } from './documents/index.ts'
export type { FreeName } from './names.ts'
export { innerSchemas, targetOf, toSchemaError, type JsonSchema, type SchemaError, type Schemas } from './schemas/index.ts'
export type { EvaluateOptions, Expressions } from './types.ts'
export { findTemplates, render, unclosedAt, type Template } from './template.ts'

export interface ExpressionsOptions {
  /** The maximum of worker processes. */
  readonly workers?: number
}

interface Analysed extends Compiled {
  readonly safe: boolean
  readonly reach: Reach
}

/**
 * A safe expression runs in this process for at most this long, and then in a worker: its input is very large. The filter
 * `event.data.action in ["opened", …]` with an event of 6 KB takes 10 µs here and 200 µs in a worker, and 0.1 s more if one has to start.
 */
const inProcessMs = 20
/** Characters of JSON. Writing more for a worker would hold up everything else: 6 million take 35 ms. */
const maxInput = 5_000_000

export function createExpressions(telemetry?: Pick<Telemetry, 'metrics'>, { workers = 3 }: ExpressionsOptions = {}): Expressions {
  const compile = createCompiler({ guarded: false })
  const pool = createPool(workers)
  const analysed = new WeakMap<Compiled, Analysed>()

  const analyseText = (text: string): Analysed => {
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
      detail: `The expression \`${shown}\` failed${place}: ${message}.`,
    })
  }

  const refuseSchema = ({ limit, message }: Fault): HubError => {
    if (limit) telemetry?.metrics.expressionLimits.inc({ limit })
    return hubError(limit ? 'expression_limit' : 'expression_failed', {
      detail: `The value could not be checked against its JSON Schema: ${message}.`,
    })
  }

  return {
    documents: createDocuments(pool),
    schemas: createSchemas({ pool, refuse: refuseSchema }),
    check(text) {
      try {
        const { reach } = analyseText(text)
        return reach.names
          .filter(({ name }) => name === '$eval')
          .map(({ offset }) => ({ message: '`$eval` is not available, because it would run input as code', offset }))
      } catch (error) {
        if (error instanceof SyntaxFault) return [{ message: error.message, offset: error.offset }]
        throw error
      }
    },
    names(text) {
      try {
        return [...analyseText(text).reach.names]
      } catch (error) {
        if (error instanceof SyntaxFault) return []
        throw error
      }
    },
    async evaluate(text, input, { workspaceId, bindings = {}, timeoutMs = 1000, maxOutputBytes = 1_000_000 }) {
      let known: Analysed
      try {
        known = analyseText(text)
      } catch (error) {
        if (error instanceof SyntaxFault) throw refuse(text, error)
        throw error
      }
      if (known.safe && !Object.keys(bindings).some((name) => builtins.has(name))) {
        try {
          return plain(await known.run(input, bindings, Math.min(inProcessMs, timeoutMs)), maxOutputBytes)
        } catch (error) {
          const fault = faultOf(error)
          if (fault.limit !== 'time' && fault.limit !== 'length') throw refuse(text, fault)
        }
      }
      const payload = payloadOf(text, { input: partOf(input, known.reach), bindings })
      if (payload === undefined) throw refuse(text, outOf('input'))
      const answer: Answer = await pool.run(workspaceId, { kind: 'expression', text, payload, timeoutMs, maxOutputBytes })
      if ('fault' in answer) throw refuse(text, answer.fault)
      return answer.output === undefined ? undefined : JSON.parse(answer.output)
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function analyse(text: string, compiled: Compiled): Analysed {
  try {
    return { ...compiled, reach: reachOf(text, compiled.ast), safe: isSafe(compiled.ast) }
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxFault(error.message, 0)
    throw error
  }
}

/** Sends a worker only the parts of the input that the expression names, because a flow's input holds the outputs of all steps. */
function partOf(input: unknown, { names, whole }: Reach): unknown {
  if (whole || typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const wanted = new Set(names.map(({ name }) => name))
  return Object.fromEntries(Object.entries(input).filter(([name]) => wanted.has(name)))
}

/** Undefined if it is too large. */
function payloadOf(text: string, payload: { input: unknown; bindings: Readonly<Record<string, unknown>> }): string | undefined {
  if (isLargerThan(maxInput, payload)) return undefined
  try {
    return JSON.stringify(payload)
  } catch (cause) {
    throw hubError('expression_failed', {
      detail: `The input of the expression \`${text.slice(0, 80)}\` cannot be written as JSON.`,
      cause,
    })
  }
}
