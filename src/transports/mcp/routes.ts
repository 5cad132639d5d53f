import { ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { appScopes, secretPrefixes } from '#apps'
import { HubError, hubError } from '#errors'
import { isDeeperThan } from '#lib/json'
import type { Tools } from '#tools'
import { callerOf, keepsRights, createOriginCheck, type AccessDeps, type OriginOptions, type RestApp } from '#transports/rest'
import { missingScope } from './challenge.ts'
import type { McpHandler } from './handler.ts'
import { narrowed, queryOf, viewOf } from './view.ts'

const path = '/mcp'
const metadataPath = '/.well-known/oauth-protected-resource'
/** Code that walks a message later may have less stack than the parser. */
const deepest = 200

export interface McpRoutesDeps extends AccessDeps {
  readonly mcp: McpHandler
  readonly tools: Pick<Tools, 'find'>
}

/** `POST /mcp`, for clients of the specification 2026-07-28 and, without sessions, for those of 2025. */
export async function mcpRoutes(app: RestApp, deps: McpRoutesDeps, options: OriginOptions): Promise<void> {
  const { mcp, tools, origins } = deps
  const check = createOriginCheck(options)
  app.addHook('onClose', () => mcp[Symbol.asyncDispose]())
  /** RFC 9728: the query of the resource is part of its address, and of the address of what describes it. */
  const challengeOf = (request: FastifyRequest, more: Readonly<Record<string, string>>): string => {
    const view = viewOf(queryIn(request))
    const query = typeof view === 'string' ? '' : queryOf(view)
    const resource_metadata = `${origins.base(request)}${metadataPath}${path}${query === '' ? '' : `?${query}`}`
    const parts = Object.entries({ ...more, resource_metadata }).map(([name, value]) => `${name}="${value}"`)
    return `Bearer ${parts.join(', ')}`
  }

  for (const url of [metadataPath, metadataPath + path]) {
    app.get(url, {
      config: { access: 'public' },
      schema: { hide: true },
      handler: async (request) => {
        requireOurs(request)
        const view = viewOf(queryIn(request))
        if (typeof view === 'string') throw hubError('invalid_input', { detail: view })
        const query = queryOf(view)
        return {
          resource: `${origins.base(request)}${path}${query === '' ? '' : `?${query}`}`,
          resource_name: 'IntegrationHub',
          authorization_servers: [origins.own(request)],
          bearer_methods_supported: ['header'],
          scopes_supported: [...appScopes],
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
      // An app that was allowed other things, and no tool.
      if (reply.statusCode === 403 && request.principal === undefined && request.headers.authorization?.includes(secretPrefixes.access))
        reply.header('www-authenticate', challengeOf(request, { error: 'insufficient_scope', scope: 'tools:call' }))
      if (reply.statusCode !== 401) return
      const error = request.headers.authorization === undefined ? {} : { error: 'invalid_token' }
      reply.header('www-authenticate', challengeOf(request, { ...error, scope: 'tools:call' }))
    })
    scope.post(path, {
      config: { access: 'tools:call:*', apps: path, cookies: false },
      schema: { hide: true },
      handler: async (request, reply) => {
        requireOurs(request)
        const { principal } = request
        const body = typeof request.body === 'string' ? request.body : ''
        if (body.trimStart().startsWith('[')) return reply.code(400).send(noBatches)
        const view = viewOf(queryIn(request))
        if (typeof view === 'string') throw hubError('invalid_input', { detail: view })
        const shown = principal.app ? narrowed(view, principal.app.view) : view
        const missing = await missingScope(tools, { principal, view: shown }, body)
        if (missing) {
          reply.header('www-authenticate', challengeOf(request, { error: 'insufficient_scope', ...missing }))
          throw hubError('scope_missing', { detail: `${principal.app?.name} needs: ${missing.scope}` })
        }
        const isActive = (): Promise<boolean> => callerOf(deps, request).then((now) => keepsRights(now, request.principal), refused)
        return reply.send(
          await mcp.answer({ headers: headersOf(request), body, signal: goneOf(reply) }, { principal, view: shown, isActive }),
        )
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

function queryIn({ raw }: FastifyRequest): URLSearchParams {
  return new URL(raw.url ?? path, 'http://hub').searchParams
}

function refused(error: unknown): false {
  if (error instanceof HubError) return false
  throw error
}

const passed = new Set(['content-type', 'accept', 'traceparent', 'tracestate', 'baggage'])

/** Without the token: nothing behind this needs it. */
function headersOf({ headers: given }: FastifyRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string' && (passed.has(name) || name.startsWith('mcp-'))) headers.set(name, value)
  }
  return headers
}

function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
