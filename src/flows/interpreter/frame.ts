import { render } from '#expressions'
import { conditionOf } from '../definitions/index.ts'
import type { Runtime, StepRecord } from './runtime.ts'

/** What stands around a step: where its steps are kept, and which names its expressions see. */
export interface Frame {
  /** Before the id of each of its steps: `each/3/`. */
  readonly prefix: string
  readonly names: Readonly<Record<string, unknown>>
  /** By id, as expressions see them. Inner blocks share it, as ids are unique; each item of a list has its own. */
  readonly steps: Record<string, SeenStep>
  /** When everything in it has to be over. */
  readonly deadline: Deadline | undefined
}

export interface Deadline {
  readonly at: number
  /** What to say when it is not. */
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

/** Long enough for what a flow computes; a bomb is over within the second. */
const limits = { timeoutMs: 900, maxOutputBytes: 5_000_000 }

export function rendered({ expressions }: Runtime, value: unknown, frame: Frame): Promise<unknown> {
  return render(expressions, value, scopeOf(frame), limits)
}

export async function holds({ expressions }: Runtime, condition: string | boolean, frame: Frame): Promise<boolean> {
  if (typeof condition === 'boolean') return condition
  return truth(await expressions.evaluate(conditionOf(condition), scopeOf(frame), limits))
}

/** As JSONata has it: nothing, empty and zero are false. */
function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(truth)
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
