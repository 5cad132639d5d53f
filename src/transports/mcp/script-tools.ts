import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { renderScript, runScript, type ScriptOutcome } from '#operations'
import { typesOf } from '#scripts'
import { selectTools, type Tool } from '#tools'
import { failed, keyOf, sessionOf } from './call-tool.ts'
import { definitionOf, parseArguments, readsOnly, textResult, type CallParams, type OwnTools } from './own-tool.ts'
import type { McpCaller, McpDeps } from './types.ts'
import { isVisible } from './view.ts'

const scriptInput = z.strictObject({
  code: z
    .string()
    .min(1)
    .max(100_000)
    .describe('JavaScript: the body of an async function of `input`, `tools` and `console`. `return` gives the result.'),
  input: z.unknown().optional().describe('What the script reads as `input`.'),
  idempotency_key: z.string().min(1).max(200).optional().describe('To repeat a script that stopped: its calls are not made a second time.'),
  time: z.iso.datetime().optional().describe('What `Date` shows; the time that the error named, to repeat a script.'),
})
const typesInput = z.strictObject({
  query: z.string().max(200).optional().describe('What the script is to do, in your own words.'),
  names: z.array(z.string().max(100)).max(100).optional().describe('Names of tools or connectors.'),
})

/** How many tools are described at once. */
const described = 20

/** One tool runs a script in which every other tool is a function, and one says how these functions are called. */
export function createScriptTools(deps: McpDeps): OwnTools {
  const { tools, logger } = deps

  const visibleTo = async ({ principal, view }: McpCaller, query?: string): Promise<Tool[]> =>
    (await tools.list(principal, { query })).filter((tool) => isVisible(view, tool))

  const run = async (caller: McpCaller, args: Record<string, unknown>, { mcpReq }: ServerContext): Promise<CallToolResult> => {
    const { principal } = caller
    const { _meta: meta = {}, id: requestId, signal } = mcpReq
    const { idempotency_key: stated, time, ...script } = parseArguments('run_script', scriptInput, args)
    try {
      const outcome = await runScript(deps, principal, {
        ...script,
        time: time === undefined ? undefined : new Date(time),
        visible: await visibleTo(caller),
        idempotencyKey: stated ?? (await keyOf(tools, { principal, name: 'run_script', args, meta, requestId, part: '#1' })),
        session: sessionOf(meta),
        signal,
        transport: 'mcp',
      })
      return scriptResult(outcome)
    } catch (error) {
      return failed(logger, error)
    }
  }

  return {
    definitions: (caller) => [
      definitionOf('describe_tools_as_types', typesInput, {
        title: 'Describe tools as types',
        description: 'Gives TypeScript declarations of the tools that fit, for use in run_script. Returns the declarations as a text.',
        readOnly: true,
      }),
      definitionOf('run_script', scriptInput, {
        title: 'Run a script',
        description:
          'Runs JavaScript in a sandbox where each tool is an async function: `await tools.github_list_issues({ owner, repo })`. Use it for work of several calls: loops, filters and sums cost no context. describe_tools_as_types says how the functions are called. There is no network and no import. Returns what the script returns, and its calls.',
        readOnly: readsOnly(caller),
      }),
    ],

    async answer(caller, { name, arguments: args = {} }: CallParams, context) {
      if (name === 'run_script') return run(caller, args, context)
      if (name !== 'describe_tools_as_types') return undefined
      const { query, names } = parseArguments(name, typesInput, args)
      const found = selectTools(await visibleTo(caller, query), names).slice(0, described)
      return { content: [{ type: 'text', text: typesOf(found.map(tools.registry.describe)) }] }
    },
  }
}

function scriptResult(outcome: ScriptOutcome): CallToolResult {
  const { output, logs, calls, truncated } = renderScript(outcome)
  const { content, ...rest } = textResult({ output, ...(logs.length > 0 ? { logs } : {}), ...(truncated ? { truncated } : {}) })
  const replayed = calls.filter((call) => call.replayed).length
  const note = `${replayed} of its calls were not made now: these are the results of the same script, run a moment ago. To make them again, wait a minute.`
  return {
    ...rest,
    content: [...content, ...(replayed > 0 ? [{ type: 'text' as const, text: note }] : [])],
    _meta: { 'integrationhub/calls': calls },
  }
}
