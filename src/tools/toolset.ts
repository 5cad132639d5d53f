import { nearest } from '#lib/nearest'
import type { Tool } from './tool.ts'

/** Connectors and tools, by their names and aliases. */
export type Toolset = ReadonlySet<string>

export function isInToolset(toolset: Toolset, tool: Tool): boolean {
  return namesOf(tool).some((one) => toolset.has(one))
}

/** Returns what is wrong with a toolset that names something that no tool has. */
export function unknownIn(toolset: Toolset, tools: readonly Tool[]): string | undefined {
  const unknown = firstUnknown(toolset, tools)
  if (unknown === undefined) return undefined
  const known = new Set(tools.flatMap(namesOf))
  return `toolset: there is no connector and no tool "${unknown}"; the nearest: ${nearest(unknown, known, 3).join(', ')}`
}

/** The first name that no tool has. */
export function firstUnknown(toolset: Toolset, tools: readonly Tool[]): string | undefined {
  const known = new Set(tools.flatMap(namesOf))
  return [...toolset].find((name) => !known.has(name))
}

function namesOf({ name, aliases, connector }: Tool): string[] {
  return [name, ...aliases, connector.name, ...connector.aliases]
}
