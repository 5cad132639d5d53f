import { innerBlocks, type ExecutableDefinition, type Step } from '../definitions/index.ts'
import type { StepRecord } from './runtime.ts'

/** The failed steps that did not fail the run, because of `catch` or `on_error: continue`. A retry does not repeat them. */
export function handledSteps({ steps }: ExecutableDefinition, records: ReadonlyMap<string, StepRecord>): string[] {
  const found: string[] = []
  const look = (list: readonly Step[], prefix: string, isHandled: boolean): void => {
    for (const step of list) {
      const path = `${prefix}${step.id}`
      const record = records.get(path)
      const isFailed = record?.status === 'failed'
      const isHandledHere = isHandled || (isFailed && step.on_error === 'continue')
      if (isHandledHere && isFailed) found.push(path)
      const { count } = (record?.input ?? {}) as { count?: number }
      const prefixes = step.kind === 'for_each' ? Array.from({ length: count ?? 0 }, (_, index) => `${path}/${index}/`) : [prefix]
      for (const block of innerBlocks({ ...step }))
        for (const inner of prefixes) look(block.steps as readonly Step[], inner, isHandledHere || record?.status === 'completed')
    }
  }
  look(steps, '', false)
  return found
}
