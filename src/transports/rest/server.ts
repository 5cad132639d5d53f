import cors from '@fastify/cors'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type RouteOptions } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { hubError } from '#errors'
import { operations } from '#operations'
import type { Telemetry } from '#telemetry'
import { addAccess } from './access-hook.ts'
import { addHeaders, answerBroken, requestId, secure } from './headers.ts'
import { addJsonParser } from './json.ts'
import { addDocs, addOpenApi } from './openapi.ts'
import { legacyToolRoutes } from './legacy-tools.ts'
import { createNothingHere } from './not-here.ts'
import { createOrigins } from './origin.ts'
import { operationRoutes } from './operations.ts'
import { sendProblem } from './problem.ts'
import { systemRoutes } from './system.ts'
import type { RestApp, RestDeps, RestOptions } from './types.ts'
import { webhookRoutes } from './webhooks.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route, with the scope that it needs. */
    readonly routeTable: readonly RouteOptions[]
  }
}

/** Creates the HTTP server with every route. It does not listen yet; tests call `inject()`. */
export async function buildRest(deps: RestDeps, options: RestOptions): Promise<RestApp> {
  const loggerInstance: FastifyBaseLogger = deps.logger
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    // No child logger for each request: it would cost more than a small answer. Log lines name the request_id instead.
    childLoggerFactory: (logger) => logger,
    // While the hub stops, our own hook refuses requests over open connections with a problem.
    return503OnClosing: false,
    bodyLimit: options.bodyLimit,
    requestTimeout: 60_000,
    // A connection that sends no complete headers is closed after ten seconds, and not after the default of ninety.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2000 },
    forceCloseConnections: 'idle',
    trustProxy: options.trustProxy.length > 0 ? [...options.trustProxy] : false,
    routerOptions: { maxParamLength: 256 },
    // A path that cannot be decoded reaches this without passing any hook.
    frameworkErrors: (error, request, reply) => {
      secure(request, reply)
      sendProblem(error, request, reply)
    },
    clientErrorHandler: answerBroken,
  }).withTypeProvider<ZodTypeProvider>()

  // Node would refuse an unknown expectation itself, without our headers and error. A server may ignore it.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))

  const routeTable: RouteOptions[] = []
  app.decorate('routeTable', routeTable)
  app.addHook('onRoute', (route) => void routeTable.push(route))
  const nothingHere = createNothingHere(routeTable)
  // Operations validate their input themselves, in every transport; the schemas of routes document them.
  app.setValidatorCompiler(() => (value) => ({ value }))
  // Tests compare replies with their schemas. Checking them at run time too would take half the time of a small reply.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(nothingHere(request), request, reply))
  addJsonParser(app)
  addHeaders(app)
  addMeasures(app, deps)
  refuseWhileStopping(app, deps)
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: ['x-request-id', 'retry-after'],
      maxAge: 600,
    })
  }
  const origins = createOrigins(options)
  addAccess(app, { ...deps, origins }, nothingHere)
  addDocs(app)
  const { registry } = deps.tools
  await addOpenApi(app, deps.version, () => registry.all.map((tool) => ({ ...registry.describe(tool), example: tool.action.example })))

  systemRoutes(app, deps)
  await operationRoutes(app, { ...deps, origins }, operations)
  legacyToolRoutes(app, deps)
  await webhookRoutes(app, deps)
  await deps.addRoutes?.(app)
  return app
}

/** Refuses requests over open connections while the hub stops; health checks are still answered. */
function refuseWhileStopping(app: FastifyInstance, { isStopping }: RestDeps): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isStopping() || ['/readyz', '/healthz'].includes(request.routeOptions.url ?? '')) return done()
    done(hubError('shutting_down', { retryAfter: 1 }))
  })
}

function addMeasures(app: FastifyInstance, { metrics, logger }: Telemetry): void {
  // With a callback, like every hook that all requests pass: a promise would slow small requests down.
  app.addHook('onResponse', (request, reply, done) => {
    done()
    const route = request.routeOptions.url ?? '(none)'
    metrics.httpDuration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    const level = reply.statusCode >= 500 ? 'error' : request.method === 'GET' && reply.statusCode < 400 ? 'debug' : 'info'
    if (!logger.isLevelEnabled(level)) return
    // The route and not the URL, because a query may contain a secret.
    const { id: request_id, method, ip: address } = request
    logger[level]({ request_id, method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime), address }, 'answered')
  })
}
