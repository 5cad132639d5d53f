import { ProtocolError, ProtocolErrorCode, type Server, type ServerContext } from '@modelcontextprotocol/server'
import { hubError, HubError } from '#errors'
import { digest } from '#lib/canonical'
import { tokensOf, type Tool } from '#tools'
import { approvalIn, askForApproval } from './ask-approval.ts'
import { createCallTool, type ToolCall } from './call-tool.ts'
import type { Definitions, ToolDefinition } from './definitions.ts'
import { createScriptTools } from './script-tools.ts'
import { createSearchTools } from './search-tools.ts'
import type { McpCaller, McpDeps } from './types.ts'
import { isTask, takesTasks, type Tasks } from './tasks.ts'
import { isVisible } from './view.ts'

export interface ToolHandlers {
  serve(server: Server, caller: McpCaller): void
  /** Differs when the list of tools has changed. */
  fingerprint(caller: McpCaller): Promise<string>
}

interface Deps extends McpDeps {
  readonly tasks: Tasks
  readonly definitions: Definitions
}

/** How often a call that takes long reports that it is still running, to clients that asked for it. */
const progressMs = 5000

export function createToolHandlers(deps: Deps, listTokens: number): ToolHandlers {
  const { tools, tasks, definitions } = deps
  const callTool = createCallTool(deps)
  const search = createSearchTools(tools, definitions)
  const scripts = createScriptTools(deps)
  const lists = new WeakMap<readonly ToolDefinition[], Map<boolean, readonly ToolDefinition[]>>()
  const sizes = new WeakMap<readonly ToolDefinition[], number>()
  // A digest of 100 definitions takes 5 ms, and each of up to 500 streams asks for one every two seconds.
  const digests = new WeakMap<readonly ToolDefinition[], string>()

  const sizeOf = (list: readonly ToolDefinition[]): number => {
    const known = sizes.get(list)
    if (known !== undefined) return known
    const tokens = tokensOf(JSON.stringify(list))
    sizes.set(list, tokens)
    return tokens
  }

  const listOf = async (caller: McpCaller): Promise<readonly ToolDefinition[]> => {
    const { principal, view } = caller
    const list = await definitions.list(principal, view)
    const isShort = view.list === 'full' || (view.list === undefined && sizeOf(list) <= listTokens)
    const known = lists.get(list)?.get(isShort)
    if (known) return known
    const made = [...(isShort ? list : search.definitions(caller)), ...scripts.definitions(caller)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )
    lists.set(list, (lists.get(list) ?? new Map<boolean, readonly ToolDefinition[]>()).set(isShort, made))
    return made
  }

  /** A tool that the caller does not see does not exist for it. */
  const find = async ({ principal, view }: McpCaller, name: string): Promise<Tool> => {
    const tool = await tools.find(principal.workspaceId, name).catch((error: unknown) => {
      if (error instanceof HubError && error.code === 'tool_unknown') throw unknownTool(error)
      throw error
    })
    if (isVisible(view, tool)) return tool
    throw unknownTool(hubError('tool_unknown', { detail: `there is no tool "${name}" in this toolset` }))
  }

  return {
    async fingerprint(caller) {
      const list = await listOf(caller)
      const known = digests.get(list) ?? digest(list)
      digests.set(list, known)
      return known
    },

    serve(server, caller) {
      server.setRequestHandler('tools/list', async () => ({ tools: [...(await listOf(caller))] }))
      server.setRequestHandler('tools/call', async ({ params }, context) => {
        const answered = (await search.answer(caller, params, context)) ?? (await scripts.answer(caller, params, context))
        if (answered) return answered
        const { name, args } = search.callIn(params)
        const tool = await find(caller, name)
        const { _meta: meta = {}, id: requestId, signal } = context.mcpReq
        // The list has no schema of a tool that is called by `call_tool`.
        const hasStructure = name === params.name && definitions.of(tool).outputSchema !== undefined
        const call = { principal: caller.principal, tool, args, meta, hasStructure, requestId, signal }
        if (isTask(context, call)) return tasks.start(call)
        using progress = reportProgress(context, name)
        const result = await callTool({ ...call, onProgress: progress.report })
        if (approvalIn(result) === undefined) return result
        // Nothing was done: the same call is stored, and made once somebody has approved it.
        return takesTasks(context) ? tasks.start(call) : askForApproval(result, context)
      })
    },
  }
}

function unknownTool({ message }: HubError): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message)
}

interface Progress extends Disposable {
  readonly report: NonNullable<ToolCall['onProgress']>
}

/** Passes on what the action reports. Of one that reports nothing, it says now and then that it is still running. */
function reportProgress({ mcpReq }: ServerContext, name: string): Progress {
  const { _meta: meta = {} } = mcpReq
  const { progressToken } = meta
  if (progressToken === undefined) return { report: () => undefined, [Symbol.dispose]: () => undefined }
  let beats = 0
  const send = (progress: { progress: number; total?: number; message?: string }): void => {
    // A client that is gone gets no reports, and the call goes on or is cancelled by its signal.
    void mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } }).catch(() => undefined)
  }
  const timer = setInterval(() => send({ progress: ++beats, message: `${name} is still running` }), progressMs)
  return {
    report: ({ done, total }) => {
      clearInterval(timer)
      send({ progress: done, ...(total === undefined ? {} : { total }) })
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
