import { stringify } from 'yaml'
import { everyStep } from './blocks.ts'
import { isRecord } from './problems.ts'
import type { Definition } from './types.ts'

/** The definition as YAML that parses to an equal definition. */
export function printDefinition(definition: Definition): string {
  return stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' })
}

/** The flows that a definition runs, each once. */
export function flowsRunBy(definition: Definition): string[] {
  return [...new Set(allSteps(definition).flatMap((step) => (typeof step['flow'] === 'string' ? [step['flow']] : [])))]
}

/** The tools that a definition calls, each once, including calls that need an approval. */
export function toolsUsedBy(definition: Definition): string[] {
  return [
    ...new Set(
      allSteps(definition).flatMap((step) => {
        const call = isRecord(step['approve']) ? step['approve']['call'] : step
        return isRecord(call) && typeof call['uses'] === 'string' ? [call['uses']] : []
      }),
    ),
  ]
}

/** Whether it emits events, which may start other flows. */
export function emits(definition: Definition): boolean {
  return allSteps(definition).some((step) => 'emit' in step)
}

function allSteps({ steps, on_error }: Definition): Record<string, unknown>[] {
  return [...everyStep(steps, []), ...everyStep(on_error?.steps, [])].map(({ step }) => step)
}
