import { digest } from '#lib/canonical'
import type { FlowWithVersion } from './flow-store.ts'
import { flowsNamedIn, flowsRunBy, toolNameOf, toolsUsedBy } from './queries.ts'

/** A digest of what a run of the flow would execute: its definition, and those of all flows that it runs, with who saved each. */
export function digestOfFlow(flows: readonly FlowWithVersion[], ref: string): string | undefined {
  const byName = new Map(flows.flatMap((flow) => [flow.id, flow.name].map((name) => [name, flow] as const)))
  const byTool = new Map(flows.flatMap((flow) => (flow.definition.tool ? [[toolNameOf(flow.definition), flow] as const] : [])))
  const reached = new Map<string, { readonly digest: string; readonly actor: string }>()
  const visit = (flow: FlowWithVersion | undefined): void => {
    if (!flow || reached.has(flow.id)) return
    const { definition } = flow
    reached.set(flow.id, { digest: flow.digest, actor: flow.actor })
    for (const name of [...flowsRunBy(definition), ...flowsNamedIn(definition)]) visit(byName.get(name))
    for (const name of toolsUsedBy(definition)) visit(byTool.get(name))
  }
  visit(byName.get(ref))
  return reached.size === 0 ? undefined : digest(Object.fromEntries(reached))
}
