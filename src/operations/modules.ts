import type { Access } from '#access'
import type { Credentials } from '#credentials'
import type { Outbound } from '#endpoints'
import type { Events } from '#events'
import type { Flows } from '#flows'
import type { Integrations } from '#integrations'
import type { Tools } from '#tools'
import type { Webhooks } from '#webhooks'

/** What operations run on. */
export interface Modules {
  readonly access: Access
  readonly credentials: Credentials
  readonly integrations: Integrations
  readonly tools: Tools
  readonly events: Events
  readonly outbound: Outbound
  readonly webhooks: Webhooks
  readonly flows: Flows
}
