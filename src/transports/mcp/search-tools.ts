import { z } from 'zod'
import { mayCall, type Tools } from '#tools'
import type { Definitions } from './definitions.ts'
import { definitionOf, parseArguments, readsOnly, textResult, type CallParams, type OwnTools } from './own-tool.ts'
import { isVisible } from './view.ts'

/** What a caller gets instead of a list that would fill its context: one tool finds tools, one describes them, one calls them. */
export interface SearchTools extends OwnTools {
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
  return {
    definitions: (caller) => [
      definitionOf('call_tool', callInput, {
        title: 'Call a tool',
        description:
          'Calls a tool that search_tools found. Use describe_tool first if you do not know its arguments. Returns what the tool returns.',
        readOnly: readsOnly(caller),
      }),
      definitionOf('describe_tool', describeInput, {
        title: 'Describe a tool',
        description:
          'Describes one tool: what it does, its arguments and its result as JSON Schemas. Use it before you call a tool for the first time.',
        readOnly: true,
      }),
      definitionOf('search_tools', searchInput, {
        title: 'Find tools',
        description:
          'Finds the tools for what you want to do, the best first. Use it first: this server has more tools than it lists. Returns name, description and input schema of each.',
        readOnly: true,
      }),
    ],

    async answer({ principal, view }, { name, arguments: args }) {
      if (name === 'search_tools') {
        const { query, limit } = parseArguments(name, searchInput, args)
        const found = (await tools.list(principal, { query })).filter((tool) => isVisible(view, tool))
        const shown = found.slice(0, limit).map((tool) => {
          const { inputSchema, description, annotations } = of(tool)
          return { name: tool.name, description, input_schema: inputSchema, read_only: annotations?.readOnlyHint === true }
        })
        return textResult({ tools: shown })
      }
      if (name !== 'describe_tool') return undefined
      const wanted = parseArguments(name, describeInput, args).name
      const tool = await tools.find(principal.workspaceId, wanted).catch(() => undefined)
      if (!tool || !isVisible(view, tool) || !mayCall(principal, tool))
        return { ...textResult({ error: `There is no tool "${wanted}" here. Next: search_tools finds tools.` }), isError: true }
      return textResult(of(tool))
    },

    callIn({ name, arguments: args = {} }) {
      if (name !== 'call_tool') return { name, args }
      const call = parseArguments(name, callInput, args)
      return { name: call.name, args: call.arguments }
    },
  }
}
