import { actorOf, type Principal } from '#access'
import type { IntegrationRow, Integrations } from '#integrations'
import type { ApprovedCall } from './approval-store.ts'
import type { Registry } from './registry.ts'
import type { Tool } from './tool.ts'

/** A call that an approval is about. */
interface Bindable {
  readonly principal: Principal
  readonly tool: Tool
  readonly integration: IntegrationRow | undefined
  readonly input: unknown
}

/** Describes a call with everything that decides what it really does. */
export type BindCall = (call: Bindable) => Promise<ApprovedCall>

/** Returns a digest of a flow and of all flows that it runs, by its id or name; undefined without it. */
export type DigestOfFlow = (workspaceId: string, flow: string) => Promise<string | undefined>

interface BindDeps {
  readonly registry: Pick<Registry, 'describe'>
  readonly integrations: Pick<Integrations, 'stateOf'>
  readonly digestOfFlow: DigestOfFlow
}

export function createBindCall({ registry, integrations, digestOfFlow }: BindDeps): BindCall {
  return async ({ principal, tool, integration, input }) => {
    const flow = flowStartedBy(tool, input)
    const state = integration ? await integrations.stateOf(integration) : { config: null, credential: null }
    return {
      tool: tool.name,
      digest: registry.describe(tool).digest,
      flows: flow === undefined ? null : ((await digestOfFlow(principal.workspaceId, flow)) ?? null),
      integration: integration?.name ?? null,
      integrationId: integration?.id ?? null,
      ...state,
      askedBy: actorOf(principal),
      input,
    }
  }
}

/** The flow that a call starts, by its id or name. */
export function flowStartedBy({ origin, startsFlow }: Tool, input: unknown): string | undefined {
  if (origin.kind === 'flow') return origin.flow
  return startsFlow === undefined ? undefined : String((input as Record<string, unknown>)[startsFlow])
}
