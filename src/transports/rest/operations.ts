import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { hubError, HubError } from '#errors'
import { jsonSchemaOf, type HttpRoute, type Operation, type StreamEvent } from '#operations'
import { callerOf, keepsRights, type AccessDeps } from './access-hook.ts'
import { coerceTexts } from './coerce.ts'
import type { Origins } from './origin.ts'
import type { RestApp, RestDeps } from './types.ts'
import { eventStream } from './sse.ts'

interface RouteDeps extends RestDeps {
  readonly origins: Origins
  readonly closing: AbortSignal
}

/** One route for each spelling of each operation. */
export async function operationRoutes(
  app: RestApp,
  given: Omit<RouteDeps, 'closing'>,
  all: Readonly<Record<string, Operation>>,
): Promise<void> {
  const closing = closingOf(app)
  const deps: RouteDeps = { ...given, closing, isStopping: () => closing.aborted || given.isStopping() }
  for (const operation of Object.values(all)) for (const http of operation.http) await addRoute(app, deps, { operation, http })
}

/** Aborts when the server begins to close. */
export function closingOf(app: RestApp): AbortSignal {
  const closing = new AbortController()
  app.addHook('preClose', (done) => {
    closing.abort()
    done()
  })
  return closing.signal
}

interface Route {
  readonly operation: Operation
  readonly http: HttpRoute
}

/** Where in a request each field of an operation's input stands. */
interface Places {
  readonly params: readonly string[]
  readonly query: readonly string[]
  readonly body: readonly string[]
  readonly bodyIsOptional: boolean
  /** Field by header. */
  readonly headers: Readonly<Record<string, string>>
}

async function addRoute(app: RestApp, deps: RouteDeps, route: Route): Promise<void> {
  const { operation, http } = route
  if (!http.text) return register(app, deps, route)
  // Apart from the other routes, which do not accept these media types.
  const { types, field } = http.text
  await app.register(async (scope: RestApp) => {
    for (const type of types)
      scope.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, { [field]: body }))
    register(scope, deps, { operation, http })
  })
}

function register(app: RestApp, deps: RouteDeps, { operation, http }: Route): void {
  const { execute } = deps
  const { shape } = operation.input as z.ZodObject
  const places = placesOf(http, shape)
  const querySchema = jsonSchemaOf(z.object(pick(shape, places.query)))
  app.route({
    method: http.method,
    url: http.path,
    config: { access: operation.scope, own: operation.own?.scope, ...(http.text ? { types: http.text.types } : {}) },
    schema: documentation(operation, http, places),
    handler: async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const caller = {
        principal: request.principal,
        transport: 'rest' as const,
        origin: deps.origins.known(request),
        // A stream in which nothing happens ends at once when the server closes.
        signal: operation.stream ? AbortSignal.any([gone.signal, deps.closing]) : gone.signal,
        ...(operation.stream ? watching(deps, request) : {}),
      }
      const input = inputOf(request, places, querySchema)
      const output = await execute(caller, operation, input as never).catch((error: unknown) => {
        throw withPlaces(error, places)
      })
      if (operation.stream) return sendStream(reply, output as AsyncIterable<StreamEvent | undefined>)
      const status = http.statusOf?.(output) ?? http.status ?? 200
      return reply.code(status).send(status === 204 ? null : output)
    },
  })
}

