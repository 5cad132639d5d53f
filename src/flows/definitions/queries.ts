import { stringify } from 'yaml'
import { everyStep } from './blocks.ts'
import { isRecord } from '#lib/is-record'
import type { Definition } from './types.ts'

/** The definition as YAML that parses to an equal definition. */
export function printDefinition(definition: Definition): string {
  return stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' })
}

/** The flows that a definition runs, each once. */
export function flowsRunBy(definition: Definition): string[] {
  return [...new Set(allSteps(definition).flatMap((step) => (typeof step['flow'] === 'string' ? [step['flow']] : [])))]
}

/** The flows that a definition names in calls of tools, such as hub_trigger_flow. */
export function flowsNamedIn(definition: Definition): string[] {
  return allCalls(definition).flatMap((call) => {
    const named = isRecord(call['with']) ? call['with']['flow_id'] : undefined
    return typeof named === 'string' ? [named] : []
  })
}

/** The name of a flow as a tool. */
export function toolNameOf({ id, tool }: Pick<Definition, 'id' | 'tool'>): string {
  return (typeof tool === 'object' ? tool.name : undefined) ?? `flow_${id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`
}

/** Whether a flow could be a tool of this name. */
export function isToolName(name: string): boolean {
  return /^[a-z][a-z0-9_]*$/.test(name)
}

/** The tools that a definition calls, each once, including calls that need an approval. */
export function toolsUsedBy(definition: Definition): string[] {
  return [...new Set(allCalls(definition).flatMap(({ uses }) => (typeof uses === 'string' ? [uses] : [])))]
}

/** Whether it emits events, which may start other flows. */
export function emits(definition: Definition): boolean {
  return allSteps(definition).some((step) => 'emit' in step)
}

function allCalls(definition: Definition): Record<string, unknown>[] {
  return allSteps(definition)
    .map((step) => (isRecord(step['approve']) ? step['approve']['call'] : step))
    .filter(isRecord)
}

/** Whether steps may have to run after a cancellation. */
export function hasFinally({
  steps,
  on_error,
}: {
  steps: readonly unknown[]
  on_error?: { steps: readonly unknown[] } | undefined
}): boolean {
  return [...everyStep(steps, []), ...everyStep(on_error?.steps, [])].some(({ step }) => 'finally' in step)
}

function allSteps({ steps, on_error }: Definition): Record<string, unknown>[] {
  return [...everyStep(steps, []), ...everyStep(on_error?.steps, [])].map(({ step }) => step)
}
