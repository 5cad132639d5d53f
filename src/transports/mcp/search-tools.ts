import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { jsonSchemaOf } from '#operations'
import { mayCall, type Tools } from '#tools'
import { asObjectSchema, type Definitions, type ToolDefinition } from './definitions.ts'
import type { McpCaller } from './types.ts'
import { isVisible } from './view.ts'

interface CallParams {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
}

/** What a caller gets instead of a list that would fill its context: one tool finds tools, one describes them, one calls them. */
export interface SearchTools {
  readonly definitions: readonly ToolDefinition[]
  /** The answer of a tool that finds or describes; undefined for all other tools. */
  answer(caller: McpCaller, params: CallParams): Promise<CallToolResult | undefined>
  /** The tool that is meant, and its arguments. */
  callIn(params: CallParams): { readonly name: string; readonly args: Record<string, unknown> }
}

const searchInput = z.strictObject({
  query: z.string().min(1).max(200).describe('What you want to do, in your own words: "close the ticket PROJ-12".'),
  limit: z.int().min(1).max(20).default(5).describe('How many tools at most.'),
})
const describeInput = z.strictObject({ name: z.string().max(200).describe('Name of the tool.') })
const callInput = z.strictObject({
  name: z.string().max(200).describe('Name of the tool.'),
  arguments: z.record(z.string(), z.unknown()).default({}).describe('Its arguments, as its input schema says.'),
})

export function createSearchTools(tools: Pick<Tools, 'list' | 'find' | 'registry'>, { of }: Pick<Definitions, 'of'>): SearchTools {
  const inputs = { search_tools: searchInput, describe_tool: describeInput, call_tool: callInput }
  type Name = keyof typeof inputs

  const definition = (name: Name, title: string, about: { description: string; readOnly: boolean }): ToolDefinition => ({
    name,
    title,
    description: about.description,
    inputSchema: asObjectSchema(jsonSchemaOf(inputs[name])),
    annotations: {
      title,
      readOnlyHint: about.readOnly,
      destructiveHint: !about.readOnly,
      idempotentHint: about.readOnly,
      openWorldHint: !about.readOnly,
    },
  })

  const parse = <Input extends z.ZodType>(name: Name, schema: Input, args: unknown): z.output<Input> => {
    const parsed = schema.safeParse(args ?? {})
    if (parsed.success) return parsed.data
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${name}: ${problems.join('; ')}`)
  }

  return {
    definitions: [
      definition('call_tool', 'Call a tool', {
        description:
          'Calls a tool that search_tools found. Use describe_tool first if you do not know its arguments. Returns what the tool returns.',
        readOnly: false,
      }),
      definition('describe_tool', 'Describe a tool', {
        description:
          'Describes one tool: what it does, its arguments and its result as JSON Schemas. Use it before you call a tool for the first time.',
        readOnly: true,
      }),
      definition('search_tools', 'Find tools', {
        description:
          'Finds the tools for what you want to do, the best first. Use it first: this server has more tools than it lists. Returns name, description and input schema of each.',
        readOnly: true,
      }),
    ],

    async answer({ principal, view }, { name, arguments: args }) {
      if (name === 'search_tools') {
        const { query, limit } = parse(name, searchInput, args)
        const found = (await tools.list(principal, { query })).filter((tool) => isVisible(view, tool))
        const shown = found.slice(0, limit).map((tool) => {
          const { inputSchema, description, annotations } = of(tool)
          return { name: tool.name, description, input_schema: inputSchema, read_only: annotations?.readOnlyHint === true }
        })
        return textResult({ tools: shown })
      }
      if (name !== 'describe_tool') return undefined
      const wanted = parse(name, describeInput, args).name
      const tool = await tools.find(principal.workspaceId, wanted).catch(() => undefined)
      if (!tool || !isVisible(view, tool) || !mayCall(principal, tool))
        return { ...textResult({ error: `There is no tool "${wanted}" here. Next: search_tools finds tools.` }), isError: true }
      return textResult(of(tool))
    },

    callIn({ name, arguments: args = {} }) {
      if (name !== 'call_tool') return { name, args }
      const call = parse(name, callInput, args)
      return { name: call.name, args: call.arguments }
    },
  }
}

function textResult(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }] }
}
