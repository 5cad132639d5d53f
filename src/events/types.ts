import type { Database } from '#db'
import type { EventPublisher } from '#events/publish'
import type { Expressions } from '#expressions'
import type { Telemetry } from '#telemetry'
import type { Subscribers } from './event.ts'
import type { StoredEvent } from './store.ts'

/** The data of an event, read from its body. */
export interface Reading {
  readonly data: unknown
  readonly subject?: string | undefined
  readonly type?: string | undefined
  /** The transformation that made the data, if there is one. */
  readonly transform?: string | undefined
}

/** Reads the body of a stored event. Returns undefined if the body does not have the format of its content type. Throws if a transformation fails. */
export type ReadEvent = (event: StoredEvent) => Promise<Reading | undefined>

export interface DispatchDeps extends Telemetry {
  readonly db: Database
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly read: ReadEvent
  readonly subscribers: Subscribers
}
