import { createThrottle, type Access } from '#access'
import type { Database } from '#db'
import type { Egress } from '#http'
import type { RetentionTask } from '#retention'
import type { Telemetry } from '#telemetry'
import { createAuthenticate, type AuthenticateApp } from './authenticate.ts'
import { createClients, type Clients } from './clients.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { createGrants, type Grants } from './grants.ts'
import { dropExpiredTokens, dropRevokedGrants, dropUnused } from './store.ts'

export { answerUrl, readAuthorization, type Authorization, type AuthorizationPlace, type Refused } from './authorization.ts'
export type { AuthenticateApp } from './authenticate.ts'
export type { Clients } from './clients.ts'
export type { IssuedTokens } from './exchange.ts'
export { isDocumentUrl } from './documents.ts'
export { isLoopback } from './redirect-uris.ts'
export { OAuthRefusal } from './refusal.ts'
export { appScopes, grantable } from './scopes.ts'
export { prefixes as secretPrefixes } from './secrets.ts'
export type { App, GrantView } from './types.ts'

const dayMs = 24 * 3_600_000
const keptMs = 90 * dayMs
/** Failed attempts per address and minute. */
const guesses = 40

/** The hub's own authorization server: programs that people let act for them over MCP. */
export interface Apps {
  readonly clients: Clients
  readonly grants: Grants
  readonly exchange: Exchange
  readonly authenticate: AuthenticateApp
  readonly retention: readonly RetentionTask[]
}

export interface AppsDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
  readonly egress: Egress
}

export function createApps({ db, access, egress, logger, metrics }: AppsDeps): Apps {
  const throttle = createThrottle(guesses)
  let changes = 0
  const onRevoked = (): void => void changes++
  const before = (ms: number): Date => new Date(Date.now() - ms)
  return {
    clients: createClients({ db, egress, throttle }),
    grants: createGrants({ db, access, onRevoked }),
    exchange: createExchange({ db, throttle, onRevoked }),
    authenticate: createAuthenticate({ db, throttle, logger, metrics, version: () => changes }),
    retention: [
      { of: 'hub', drop: (max) => dropExpiredTokens(db.sql, before(dayMs), max) },
      { of: 'hub', drop: (max) => dropRevokedGrants(db.sql, before(keptMs), max) },
      { of: 'hub', drop: (max) => dropUnused(db.sql, before(dayMs), max) },
      { of: 'hub', drop: (max) => access.deviceLogins.drop(max) },
    ],
  }
}
