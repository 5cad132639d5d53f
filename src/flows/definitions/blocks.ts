import { isRecord } from '#lib/is-record'
import type { Path } from './source.ts'

/** A list of steps inside a step. */
export interface InnerBlock {
  readonly path: Path
  readonly steps: readonly unknown[]
  /** Names that expressions know inside it, besides the outer names. */
  readonly names: readonly string[]
  /**
   * Where the outputs of its steps are visible: after the step (the block always runs), in later blocks of the same step, or only inside the block.
   */
  readonly visibility: 'after' | 'siblings' | 'inside'
}

/** The blocks of a step in their order of execution. Accepts unchecked input; a malformed step has no blocks. */
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

/** Every step with its path, in the order of the text. */
export function* everyStep(steps: unknown, path: Path): Generator<{ step: Record<string, unknown>; path: Path }> {
  if (!Array.isArray(steps)) return
  for (const [index, step] of steps.entries()) {
    if (!isRecord(step)) continue
    yield { step, path: [...path, index] }
    for (const block of innerBlocks(step)) yield* everyStep(block.steps, [...path, index, ...block.path])
  }
}
