import type { Database } from '#db'
import type { Events } from '#events'
import type { EventPublisher } from '#events/publish'
import type { Expressions } from '#expressions'
import type { Scripts } from '#scripts'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import type { ReservedType } from '../definitions/reserved.ts'
import type { FlowRights } from '../definitions/rights.ts'
import type { Capacity } from './capacity.ts'
import type { Launcher } from './launch.ts'
import type { RunRepository } from './run-repository.ts'
import type { RunSecrets } from './secrets.ts'

export interface SegmentDeps extends Telemetry {
  readonly db: Database
  readonly events: Events
  readonly expressions: Expressions
  readonly scripts: Scripts
  readonly publisher: EventPublisher
  readonly tools: Tools
  readonly launcher: Launcher
  readonly runRepository: RunRepository
  readonly rights: FlowRights
  readonly capacity: Capacity
  readonly reservedType: ReservedType
  readonly runSecrets: RunSecrets
}
