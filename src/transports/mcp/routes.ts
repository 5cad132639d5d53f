import { ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '#access'
import { HubError, hubError } from '#errors'
import { isDeeperThan } from '#lib/json'
import { bearer, createOriginCheck, type OriginOptions, type RestApp } from '#transports/rest'
import type { McpHandler } from './handler.ts'
import { viewOf } from './view.ts'

const path = '/mcp'
const metadataPath = '/.well-known/oauth-protected-resource'
/** Code that walks a message later may have less stack than the parser. */
const deepest = 200

export interface McpRoutesDeps {
  readonly mcp: McpHandler
  readonly access: Pick<Access, 'authenticate'>
}

/** `POST /mcp`, for clients of the specification 2026-07-28 and, without sessions, for those of 2025. */
export async function mcpRoutes(app: RestApp, { mcp, access }: McpRoutesDeps, options: OriginOptions): Promise<void> {
  const check = createOriginCheck(options)
  app.addHook('onClose', () => mcp[Symbol.asyncDispose]())
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
      config: { access: 'tools:call:*', cookies: false },
      schema: { hide: true },
      handler: async (request, reply) => {
        requireOurs(request)
        const { principal, raw } = request
        const body = typeof request.body === 'string' ? request.body : ''
        if (body.trimStart().startsWith('[')) return reply.code(400).send(noBatches)
        const view = viewOf(new URL(raw.url ?? path, 'http://hub').searchParams)
        if (typeof view === 'string') throw hubError('invalid_input', { detail: view })
        const isActive = (): Promise<boolean> => access.authenticate(bearer(request), request.ip).then(() => true, refused)
        return reply.send(await mcp.answer({ headers: headersOf(request), body, signal: goneOf(reply) }, { principal, view, isActive }))
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
