import { ProtocolError, ProtocolErrorCode, Server, type McpServerFactory } from '@modelcontextprotocol/server'
import type { Principal } from '#access'
import { hubError, HubError } from '#errors'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import type { Tool, Tools } from '#tools'
import { createCallTool } from './call-tool.ts'
import { createDefinitions } from './definitions.ts'
import { isVisible, type View } from './view.ts'

/** Who sent a request, and what it may see. */
export interface McpCaller {
  readonly principal: Principal
  readonly view: View
}

export interface McpDeps extends Telemetry {
  readonly version: string
  readonly tools: Tools
}

const instructions = `The tools act on the systems that are connected to this hub, such as repositories, issue trackers and chats.
A call that needs a person's approval says so: repeat the same call after the approval. hub_list_integrations shows what is connected.`

/** How long a client may keep a list, in milliseconds. */
const listTtlMs = 60_000
/** How often a call that takes long reports that it is still running, to clients that asked for it. */
const progressMs = 5000

/** Serves one request or one connection of a caller. A list is computed once for all callers with the same rights. */
export function createMcpServer(deps: McpDeps): (caller: McpCaller) => ReturnType<McpServerFactory> {
  const { version, tools, logger } = deps
  const definitions = createDefinitions(tools)
  const callTool = createCallTool({
    invoke: tools.invoke,
    isKnownKey: tools.isKnownKey,
    now: Date.now,
    report(error) {
      const id = newId('req')
      logger.error({ request_id: id, err: error, code: error.code }, 'a tool call over MCP failed')
      return id
    },
  })

  /** A tool that the caller does not see does not exist for it. */
  const find = async ({ principal, view }: McpCaller, name: string): Promise<Tool> => {
    const tool = await tools.find(principal.workspaceId, name).catch((error: unknown) => {
      if (error instanceof HubError && error.code === 'tool_unknown') throw unknownTool(error)
      throw error
    })
    if (isVisible(view, tool)) return tool
    throw unknownTool(hubError('tool_unknown', { detail: `there is no tool "${name}" in this toolset` }))
  }

  return (caller) => {
    const server = new Server(
      { name: 'integration-hub', title: 'IntegrationHub', version },
      { capabilities: { tools: {} }, instructions, cacheHints: { 'tools/list': { ttlMs: listTtlMs, cacheScope: 'private' } } },
    )
    server.setRequestHandler('tools/list', async () => ({ tools: [...(await definitions.list(caller.principal, caller.view))] }))
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
      const { name, arguments: args = {} } = params
      const { _meta: meta = {}, id: requestId, signal } = mcpReq
      const tool = await find(caller, name)
      using _ = reportProgress(meta.progressToken, (progress) =>
        mcpReq.notify({ method: 'notifications/progress', params: { ...progress, message: `${name} is still running` } }),
      )
      const hasStructure = definitions.of(tool).outputSchema !== undefined
      return await callTool({ principal: caller.principal, tool, args, meta, hasStructure, requestId, signal })
    })
    return server
  }
}

function unknownTool({ message }: HubError): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message)
}

interface Progress {
  readonly progressToken: string | number
  readonly progress: number
}

function reportProgress(progressToken: string | number | undefined, send: (progress: Progress) => Promise<void>): Disposable {
  if (progressToken === undefined) return { [Symbol.dispose]: () => undefined }
  let progress = 0
  // A client that is gone gets no reports, and the call goes on or is cancelled by its signal.
  const timer = setInterval(() => void send({ progressToken, progress: ++progress }).catch(() => undefined), progressMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
