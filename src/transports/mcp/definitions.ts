import type { Tool as ToolDefinition } from '@modelcontextprotocol/server'
import type { Principal } from '#access'
import { ttlCache } from '#lib/ttl-cache'
import { mayCall, mcpDefinition, type Tool, type ToolDescription, type Tools } from '#tools'
import { isVisible, nameOf, type View } from './view.ts'

export type { ToolDefinition }

/** A flow that was saved as a tool appears after this time at the latest. */
const listTtlMs = 1000

/** The tools of a caller, as MCP describes them. A list is computed once for all callers with the same rights. */
export interface Definitions {
  of(tool: Tool): ToolDefinition
  /** All tools of a workspace. */
  all(workspaceId: string): Promise<readonly Tool[]>
  list(principal: Principal, view: View): Promise<readonly ToolDefinition[]>
}

export function createDefinitions(tools: Pick<Tools, 'all' | 'registry'>): Definitions {
  const made = new WeakMap<ToolDescription, ToolDefinition>()

  const definitionOf = (tool: Tool): ToolDefinition => {
    const description = tools.registry.describe(tool)
    const known = made.get(description)
    if (known) return known
    const definition = mcpDefinition(description, tool)
    made.set(description, definition)
    return definition
  }

  const catalogues = ttlCache(listTtlMs, (workspaceId: string) => tools.all(workspaceId))
  const lists = new WeakMap<readonly Tool[], Map<string, readonly ToolDefinition[]>>()

  return {
    of: definitionOf,
    all: (workspaceId) => catalogues.get(workspaceId),
    async list(principal, view) {
      const catalogue = await catalogues.get(principal.workspaceId)
      const known = lists.get(catalogue) ?? new Map<string, readonly ToolDefinition[]>()
      lists.set(catalogue, known)
      const rights = rightsOf(principal, view)
      const list = known.get(rights) ?? definitionsFor(catalogue, principal, view)
      known.set(rights, list)
      return list
    },
  }

  /** By name, so that the same tools are always the same text, which the caches of model providers need. */
  function definitionsFor(catalogue: readonly Tool[], principal: Principal, view: View): ToolDefinition[] {
    return catalogue
      .filter((tool) => mayCall(principal, tool) && isVisible(view, tool))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(definitionOf)
  }
}

function rightsOf({ scopes, readOnly }: Principal, view: View): string {
  return JSON.stringify([readOnly, [...scopes].toSorted(), nameOf(view)])
}
