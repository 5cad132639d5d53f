import { AsyncLocalStorage } from 'node:async_hooks'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { actorOf } from '#access'
import { hubError } from '#errors'
import { createChanges, filterOf, type ChangeStream } from './changes.ts'
import { createMcpServer } from './server.ts'
import type { McpCaller, McpDeps } from './types.ts'

/** One message as an HTTP request, whatever carried it. */
export interface McpMessage {
  readonly headers: Headers
  readonly body: string
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

export interface McpHandler extends AsyncDisposable {
  /** Throws when the caller asks to see something that does not exist. */
  check(caller: McpCaller): Promise<void>
  answer(message: McpMessage, caller: McpCaller): Promise<Response>
}

export interface McpHandlerOptions {
  readonly bodyLimit: number
  /** Above this many tokens of definitions, callers get tools that search instead of the list. */
  readonly listTokens: number
}

/** How many streams of changes a process keeps open, and of them one caller: others must get some too. */
const maxStreams = 500
const maxStreamsOfCaller = 20

/** What the SDK does not pass on to the servers and the streams that it creates for a message. */
interface Context {
  readonly caller: McpCaller
  readonly stream: ChangeStream
}

export function createMcp(deps: McpDeps, { bodyLimit, listTokens }: McpHandlerOptions): McpHandler {
  const { problemWith, serverFor, watchedBy } = createMcpServer(deps, listTokens)
  const contexts = new AsyncLocalStorage<Context>()
  const contextNow = (): Context => contexts.getStore()!
  const changes = createChanges(
    () => contextNow().stream,
    (error) => deps.logger.debug({ err: error }, 'an MCP client could not be told of changes'),
  )
  const handler = createMcpHandler(({ era }) => serverFor(contextNow().caller, era), {
    legacy: 'stateless',
    maxRequestBodySize: bodyLimit,
    maxSubscriptions: maxStreams,
    bus: changes,
    onerror: (error) => deps.logger.debug({ err: error }, 'an MCP message could not be answered'),
  })
  const check: McpHandler['check'] = async (caller) => {
    const problem = await problemWith(caller)
    if (problem !== undefined) throw hubError('invalid_input', { detail: problem })
  }
  return {
    check,
    async answer({ headers, body, signal }, caller) {
      await check(caller)
      const filter = filterOf(body)
      const owner = `${caller.principal.workspaceId} ${actorOf(caller.principal)}`
      if (filter !== undefined && changes.openOf(owner) >= maxStreamsOfCaller)
        throw hubError('streams_limited', { detail: `this token has ${maxStreamsOfCaller} streams open here`, retryAfter: 5 })
      const ended = new AbortController()
      const request = new Request('http://hub/mcp', { method: 'POST', headers, body, signal: AbortSignal.any([signal, ended.signal]) })
      const stream = { owner, watched: watchedBy(caller, filter), isActive: caller.isActive, end: () => ended.abort() }
      return await contexts.run({ caller, stream }, () => handler.fetch(request))
    },
    async [Symbol.asyncDispose]() {
      changes.stop()
      await handler.close()
    },
  }
}
