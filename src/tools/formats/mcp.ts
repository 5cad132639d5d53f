import { parts } from '#kit'
import type { Tool } from '../tool.ts'
import type { Described, McpDefinition, ObjectSchema } from './types.ts'

export function mcpDefinition(described: Described, tool: Pick<Tool, 'action'>): McpDefinition {
  const { name, title, description, effect, idempotent, input_schema, output_schema } = described
  return {
    name,
    title,
    description,
    inputSchema: asObjectSchema(input_schema),
    // A result that was truncated lacks parts, so nothing is required of it.
    ...(output_schema['type'] === 'object' && !givesParts(tool) ? { outputSchema: asObjectSchema(withoutDemands(output_schema)) } : {}),
    annotations: {
      title,
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destroy',
      idempotentHint: effect === 'read' || idempotent,
      openWorldHint: true,
    },
  }
}

export function asObjectSchema(schema: Readonly<Record<string, unknown>>): ObjectSchema {
  return { ...schema, type: 'object' }
}

/** Whether the tool gives pictures, sounds or files, which a model sees as such. */
export function givesParts(tool: Pick<Tool, 'action'> | undefined): boolean {
  return tool?.action.output === parts
}

const demands = new Set([
  'required',
  'additionalProperties',
  'minItems',
  'minLength',
  'pattern',
  'format',
  'const',
  'enum',
  'minProperties',
])
const named = new Set(['properties', '$defs'])

/** A schema that every part of a fitting value fits, too. */
function withoutDemands(schema: unknown): Record<string, unknown> {
  const loosen = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(loosen)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(
      Object.entries(part)
        .filter(([keyword]) => !demands.has(keyword))
        .map(([keyword, value]) => [keyword, named.has(keyword) ? mapValues(value as Record<string, unknown>, loosen) : loosen(value)]),
    )
  }
  return loosen(schema) as Record<string, unknown>
}

function mapValues(record: Readonly<Record<string, unknown>>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
