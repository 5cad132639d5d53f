import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { TRPCError } from '@trpc/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { anyCaller } from '#access'
import { hubError } from '#errors'
import type { Execute, Operation } from '#operations'
import { type AccessDeps, closingOf, jsonErrorOf, unsupportedType, watching, type RestApp } from '#transports/rest'
import { causeOf, errorAnswer } from './errors.ts'
import { createRouter, type StreamTiming } from './router.ts'
import type { TrpcContext } from './types.ts'

export interface TrpcDeps extends AccessDeps {
  readonly execute: Execute
  readonly isStopping: () => boolean
  readonly timing?: StreamTiming
}

const endpoint = '/trpc'
/** More calls in one request would let it take more than its share. */
const maxBatchSize = 20

/** `GET` and `POST /trpc/*`: every operation that has a route, as a procedure. */
export async function trpcRoutes(app: RestApp, given: TrpcDeps, all: Readonly<Record<string, Operation>>): Promise<void> {
  const closing = closingOf(app)
  const deps = { ...given, closing, isStopping: () => closing.aborted || given.isStopping() }
  const router = createRouter(deps, Object.values(all))
  const jsonError = jsonErrorOf(app)

  // Apart from the other routes, which answer errors in another form.
  await app.register(async (scope: RestApp) => {
    scope.removeAllContentTypeParsers()
    // The body stays a text: tRPC parses it again.
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
      // Clients send no body where a mutation has no input.
      const text = body === '' ? '{}' : (body as string)
      done(jsonError(text, 'the body') ?? null, text)
    })
    scope.setErrorHandler((error, request, reply) => {
      const known = error instanceof TRPCError ? causeOf(error, request) : error
      const { shape, headers } = errorAnswer(known, request)
      return reply
        .headers(headers)
        .code(shape.data.httpStatus)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify({ error: shape }))
    })
    scope.route({
      method: ['GET', 'POST'],
      // The length of what a star stands for is not limited, and a batch names all its procedures in the path.
      url: `${endpoint}/*`,
      exposeHeadRoute: false,
      config: { access: anyCaller },
      schema: { hide: true },
      handler: async (request, reply) => {
        const ctx: TrpcContext = { request, origin: deps.origins.known(request), ...watching(deps, request), errorHeaders: [] }
        const answer = await fetchRequestHandler({
          endpoint,
          router,
          req: asked(request, reply),
          allowMethodOverride: true,
          createContext: () => ctx,
        })
        return await send(reply, answer, ctx)
      },
    })
  })

  /** Without the token and the other headers, which nothing behind this needs. */
  function asked(request: FastifyRequest, reply: FastifyReply): Request {
    const { method, headers, raw, body } = request
    const query = new URLSearchParams(raw.url?.split('?').slice(1).join('?') ?? '')
    const { '*': path } = request.params as { '*': string }
    check(request, query, path)
    const given = new Headers({ 'content-type': 'application/json' })
    // Of the forms of an answer, only batches have another one.
    const { 'trpc-accept': accept, 'last-event-id': lastEventId } = headers
    if (typeof accept === 'string' && query.get('batch') === '1') given.set('trpc-accept', accept)
    if (typeof lastEventId === 'string') given.set('last-event-id', lastEventId)
    return new Request(`http://hub${endpoint}/${encodeURIComponent(path)}?${query.toString()}`, {
      method,
      headers: given,
      body: method === 'POST' ? (body as string) : null,
      signal: goneOf(reply),
    })
  }

  function check(request: FastifyRequest, query: URLSearchParams, path: string): void {
    // A page of another site can send a POST without a content type; the browser asks first before it sends JSON.
    if (request.method === 'POST' && typeof request.body !== 'string') throw unsupportedType(request)
    if (query.has('connectionParams'))
      throw hubError('invalid_input', {
        errors: [{ path: 'query.connectionParams', message: 'is not accepted, because addresses are logged on their way' }],
        hint: 'send the token in the header Authorization',
      })
    if (query.get('batch') === '1' && path.split(',').length > maxBatchSize)
      throw hubError('invalid_input', { detail: `a batch has ${maxBatchSize} calls at most`, hint: 'give httpBatchLink maxItems' })
    const input = query.get('input')
    const fault = request.method === 'GET' && input ? jsonError(input, 'input') : undefined
    if (fault) throw fault
  }
}

async function send(reply: FastifyReply, answer: Response, { errorHeaders }: TrpcContext): Promise<FastifyReply> {
  const { status, headers, body } = answer
  const type = headers.get('content-type') ?? 'application/json'
  reply.code(status)
  // A subscription, or a batch whose answers are sent as they come.
  if (type.startsWith('text/event-stream') || headers.has('transfer-encoding'))
    return (
      reply
        .header('x-accel-buffering', 'no')
        // A kept connection would delay the stop of the hub.
        .header('connection', 'close')
        .type(type)
        .send(body)
    )
  return reply
    .headers(together(errorHeaders, status))
    .type('application/json; charset=utf-8')
    .send(await answer.text())
}

/** The headers of an error, if all calls of a request failed in the same way; of others only the longest time to wait. */
function together(all: readonly Record<string, string>[], status: number): Record<string, string> {
  if (status !== 207 && all.length === 1) return all[0]!
  const waits = all.flatMap(({ 'retry-after': after }) => (after === undefined ? [] : [Number(after)]))
  return waits.length === 0 ? {} : { 'retry-after': String(Math.max(...waits)) }
}

function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
