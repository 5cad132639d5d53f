import type { Principal } from '#access'
import type { Action, Connector } from '#kit'
import type { SecretValues } from '#lib/secret-values'

/** An action as callers see it. */
export interface Tool {
  readonly name: string
  readonly aliases: readonly string[]
  readonly connector: Connector
  readonly action: Omit<Action, 'run'>
  /** The scope of its operation, which a tool of the hub itself needs beside `tools:call`. */
  readonly scope?: string
  /** The argument that names a flow which the tool starts. */
  readonly startsFlow?: string | undefined
  /** Where it comes from, which decides how it runs. */
  readonly origin: ToolOrigin
}

/** A connector's action, an operation of the hub itself, a flow, or whatever undoes the call that the input names. */
export type ToolOrigin =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'operation'; readonly operation: string }
  | { readonly kind: 'flow'; readonly flow: string }
  | { readonly kind: 'undo' }

/** Runs the tools of one origin. */
export type ToolRunner<Kind extends ToolOrigin['kind']> = (origin: Extract<ToolOrigin, { kind: Kind }>, call: ToolRun) => Promise<unknown>

/** How tools run that are not a connector's. */
export interface ToolRunners {
  readonly operation: ToolRunner<'operation'>
  readonly flow: ToolRunner<'flow'>
}

/** The step of a run that makes a call. */
export interface CallingStep {
  readonly id: string
  readonly path: string
  /** The number of runs before this one, each of which started the next. */
  readonly depth: number
  /** What is secret in its run. */
  readonly secrets?: SecretValues | undefined
  /** What its calls share of what they have read. */
  session(): Promise<RunSession>
}

export interface RunSession {
  /** The first of the runs that started each other: they pass on what they have read. */
  readonly root: string
  /** The integration whose event started it; undefined if no event did. */
  readonly trigger?: { readonly integrationId: string; readonly integration: string } | undefined
}

/** What one run of a tool gets. */
export interface ToolRun {
  readonly principal: Principal
  readonly input: unknown
  readonly idempotencyKey: string | undefined
  /** The step that makes the call, if a run does. */
  readonly step: CallingStep | undefined
}

/** Tools that exist as long as a workspace's rows do, such as its flows. */
export interface ToolSource {
  /** Of its tools. */
  readonly connector: Connector
  tools(workspaceId: string): Promise<readonly Tool[]>
  /** One tool by its name, without reading the others. */
  find(workspaceId: string, name: string): Promise<Tool | undefined>
  /** The names of tools, to suggest similar ones: as many as are read fast. */
  names(workspaceId: string): Promise<readonly string[]>
}

/** The tools of a connector: one for each action. */
export function toolsOf(connector: Connector): Tool[] {
  return Object.entries(connector.actions).map(([verb, action]) => ({
    name: `${connector.name}_${verb}`,
    aliases: action.aliases,
    connector,
    action,
    origin: { kind: 'action', action },
  }))
}
