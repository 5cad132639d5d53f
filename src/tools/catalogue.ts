import type { Principal } from '#access'
import { mayCall, unknownTool, type Registry, type ToolFilter } from './registry.ts'
import { isMadeName, modelName } from './formats/index.ts'
import { byName, createSearch, type Search } from './search/index.ts'
import type { Tool, ToolSource } from './tool.ts'
import { isInToolset } from './toolset.ts'

export interface Catalogue {
  readonly registry: Registry
  find(workspaceId: string, name: string): Promise<Tool>
  all(workspaceId: string): Promise<Tool[]>
  /** The tools that the principal may call and the filter accepts: with a query the best match first, and all of them. */
  list(principal: Principal, filter: ToolFilter): Promise<Tool[]>
  /** What has this name already, so that a tool of a source may not; undefined when it is free. */
  reservedFor(name: string): string | undefined
}

export interface CatalogueOptions {
  /** The names of the connectors that a workspace can use now, because one of their integrations is enabled. The default is all. */
  readonly usable?: (workspaceId: string) => Promise<ReadonlySet<string>>
}

/** All tools of a workspace: those of connectors and of the hub itself, and then those of the sources. */
export function createCatalogue(registry: Registry, sources: readonly ToolSource[] = [], { usable }: CatalogueOptions = {}): Catalogue {
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

  // The first query prepares it, because a start should not wait for it.
  let search: Search | undefined

  return {
    registry,
    reservedFor,
    async find(workspaceId, name) {
      const tool = registry.peek(name) ?? (await findProvided(workspaceId, name))
      if (tool) return tool
      const renamed = isMadeName(name) ? (await all(workspaceId)).find((one) => modelName(one.name) === name) : undefined
      if (renamed) return renamed
      const more = await Promise.all(sources.map((source) => source.names(workspaceId)))
      throw unknownTool(name, [...registry.names(), ...more.flat()])
    },
    all,
    async list(principal, filter) {
      const { workspaceId } = principal
      const allowed = (await all(workspaceId)).filter((tool) => mayCall(principal, tool) && accepts(filter, tool))
      const { query = '' } = filter
      if (query.trim() === '') return allowed.toSorted(byName)
      const connected = await usable?.(workspaceId)
      search ??= createSearch(registry.all)
      return search.rank(allowed, query, ({ name, builtIn }) => builtIn === true || connected === undefined || connected.has(name))
    },
  }
}

function accepts({ connector, effect, toolset }: ToolFilter, tool: Tool): boolean {
  if (toolset !== undefined && !isInToolset(toolset, tool)) return false
  if (connector !== undefined && tool.connector.name !== connector && !tool.connector.aliases.includes(connector)) return false
  return effect === undefined || tool.action.effect === effect
}
