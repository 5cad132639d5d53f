import type { Database } from '#db'
import type { EventPublisher } from '#events/publish'
import type { Expressions } from '#expressions'
import type { Telemetry } from '#telemetry'
import type { Consumer } from './event.ts'
import type { WholeEvent } from './store.ts'

/** What an event's body says. */
export interface Reading {
  readonly data: unknown
  readonly subject?: string | undefined
  readonly type?: string | undefined
  /** Set where the data is not simply what the body holds: the transformation that made it. */
  readonly transform?: string | undefined
}

/** Reads a stored delivery; undefined when its body is none of what it says it is. Throws when a transformation fails. */
export type ReadEvent = (event: WholeEvent) => Promise<Reading | undefined>

export interface DispatchDeps extends Telemetry {
  readonly db: Database
  readonly expressions: Expressions
  readonly publisher: EventPublisher
  readonly read: ReadEvent
  readonly consumers: ReadonlyMap<string, Consumer>
}

/** How long a workspace keeps what; null is what is usual. */
export interface RetentionRule {
  readonly eventsDays: number | null
  readonly eventsBytes: number | null
  readonly deliveriesDays: number | null
  readonly runsDays: number | null
}
