import type { FastifyInstance } from 'fastify'
import type { Connector } from '#kit'
import type { Tools } from '#tools'
import { asyncApi, type BusPlaces } from './asyncapi.ts'

export interface BusRoutesDeps {
  readonly version: string
  readonly tools: Pick<Tools, 'registry'>
  readonly connectors: readonly Connector[]
}

/** Describes the messages of the buses, as `/openapi.json` describes the REST API. */
export function busRoutes(app: FastifyInstance, { version, tools: { registry }, connectors }: BusRoutesDeps, places: BusPlaces): void {
  let document: string | undefined
  app.get('/asyncapi.json', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(asyncApi({ version, connectors, tools: registry.all.map((tool) => registry.describe(tool)) }, places))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}
