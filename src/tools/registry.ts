import { z } from 'zod'
import { allows, type Principal } from '#access'
import { hubError, type HubError } from '#errors'
import type { Connector, Effect } from '#kit'
import { digest } from '#lib/canonical'
import { nearest } from '#lib/nearest'
import { setupTool } from './setup-tool.ts'
import { toolsOf, type Tool } from './tool.ts'
import type { Toolset } from './toolset.ts'

export interface ToolDescription {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly connector: string
  readonly effect: Effect
  readonly idempotent: boolean
  readonly aliases: readonly string[]
  readonly input_schema: Record<string, unknown>
  readonly output_schema: Record<string, unknown>
  /** Changes with the definition of the tool; approvals and cached lists are bound to it. */
  readonly digest: string
}

export interface Registry {
  readonly all: readonly Tool[]
  find(name: string): Tool
  peek(name: string): Tool | undefined
  /** Of all tools, aliases included. */
  names(): Iterable<string>
  describe(tool: Tool): ToolDescription
  /** What already has this name, so that no tool of a workspace may: another tool, or a connector, whose scope would cover that tool. */
  reservedFor(name: string): string | undefined
}

export interface ToolFilter {
  readonly query?: string | undefined
  readonly connector?: string | undefined
  readonly effect?: string | undefined
  readonly toolset?: Toolset | undefined
}

/** `own` are the tools of the hub itself. */
export function createRegistry(connectors: readonly Connector[], own: readonly Tool[] = []): Registry {
  const all = [...connectors.flatMap(toolsOf), ...own]
  const byName = new Map<string, Tool>()
  for (const tool of all) {
    for (const name of [tool.name, ...tool.aliases]) {
      if (byName.has(name)) throw new Error(`two tools are called ${name}`)
      byName.set(name, tool)
    }
  }
  // Not in any list, because only the hub knows the address and the secret that they need.
  const unlisted = new Map(connectors.flatMap((connector) => setupTool(connector) ?? []).map((tool) => [tool.name, tool]))
  for (const name of unlisted.keys()) if (byName.has(name)) throw new Error(`two tools are called ${name}`)
  const connectorNames = new Set([...connectors, ...own.map(({ connector }) => connector)].map(({ name }) => name))

  // Weak: tools of a source are created again for each list.
  const described = new WeakMap<Tool, ToolDescription>()

  const describe = (tool: Tool): ToolDescription => {
    const made = described.get(tool) ?? describeTool(tool)
    described.set(tool, made)
    return made
  }

  return {
    all,
    describe,
    peek: (name) => byName.get(name) ?? unlisted.get(name),
    names: () => byName.keys(),
    reservedFor: (name) => (byName.has(name) || unlisted.has(name) ? 'another tool' : connectorNames.has(name) ? 'a connector' : undefined),
    find(name) {
      const tool = byName.get(name) ?? unlisted.get(name)
      if (!tool) throw unknownTool(name, byName.keys())
      return tool
    },
  }
}

export function unknownTool(name: string, names: Iterable<string>): HubError {
  return hubError('tool_unknown', {
    detail: `there is no tool "${name}"; the nearest: ${nearest(name, names, 3).join(', ')}`,
    hint: 'GET /api/v1/tools?query=… finds tools',
  })
}

export function mayCall(principal: Principal, { name, connector, action }: Tool): boolean {
  if (principal.readOnly && action.effect !== 'read') return false
  return allows(principal, `tools:call:${connector.name}`) || allows(principal, `tools:call:${name}`)
}

function describeTool({ name, aliases, connector, action }: Tool): ToolDescription {
  const schemas = {
    input_schema: action.inputSchema ?? jsonSchema(action.input, 'input'),
    output_schema: jsonSchema(action.output, 'output'),
  }
  const { title, description, effect, idempotent } = action
  return {
    name,
    title,
    description,
    connector: connector.name,
    effect,
    idempotent,
    aliases,
    ...schemas,
    digest: digest({ name, description, effect, ...schemas }),
  }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
