import { hubError } from '#errors'
import { nearest } from '#lib/nearest'
import type { Tool } from './tool.ts'
import { firstUnknown, isInToolset } from './toolset.ts'

/** Those of the tools that are named, by their own name or by their connector's. Without names, all of them. */
export function selectTools(tools: readonly Tool[], names?: readonly string[]): readonly Tool[] {
  if (names === undefined) return tools
  const toolset = new Set(names)
  const unknown = firstUnknown(toolset, tools)
  if (unknown !== undefined) {
    const known = tools.flatMap(({ name, connector }) => [name, connector.name])
    throw hubError('tool_unknown', {
      detail: `you may call no tool or connector "${unknown}"; the nearest: ${nearest(unknown, new Set(known), 3).join(', ')}`,
    })
  }
  return tools.filter((tool) => isInToolset(toolset, tool))
}
