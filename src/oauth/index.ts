import type { Credentials, Keyring } from '#credentials'
import type { Database } from '#db'
import type { Egress } from '#http'
import type { Telemetry } from '#telemetry'
import { createDatabaseAttempts } from './attempt-store.ts'
import { createAttempts, type Attempts } from './attempts.ts'
import { createProtocol, type Protocol } from './protocol.ts'
import { createRefresher, type Refresher } from './refresher.ts'

export { isOpen, type Attempt, type AttemptSecrets, type AttemptStatus, type Attempts } from './attempts.ts'
export type { Party, Protocol } from './protocol.ts'
export { reconnectNeeded, storedTokens, type Refresher, type Renewable } from './refresher.ts'

export interface OAuth extends AsyncDisposable {
  readonly protocol: Protocol
  readonly attempts: Attempts
  readonly refresher: Refresher
}

export interface OAuthDeps extends Telemetry {
  readonly db: Database
  readonly credentials: Credentials
  readonly keyring: Keyring
  readonly egress: Egress
}

export interface OAuthOptions {
  readonly timeoutMs: number
  /** Keeps attempts to connect in Redis instead of the database. */
  readonly redisUrl: string | undefined
  /** After this time without a sign of life, another process renews the tokens that one was renewing. */
  readonly leaseMs?: number
}

export async function createOAuth(deps: OAuthDeps, { timeoutMs, redisUrl, leaseMs = 5000 }: OAuthOptions): Promise<OAuth> {
  const protocol = createProtocol({ egress: deps.egress, timeoutMs })
  // Imported where it is used: most hubs have no Redis.
  const store =
    redisUrl === undefined
      ? createDatabaseAttempts(deps.db)
      : await (await import('./redis-attempts.ts')).createRedisAttempts(redisUrl, deps.logger)
  return {
    protocol,
    attempts: createAttempts(store, deps.keyring),
    refresher: createRefresher({ ...deps, protocol, leaseMs }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
