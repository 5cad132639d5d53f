import type { Tool } from '../tool.ts'
import { mcpDefinition } from './mcp.ts'
import { modelName } from './names.ts'
import { strictSchema } from './strict.ts'
import type { Definition, Described, ObjectSchema, Schema, ToolFormat } from './types.ts'

export { asObjectSchema, givesParts, mcpDefinition } from './mcp.ts'
export { isMadeName, modelName } from './names.ts'
export { toolFormats, type ToolFormat } from './types.ts'

/** Chat Completions refuses a longer one. */
const maxDescription = 1024
/** What the APIs refuse at the top of a schema. The hub checks it when the tool is called. */
const refusedAtTop = new Set(['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'const', 'if', 'then', 'else', '$schema'])

/** The tool as this API takes it in its list of tools. */
export function definitionFor(format: ToolFormat, described: Described, tool: Tool): Definition {
  const { description, input_schema } = described
  const name = modelName(described.name)
  switch (format) {
    case 'openai':
      return { type: 'function', name, description: shortened(description), ...openAiParameters(described, tool) }
    case 'openai-chat':
      return { type: 'function', function: { name, description: shortened(description), ...openAiParameters(described, tool) } }
    case 'anthropic':
      return { name, description, input_schema: topSchema(input_schema) }
    case 'vercel':
      return { type: 'function', name, description, inputSchema: topSchema(input_schema) }
    case 'mcp':
      return mcpDefinition(described, tool)
  }
}

/** The schema of a flow’s parameters is checked as it was written, where null is a value like any other. */
function openAiParameters({ input_schema }: Described, { action }: Tool): { parameters: ObjectSchema; strict: boolean } {
  const strict = action.inputSchema === undefined ? strictSchema(input_schema) : undefined
  return strict ? { parameters: strict, strict: true } : { parameters: topSchema(input_schema), strict: false }
}

function topSchema(schema: Schema): ObjectSchema {
  const entries = Object.entries(schema).filter(([keyword]) => !refusedAtTop.has(keyword))
  return { properties: {}, ...Object.fromEntries(entries), type: 'object' }
}

function shortened(description: string): string {
  return description.length <= maxDescription ? description : `${description.slice(0, maxDescription - 1).toWellFormed()}…`
}
