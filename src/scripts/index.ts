import { createHash } from 'node:crypto'
import { hubError, type HubError } from '#errors'
import { createCalls } from './calls.ts'
import { outOf, type Fault } from './messages.ts'
import { createThreads } from './pool.ts'
import type { ScriptLimits, Scripts } from './types.ts'

export { typesOf, type DeclaredTool } from './declarations.ts'
export type { ScriptLimits, ScriptResult, ScriptRun, Scripts, SyntaxFault } from './types.ts'

export interface ScriptsOptions {
  /** The maximum of threads. */
  readonly threads?: number
  readonly limits?: Partial<ScriptLimits>
}

const defaults: ScriptLimits = {
  cpuMs: 5000,
  wallMs: 100_000,
  memoryBytes: 64_000_000,
  calls: 200,
  concurrentCalls: 8,
  outputBytes: 1_000_000,
  logBytes: 64_000,
  codeBytes: 100_000,
}
/** Characters of JSON, as for an expression. */
const maxInput = 5_000_000

export function createScripts({ threads: size = 4, limits: given = {} }: ScriptsOptions = {}): Scripts & { readonly threads: number } {
  const pool = createThreads(size)

  const limitsOf = (code: string, own: Partial<ScriptLimits> = {}): ScriptLimits => {
    const limits = { ...defaults, ...given, ...own }
    if (code.length > limits.codeBytes) throw refused(outOf('code', `${limits.codeBytes} characters`))
    return limits
  }

  return {
    get threads() {
      return pool.threads
    },
    async run({ code, input, tools, now, seed, owner, limits: own, signal, call }) {
      const limits = limitsOf(code, own)
      const inputJson = JSON.stringify(input ?? null)
      if (inputJson.length > maxInput) throw refused(outOf('input', `${maxInput} characters`))
      const calls = createCalls({ call, tools: new Set(tools), limits })
      const message = {
        kind: 'run' as const,
        code,
        input: inputJson,
        tools,
        nowMs: now.getTime(),
        seed: seedOf(seed),
        limits,
      }
      try {
        const { output, logs, fault } = await pool.run({ owner, message, onCall: calls.make }, signal)
        if (fault?.limit) calls.abort()
        await calls.end(fault === undefined)
        if (fault) throw calls.errorOf(fault.call, fault.line) ?? refused(fault)
        return { output: output === undefined ? null : (JSON.parse(output) as unknown), logs, calls: calls.count }
      } catch (error) {
        calls.abort()
        await calls.end(false)
        throw error
      }
    },
    async check(code, owner) {
      const limits = limitsOf(code)
      const message = { kind: 'check' as const, code, limits }
      const { fault } = await pool.run({ owner, message, onCall: () => undefined })
      if (!fault) return undefined
      if (fault.limit) throw refused(fault)
      return { message: fault.message, line: fault.line }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function refused({ limit, message, line }: Fault): HubError {
  const place = line === undefined ? '' : ` in line ${line}`
  return limit
    ? hubError('script_limit', {
        detail: `The script was ended${place}: ${message}.`,
        hint: 'do less in one script, or make several of it',
      })
    : hubError('script_failed', { detail: `The script failed${place}: ${message}` })
}

function seedOf(seed: string): number[] {
  const digest = createHash('sha256').update(seed).digest()
  return [0, 4, 8, 12].map((at) => digest.readInt32LE(at))
}