export function placesOf(http: HttpRoute, shape: Readonly<Record<string, unknown>>): Places {
  const headers = http.headers ?? {}
  const params = [...http.path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
  const taken = new Set([...params, ...Object.values(headers)])
  const rest = Object.keys(shape).filter((field) => !taken.has(field))
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(http.method)
  const query = hasBody ? rest.filter((field) => http.query?.includes(field)) : rest
  const body = hasBody ? rest.filter((field) => !query.includes(field)) : []
  return { params, query, headers, body, bodyIsOptional: z.object(pick(shape, body)).safeParse({}).success }
}

/** One input out of path, query, headers and body. A field in the wrong place is an unknown field of that place. */
function inputOf(request: FastifyRequest, places: Places, querySchema: Record<string, unknown>): Record<string, unknown> {
  const query = request.query as Record<string, unknown>
  const body = bodyOf(request, places)
  const misplaced = [
    ...Object.keys(query)
      .filter((name) => !places.query.includes(name))
      .map((name) => `query.${name}`),
    ...Object.keys(body).filter((name) => [...places.params, ...places.query, ...Object.values(places.headers)].includes(name)),
  ]
  if (misplaced.length > 0)
    throw hubError('invalid_input', { errors: misplaced.map((path) => ({ path, message: 'is not a known field' })) })
  const headers = Object.entries(places.headers).flatMap(([header, field]) => {
    const value = request.headers[header]
    return value === undefined ? [] : [[field, value] as const]
  })
  return { ...body, ...coerceTexts(query, querySchema), ...Object.fromEntries(headers), ...(request.params as object) }
}

function bodyOf({ body }: FastifyRequest, places: Places): Record<string, unknown> {
  if (isObject(body)) return body
  if (body === undefined || places.body.length === 0 || (body === null && places.bodyIsOptional)) return {}
  throw hubError('invalid_input', { errors: [{ path: 'body', message: 'must be a JSON object' }] })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Says of an error's path where in the request it is: `query.limit`, `params.id`; the fields of the body need no prefix. */
function withPlaces(error: unknown, { params, query, headers, body }: Places): unknown {
  if (!(error instanceof HubError) || error.code !== 'invalid_input' || !error.details.errors) return error
  const headerOf = new Map(Object.entries(headers).map(([header, field]) => [field, header]))
  const errors = error.details.errors.map(({ path, message }) => {
    const [field = '', ...rest] = path.split('.')
    const place = params.includes(field) ? 'params.' : query.includes(field) ? 'query.' : ''
    const header = headerOf.get(field)
    if (header !== undefined) return { path: ['headers', header, ...rest].join('.'), message }
    return { path: path === '' ? (body.length > 0 ? 'body' : 'query') : `${place}${path}`, message }
  })
  return error.with({ errors })
}

/** A stream ends when its token is revoked or the sign-in session has ended, and when the hub stops. */
export function watching(deps: AccessDeps & Pick<RestDeps, 'isStopping'>, request: FastifyRequest) {
  return {
    isActive: async (): Promise<boolean> => {
      if (deps.isStopping()) return false
      return callerOf(deps, request).then(
        (now) => keepsRights(now, request.principal),
        (error: unknown) => {
          if (error instanceof HubError) return false
          throw error
        },
      )
    },
  }
}

function sendStream(reply: FastifyReply, events: AsyncIterable<StreamEvent | undefined>): FastifyReply {
  return (
    reply
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      // A kept connection would delay the stop of the hub.
      .header('connection', 'close')
      .type('text/event-stream; charset=utf-8')
      .send(Readable.from(eventStream(events)))
  )
}

function pick(shape: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, z.ZodType> {
  return Object.fromEntries(fields.map((field) => [field, shape[field] as z.ZodType]))
}

/** What `/openapi.json` says of the route. `execute` validates, so nothing here is compiled. */
function documentation(operation: Operation, http: HttpRoute, places: Places): object {
  const { shape, def } = operation.input as z.ZodObject
  const { catchall } = def
  const example = Object.fromEntries(Object.entries(operation.example as object).filter(([field]) => places.body.includes(field)))
  const headerShape = Object.fromEntries(Object.entries(places.headers).map(([header, field]) => [header, shape[field] as z.ZodType]))
  const body = z.object(pick(shape, places.body)).catchall(catchall ?? z.never())
  const status = http.status ?? 200
  return {
    operationId: http === operation.http[0] ? operation.name : undefined,
    tags: [tagOf(operation.name)],
    summary: operation.summary,
    description: operation.description,
    ...(places.params.length > 0 ? { params: z.object(pick(shape, places.params)) } : {}),
    ...(places.query.length > 0 ? { querystring: z.object(pick(shape, places.query)) } : {}),
    ...(Object.keys(headerShape).length > 0 ? { headers: z.object(headerShape) } : {}),
    ...(places.body.length > 0 ? { body: body.meta({ example }) } : {}),
    ...(operation.stream ? {} : { response: http.responses ?? { [status]: operation.output } }),
  }
}

function tagOf(name: string): string {
  const [subject = ''] = name.split('.')
  return subject.charAt(0).toUpperCase() + subject.slice(1)
}
