import { hashToken, type Principal, type Throttle } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { ttlCache } from '#lib/ttl-cache'
import type { Telemetry } from '#telemetry'
import { problemOf, rightsOf, scopesLeft } from './exchange.ts'
import { hasForm } from './secrets.ts'
import { findToken, touchGrant } from './store.ts'
import type { TokenState } from './types.ts'

/** As long as that of other tokens: what ends one applies in every process within a second. */
const cacheTtlMs = 500
const touchEveryMs = 60_000

export interface AppRequest {
  readonly address: string
  /** The resource that the request is sent to. */
  readonly audience: string
}

export type AuthenticateApp = (token: string, request: AppRequest) => Promise<Principal>

interface Deps extends Pick<Telemetry, 'logger' | 'metrics'> {
  readonly db: Database
  readonly throttle: Throttle
  readonly version: () => number
}

/** The person for whom an app acts, with what they allowed it, as far as they may do it themselves. */
export function createAuthenticate({ db, throttle, logger, metrics, version }: Deps): AuthenticateApp {
  const states = ttlCache(cacheTtlMs, (key: string) => read(Buffer.from(key, 'base64')), { version })

  async function read(hash: Buffer): Promise<TokenState | undefined> {
    const state = await findToken(db.sql, hash)
    if (state && problemOf(state) === undefined && (state.grantUsedAt?.getTime() ?? 0) < Date.now() - touchEveryMs)
      await touchGrant(db.sql, state.grantId, new Date()).catch((error: unknown) =>
        logger.warn({ err: error }, 'could not store when an app was used'),
      )
    return state
  }

  return async (token, { address, audience }) => {
    const find = () => states.get(hashToken(token).toString('base64'))
    const state = hasForm(token, 'access') ? await throttle.read(address, find) : undefined
    const problem = state?.kind === 'access' ? problemOf(state) : 'unknown'
    if (!state || problem !== undefined || state.audience !== audience) {
      metrics.authFailures.inc({ reason: 'app token' })
      // A token that has expired is no guess. The answer is always the same, because clients renew their token after it and after no other.
      if (!state) await throttle.note(address)
      throw hubError('token_invalid')
    }
    return principalOf(state, rightsOf(state)!)
  }
}

function principalOf(state: TokenState, rights: readonly string[]): Principal {
  const { userId, userName, workspaceId, grantId, appName, view, expiresAt } = state
  return {
    kind: 'user',
    id: userId,
    name: userName,
    workspaceId,
    scopes: scopesLeft(state),
    readOnly: new URLSearchParams(view).has('read_only'),
    expiresAt,
    userId,
    app: { grantId, name: appName, view, rights },
    ancestors: [`grant:${grantId}`],
    causes: [],
  }
}
