import { render } from '#expressions'
import { conditionOf } from '../definitions/index.ts'
import type { Runtime, StepRecord } from './runtime.ts'

/** The surroundings of a step: the path prefix, the names in expressions and the time limit. */
export interface Frame {
  /** The path before the id of each step, such as `each/3/`. */
  readonly prefix: string
  readonly names: Readonly<Record<string, unknown>>
  /** Steps by id, as expressions see them. Inner blocks share the object, because ids are unique; each item of a list has its own. */
  readonly steps: Record<string, SeenStep>
  /** The time limit of everything in it. */
  readonly deadline: Deadline | undefined
}

export interface Deadline {
  readonly at: number
  /** The error message when the time limit is exceeded. */
  readonly of: string
}

export interface SeenStep {
  readonly output: unknown
  readonly status: string
  readonly error: unknown
}

export function seen({ status, output, error }: Pick<StepRecord, 'status' | 'output' | 'error'>): SeenStep {
  return { output: output ?? null, status, error: error ?? null }
}

export function scopeOf({ names, steps }: Frame): Record<string, unknown> {
  return { ...names, steps }
}

/** Enough for real flows; an expression that never ends is stopped within a second. */
const limits = { timeoutMs: 900, maxOutputBytes: 5_000_000 }

export function rendered({ workspaceId, expressions }: Runtime, value: unknown, frame: Frame): Promise<unknown> {
  return render(expressions, value, scopeOf(frame), { workspaceId, ...limits })
}

export async function holds({ workspaceId, expressions }: Runtime, condition: string | boolean, frame: Frame): Promise<boolean> {
  if (typeof condition === 'boolean') return condition
  return truth(await expressions.evaluate(conditionOf(condition), scopeOf(frame), { workspaceId, ...limits }))
}

/** The rule of JSONata: missing, empty and zero values are false. */
function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(truth)
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
