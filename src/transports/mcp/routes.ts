import { createMcpHandler, ProtocolErrorCode, type AuthInfo } from '@modelcontextprotocol/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hubError } from '#errors'
import { isDeeperThan } from '#lib/json'
import type { RestApp } from '#transports/rest'
import { createOriginCheck, type OriginOptions } from './origin.ts'
import { createMcpServer, type McpCaller, type McpDeps } from './server.ts'
import { viewOf } from './view.ts'

const path = '/mcp'
const metadataPath = '/.well-known/oauth-protected-resource'
/** Code that walks a message later may have less stack than the parser. */
const deepest = 200

export interface McpOptions extends OriginOptions {
  readonly bodyLimit: number
}

/** `POST /mcp`, for clients of the specification 2026-07-28 and, without sessions, for those of 2025. */
export async function mcpRoutes(app: RestApp, deps: McpDeps, options: McpOptions): Promise<void> {
  const check = createOriginCheck(options)
  const serverFor = createMcpServer(deps)
  const callers = new WeakMap<AuthInfo, McpCaller>()
  const handler = createMcpHandler(({ authInfo }) => serverFor(callers.get(authInfo!)!), {
    legacy: 'stateless',
    maxRequestBodySize: options.bodyLimit,
    onerror: (error) => deps.logger.debug({ err: error }, 'an MCP message could not be answered'),
  })
  app.addHook('onClose', () => handler.close())
  const baseOf = ({ protocol, headers }: FastifyRequest): string => options.publicUrl?.replace(/\/$/, '') ?? `${protocol}://${headers.host}`

  for (const url of [metadataPath, metadataPath + path]) {
    app.get(url, {
      config: { access: 'public' },
      schema: { hide: true },
      handler: async (request) => {
        requireOurs(request)
        return {
          resource: baseOf(request) + path,
          resource_name: 'IntegrationHub',
          bearer_methods_supported: ['header'],
          scopes_supported: ['tools:call'],
        }
      },
    })
  }

  // Apart from the other routes: the body stays a text, because faults in it are answered as JSON-RPC says.
  await app.register(async (scope: RestApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
      const text = body as string
      if (isDeeperThan(text, deepest)) return done(hubError('bad_json', { detail: `the body is nested deeper than ${deepest} levels` }))
      done(null, text)
    })
    scope.addHook('onSend', async (request, reply) => {
      if (reply.statusCode !== 401) return
      reply.header('www-authenticate', `Bearer resource_metadata="${baseOf(request)}${metadataPath}${path}"`)
    })
    scope.post(path, {
      config: { access: 'tools:call:*' },
      schema: { hide: true },
      handler: async (request, reply) => {
        requireOurs(request)
        const { principal, raw, body } = request
        const text = typeof body === 'string' ? body : ''
        if (text.trimStart().startsWith('[')) return reply.code(400).send(noBatches)
        const view = viewOf(new URL(raw.url ?? path, 'http://hub').searchParams)
        if (typeof view === 'string') throw hubError('invalid_input', { detail: view })
        // The token stays here: nothing behind this needs it.
        const authInfo: AuthInfo = { token: '', clientId: principal.id, scopes: [...principal.scopes] }
        callers.set(authInfo, { principal, view })
        return reply.send(await handler.fetch(toWebRequest(request, reply, text), { authInfo }))
      },
    })
  })

  function requireOurs({ headers }: FastifyRequest): void {
    const problem = check(headers)
    if (problem !== undefined) throw hubError('origin_refused', { detail: problem })
  }
}

const noBatches = {
  jsonrpc: '2.0',
  id: null,
  error: { code: ProtocolErrorCode.InvalidRequest, message: 'send one message; several in a list are not accepted' },
}

const passed = new Set(['content-type', 'accept', 'traceparent', 'tracestate', 'baggage'])

function toWebRequest({ headers: given, raw }: FastifyRequest, reply: FastifyReply, body: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string' && (passed.has(name) || name.startsWith('mcp-'))) headers.set(name, value)
  }
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return new Request(new URL(raw.url ?? path, 'http://hub'), { method: 'POST', headers, body, signal: gone.signal })
}
