import type { Principal } from '#access'
import { rank, unknownTool, type Registry, type ToolFilter } from './registry.ts'
import type { Tool, ToolSource } from './tool.ts'

export interface Catalogue {
  readonly registry: Registry
  find(workspaceId: string, name: string): Promise<Tool>
  all(workspaceId: string): Promise<Tool[]>
  list(principal: Principal, filter: ToolFilter): Promise<Tool[]>
}

/** All tools of a workspace: those of connectors and of the hub itself, and then those of the sources. */
export function createCatalogue(registry: Registry, sources: readonly ToolSource[] = []): Catalogue {
  const provided = async (workspaceId: string): Promise<Tool[]> => {
    const found = await Promise.all(sources.map((source) => source.tools(workspaceId)))
    const taken = new Set<string>()
    return found.flat().filter((tool) => {
      const names = [tool.name, ...tool.aliases]
      // A flow's tool must not replace another tool.
      if (names.some((name) => taken.has(name) || registry.peek(name))) return false
      for (const name of names) taken.add(name)
      return true
    })
  }

  const all = async (workspaceId: string): Promise<Tool[]> => [...registry.all, ...(await provided(workspaceId))]

  return {
    registry,
    async find(workspaceId, name) {
      const own = registry.peek(name)
      if (own) return own
      const more = await provided(workspaceId)
      const tool = more.find((candidate) => candidate.name === name || candidate.aliases.includes(name))
      if (tool) return tool
      throw unknownTool(name, [...registry.names(), ...more.flatMap((candidate) => [candidate.name, ...candidate.aliases])])
    },
    all,
    list: async (principal, filter) => rank(await all(principal.workspaceId), principal, filter),
  }
}
