import type { Principal } from '#access'
import { rank, unknownTool, type Registry, type ToolFilter } from './registry.ts'
import type { Tool, ToolSource } from './tool.ts'

export interface Catalogue {
  readonly registry: Registry
  find(workspaceId: string, name: string): Promise<Tool>
  all(workspaceId: string): Promise<Tool[]>
  list(principal: Principal, filter: ToolFilter): Promise<Tool[]>
  /** What has this name already, so that a tool of a source may not; undefined when it is free. */
  reservedFor(name: string): string | undefined
}

/** All tools of a workspace: those of connectors and of the hub itself, and then those of the sources. */
export function createCatalogue(registry: Registry, sources: readonly ToolSource[] = []): Catalogue {
  const families = new Set(sources.map(({ connector }) => connector.name))
  const reservedFor: Catalogue['reservedFor'] = (name) => registry.reservedFor(name) ?? (families.has(name) ? 'a connector' : undefined)

  const provided = async (workspaceId: string): Promise<Tool[]> => {
    const found = await Promise.all(sources.map((source) => source.tools(workspaceId)))
    const taken = new Set<string>()
    return found.flat().filter((tool) => {
      // A flow's tool must not replace another tool.
      if (taken.has(tool.name) || reservedFor(tool.name)) return false
      taken.add(tool.name)
      return true
    })
  }

  const findProvided = async (workspaceId: string, name: string): Promise<Tool | undefined> => {
    if (reservedFor(name)) return undefined
    for (const source of sources) {
      const tool = await source.find(workspaceId, name)
      if (tool) return tool
    }
    return undefined
  }

  const all = async (workspaceId: string): Promise<Tool[]> => [...registry.all, ...(await provided(workspaceId))]

  return {
    registry,
    reservedFor,
    async find(workspaceId, name) {
      const tool = registry.peek(name) ?? (await findProvided(workspaceId, name))
      if (tool) return tool
      const more = await Promise.all(sources.map((source) => source.names(workspaceId)))
      throw unknownTool(name, [...registry.names(), ...more.flat()])
    },
    all,
    list: async (principal, filter) => rank(await all(principal.workspaceId), principal, filter),
  }
}
