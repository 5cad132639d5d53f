import { noSecrets, type SecretValue, type SecretValues } from '#lib/secret-values'
import { flowStartedBy } from './bind-call.ts'
import type { Tool } from './tool.ts'

/** What is secret among the parameters of flows. */
export interface FlowSecrets {
  /** The secrets in these parameters of a flow, and others. */
  in(asked: {
    readonly workspaceId: string
    readonly flow: string
    readonly parameters: Record<string, unknown>
    readonly others: readonly SecretValue[]
  }): Promise<SecretValues>
  seal(workspaceId: string, value: unknown): Promise<string>
  open(workspaceId: string, sealed: string): Promise<unknown>
}

interface Asked {
  readonly workspaceId: string
  readonly tool: Tool
  readonly input: unknown
  /** Of the run that makes the call. */
  readonly others?: SecretValues | undefined
}

/** What of a call is stored nowhere: secret parameters of the run that makes it, and of the flow that it starts. */
export async function secretsOfCall(flows: FlowSecrets, { workspaceId, tool, input, others = noSecrets }: Asked): Promise<SecretValues> {
  const flow = flowStartedBy(tool, input)
  if (flow === undefined) return others
  const fields = input as Record<string, unknown>
  const parameters = tool.origin.kind === 'flow' ? fields : ((fields['parameters'] ?? {}) as Record<string, unknown>)
  return flows.in({ workspaceId, flow, parameters, others: others.values })
}
