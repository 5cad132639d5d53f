import type { Principal } from '#access'
import type { Connection } from '#integrations'
import type { Action, Connector } from '#kit'

/** An action as callers see it. */
export interface Tool {
  readonly name: string
  readonly aliases: readonly string[]
  readonly connector: Connector
  readonly action: Omit<Action, 'run'>
  /** The scope of its operation, which a tool of the hub itself needs beside `tools:call`. */
  readonly scope?: string
  run(call: ToolRun): Promise<unknown>
}

/** What one run of a tool works with. */
export interface ToolRun {
  readonly principal: Principal
  readonly input: unknown
  readonly idempotencyKey: string | undefined
  readonly connection: Connection
}

/** Tools that exist as long as a workspace's rows do, such as its flows. */
export interface ToolSource {
  tools(workspaceId: string): Promise<readonly Tool[]>
}

/** The tools of a connector: one for each action. */
export function toolsOf(connector: Connector): Tool[] {
  return Object.entries(connector.actions).map(([verb, action]) => ({
    name: `${connector.name}_${verb}`,
    aliases: action.aliases,
    connector,
    action,
    run: ({ connection, input, idempotencyKey }) => action.run(connection.context(input, idempotencyKey)),
  }))
}
