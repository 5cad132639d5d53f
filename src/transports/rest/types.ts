import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Access, People } from '#access'
import type { Apps } from '#apps'
import type { Connector } from '#kit'
import type { Execute } from '#operations'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import type { Webhooks } from '#webhooks'
import type { OriginOptions } from './origin.ts'

export type RestApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

export type Readiness = () => Promise<Record<string, { ok: boolean; reason?: string }>>

export interface RestDeps extends Telemetry {
  readonly version: string
  readonly access: Access
  readonly people: People
  readonly apps: Apps
  readonly connectors: readonly Connector[]
  readonly tools: Tools
  readonly webhooks: Webhooks
  readonly execute: Execute
  readonly readiness: Readiness
  /** How the message buses are, for monitoring. */
  readonly busReadiness: () => Promise<readonly BusReadiness[]>
  readonly isStopping: () => boolean
  /** Adds the routes of another transport. */
  readonly addRoutes?: (app: RestApp) => Promise<void>
}

export interface RestOptions extends OriginOptions {
  readonly bodyLimit: number
  readonly trustProxy: readonly string[]
}

export interface BusReadiness {
  readonly name: string
  readonly status: string
  readonly waiting: number
  readonly lag_seconds: number
}
