import type { FastifyRequest } from 'fastify'

/** What belongs to one HTTP request, and so to all calls of a batch. */
export interface TrpcContext {
  readonly request: FastifyRequest
  /** The origin under which the caller reached the hub. */
  readonly origin: string | undefined
  readonly isActive: () => Promise<boolean>
  /** What the errors of the calls ask to be sent as headers. */
  readonly errorHeaders: Record<string, string>[]
}
