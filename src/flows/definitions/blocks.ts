import { isRecord } from './problems.ts'
import type { Path } from './source.ts'

/** Steps that stand inside a step. */
export interface InnerBlock {
  readonly path: Path
  readonly steps: readonly unknown[]
  /** Names that are known in it besides those outside. */
  readonly names: readonly string[]
  /**
   * Who may read what its steps gave: those behind the whole step (it is always run), later blocks of the same step (they deal with what it did), or
   * nobody outside.
   */
  readonly visibility: 'after' | 'siblings' | 'inside'
}

/** The blocks of a step, in the order in which they run. Takes anything: what has not the right shape has none. */
export function innerBlocks(step: Readonly<Record<string, unknown>>): InnerBlock[] {
  const found: InnerBlock[] = []
  const add = (path: Path, steps: unknown, visibility: InnerBlock['visibility'] = 'inside', names: readonly string[] = []): void => {
    if (Array.isArray(steps)) found.push({ path, steps, names, visibility })
  }
  const { then, else: otherwise, switch: choice, for_each: each, parallel, try: tryBlock, catch: catchBlock, finally: finallyBlock } = step
  add(['then'], then)
  add(['else'], otherwise)
  if (isRecord(choice)) {
    if (Array.isArray(choice['cases'])) {
      choice['cases'].forEach((one: unknown, index) => isRecord(one) && add(['switch', 'cases', index, 'steps'], one['steps']))
    }
    add(['switch', 'default'], choice['default'])
  }
  if (isRecord(each)) add(['for_each', 'steps'], each['steps'], 'inside', [itemName(each), 'index'])
  if (isRecord(parallel) && isRecord(parallel['branches'])) {
    for (const [name, steps] of Object.entries(parallel['branches'])) add(['parallel', 'branches', name], steps, 'after')
  }
  if (isRecord(tryBlock)) add(['try', 'steps'], tryBlock['steps'], 'siblings')
  if (isRecord(catchBlock)) add(['catch', 'steps'], catchBlock['steps'], 'siblings', ['error'])
  if (isRecord(finallyBlock)) add(['finally', 'steps'], finallyBlock['steps'], 'after')
  return found
}

export function itemName(each: Readonly<Record<string, unknown>>): string {
  return typeof each['as'] === 'string' ? each['as'] : 'item'
}

/** Every step with its place, in the order in which they are written. */
export function* everyStep(steps: unknown, path: Path): Generator<{ step: Record<string, unknown>; path: Path }> {
  if (!Array.isArray(steps)) return
  for (const [index, step] of steps.entries()) {
    if (!isRecord(step)) continue
    yield { step, path: [...path, index] }
    for (const block of innerBlocks(step)) yield* everyStep(block.steps, [...path, index, ...block.path])
  }
}
