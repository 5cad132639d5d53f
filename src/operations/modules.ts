import type { Access, People } from '#access'
import type { ActorNames } from '#actors'
import type { Apps } from '#apps'
import type { Bulk } from '#bulk'
import type { Buses } from '#buses'
import type { Credentials } from '#credentials'
import type { Demo } from '#demo'
import type { Outbound } from '#endpoints'
import type { Events } from '#events'
import type { Flows } from '#flows'
import type { Hints } from '#hints'
import type { Integrations } from '#integrations'
import type { Retention } from '#retention'
import type { Scripts } from '#scripts'
import type { Search } from '#search'
import type { Stats } from '#stats'
import type { Sync } from '#sync'
import type { TraceReader } from '#trace'
import type { Invocations, Tools } from '#tools'
import type { Webhooks } from '#webhooks'
import type { Addresses } from './addresses.ts'

/** What every operation runs on. */
export interface BaseModules {
  readonly access: Access
  readonly people: People
  readonly apps: Apps
  readonly credentials: Credentials
  readonly integrations: Integrations
  readonly invocations: Invocations
  readonly events: Events
  readonly buses: Buses
  readonly outbound: Outbound
  readonly webhooks: Webhooks
  readonly flows: Flows
  readonly retention: Retention
  readonly hints: Hints
  readonly stats: Stats
  readonly traceReader: TraceReader
  readonly actorNames: ActorNames
  readonly bulk: Bulk
  readonly search: Search
  readonly sync: Sync
  readonly addresses: Addresses
}

/** Operations that are tools do without `tools`, which is created after them. */
export interface Modules extends BaseModules {
  readonly tools: Tools
  readonly scripts: Scripts
  readonly demo: Demo
}
