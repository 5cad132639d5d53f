import { randomUUID } from 'node:crypto'
import type { CredentialData, Credentials } from '#credentials'
import type { Database } from '#db'
import { hubError, HubError } from '#errors'
import type { OAuthTokens } from '#kit'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import type { Party, Protocol } from './protocol.ts'
import {
  claimRefresh,
  endRefresh,
  extendRefresh,
  failRefresh,
  forgetRefresh,
  readRefresh,
  type RefreshClaim,
  type RefreshKey,
} from './refresh-store.ts'

/** Tokens that are kept fresh: a credential, and whom to ask. */
export interface Renewable extends RefreshKey {
  /** For the log and the metrics. */
  readonly connector: string
  party(): Promise<Party>
  /** A person has to connect again. Called once for each time that this is found out. */
  onLost(error: HubError): Promise<void>
}

export interface Refresher {
  /** The values to use now. Only tokens that are about to expire, or have, are renewed; the others are returned at once. */
  fresh(renewable: Renewable, values: CredentialData): CredentialData | Promise<CredentialData>
  /** The values after the outside system refused `used`: those of somebody who was faster, or renewed ones. */
  renew(renewable: Renewable, used: CredentialData): Promise<CredentialData>
  /** A person has connected again: earlier failures do not count any more. */
  forget(key: RefreshKey): Promise<void>
}

export interface RefresherDeps extends Telemetry {
  readonly db: Database
  readonly credentials: Credentials
  readonly protocol: Protocol
  readonly leaseMs: number
}

/** How long a caller waits for somebody else who renews. */
const longestWaitMs = 30_000
const pollMs = 60
/** A token that expires sooner is renewed before it is used: the request needs time on its way. */
const tightMs = 5000
/** Without a known lifetime, tokens are renewed this long before they expire. */
const earlyMs = 300_000
/** How long new tokens are tried to be stored: they exist nowhere else. */
const storeTries = 20

export function createRefresher({ db, credentials, protocol, leaseMs, logger, metrics }: RefresherDeps): Refresher {
  const running = new Map<string, Promise<CredentialData>>()

  const renewShared = (renewable: Renewable, used: CredentialData): Promise<CredentialData> => {
    const key = `${renewable.workspaceId} ${renewable.credential} ${String(used['access_token'])}`
    const shared = running.get(key)
    if (shared) return shared
    const renewing = renew(renewable, used).finally(() => running.delete(key))
    running.set(key, renewing)
    return renewing
  }

  const renew = async (renewable: Renewable, used: CredentialData): Promise<CredentialData> => {
    const { workspaceId, credential } = renewable
    const deadline = Date.now() + longestWaitMs
    while (Date.now() < deadline) {
      const current = await credentials.readVersion(workspaceId, credential)
      if (!current) throw hubError('credential_missing', { detail: `credential "${credential}" does not exist any more` })
      if (current.data['access_token'] !== used['access_token']) return current.data
      if (typeof current.data['refresh_token'] !== 'string') {
        // Refused before its time: as with other credentials, the call fails and counts against the integration.
        if ((timeOf(current.data['expires_at']) ?? Number.POSITIVE_INFINITY) > Date.now()) return current.data
        throw await lost(renewable, 'its access token has expired, and the provider gave no refresh token')
      }
      const claim: RefreshClaim = { workspaceId, credential, version: current.version, holder: randomUUID(), leaseMs }
      const claimed = await claimRefresh(db.sql, claim)
      if (!claimed) {
        await waitForOther(renewable)
        continue
      }
      // Somebody may have renewed it, and ended, between the look and the claim: the token that was seen is spent then.
      const now = await credentials.readVersion(workspaceId, credential)
      if (now?.version === current.version) return await renewClaimed({ renewable, claim, ...claimed }, now.data)
      await endRefresh(db.sql, claim)
    }
    throw hubError('oauth_unavailable', { detail: 'another process has not finished to renew the access token', retryAfter: 5 })
  }

  const waitForOther = async (key: RefreshKey): Promise<void> => {
    const state = await readRefresh(db.sql, key)
    const waitMs = state?.waitMs ?? 0
    if (waitMs > 0)
      throw hubError('oauth_unavailable', {
        detail: `the access token could not be renewed: ${state?.lastError ?? 'the provider did not answer'}`,
        retryAfter: Math.ceil(waitMs / 1000),
      })
    await sleep(pollMs)
  }

  interface Claimed {
    readonly renewable: Renewable
    readonly claim: RefreshClaim
    readonly interrupted: boolean
  }

  const renewClaimed = async (claimed: Claimed, data: CredentialData): Promise<CredentialData> => {
    const { renewable, claim } = claimed
    const beating = setInterval(() => {
      extendRefresh(db.sql, claim).catch((error: unknown) => logger.warn({ err: error }, 'could not extend the lease of a refresh'))
    }, leaseMs / 3)
    try {
      const tokens = await ask(claimed, String(data['refresh_token']))
      if (!tokens) return (await credentials.readVersion(claim.workspaceId, claim.credential))?.data ?? data
      const next = { ...data, ...storedTokens(tokens, data) }
      const isStored = await store(claim, next)
      metrics.tokenRefreshes.inc({ connector: renewable.connector, outcome: isStored ? 'renewed' : 'overtaken' })
      await endRefresh(db.sql, claim).catch((error: unknown) => logger.warn({ err: error }, 'could not end a refresh'))
      if (isStored) return next
      // Somebody else replaced the credential meanwhile, and theirs counts.
      return (await credentials.readVersion(claim.workspaceId, claim.credential))?.data ?? next
    } finally {
      clearInterval(beating)
    }
  }

  /** Undefined if the refresh token is not accepted, but the credential was replaced meanwhile. */
  const ask = async ({ renewable, claim, interrupted }: Claimed, refreshToken: string): Promise<OAuthTokens | undefined> => {
    let isSent = interrupted
    try {
      const party = await renewable.party()
      isSent = true
      return await protocol.refresh(party, refreshToken)
    } catch (error) {
      const known = error instanceof HubError ? error : hubError('internal', { cause: error })
      if (known.code === 'reconnect_needed') {
        const now = await credentials.readVersion(claim.workspaceId, claim.credential)
        await endRefresh(db.sql, claim)
        if (now && now.version !== claim.version) return undefined
        metrics.tokenRefreshes.inc({ connector: renewable.connector, outcome: 'refused' })
        const why = interrupted
          ? 'a process stopped after it had sent the refresh token and before it could store the answer, and the provider does not accept that token again'
          : `its refresh token is not accepted any more: ${known.message}`
        throw await lost(renewable, why)
      }
      metrics.tokenRefreshes.inc({ connector: renewable.connector, outcome: 'failed' })
      const { retryAfter } = known.details
      // A request without an answer may have reached the provider, so the next try has to know of it.
      const waitMs = retryAfter === undefined ? undefined : retryAfter * 1000
      const nextMs = await failRefresh(db.sql, claim, { error: known.message, waitMs, isSent })
      throw hubError('oauth_unavailable', {
        detail: `the access token could not be renewed: ${known.message}`,
        retryAfter: nextMs === undefined ? 5 : Math.max(1, Math.ceil(nextMs / 1000)),
        cause: error,
      })
    }
  }

  /** The provider accepts the old refresh token no more, so what it answered must not be lost to a short failure of the database. */
  const store = async ({ workspaceId, credential, version }: RefreshClaim, data: CredentialData): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      try {
        return await credentials.swap(workspaceId, credential, { data, version })
      } catch (error) {
        if (tries >= storeTries) throw error
        logger.warn({ err: error, tries }, 'could not store renewed tokens; trying again')
        await sleep(Math.min(2000, 50 * 2 ** tries))
        // The answer to a commit can be lost.
        const now = await credentials.readVersion(workspaceId, credential).catch(() => undefined)
        if (now?.data['access_token'] === data['access_token']) return true
      }
    }
  }

  const lost = async (renewable: Renewable, why: string): Promise<HubError> => {
    const error = reconnectNeeded(why)
    await renewable.onLost(error)
    return error
  }

  return {
    fresh(renewable, values) {
      const expiresAt = timeOf(values['expires_at'])
      if (expiresAt === undefined) return values
      const now = Date.now()
      if (now < (timeOf(values['renew_at']) ?? expiresAt - earlyMs)) return values
      if (now >= expiresAt - tightMs || typeof values['refresh_token'] !== 'string') {
        if (now < expiresAt && typeof values['refresh_token'] !== 'string') return values
        return renewShared(renewable, values).catch((error: unknown) => {
          // It is still valid for a moment, which is better than a call that fails.
          if (Date.now() < expiresAt && error instanceof HubError && error.code === 'oauth_unavailable') return values
          throw error
        })
      }
      renewShared(renewable, values).catch((error: unknown) =>
        logger.warn({ err: error, connector: renewable.connector }, 'an access token could not be renewed before it expires'),
      )
      return values
    },
    renew: renewShared,
    forget: (key) => forgetRefresh(db.sql, key),
  }
}

export function reconnectNeeded(why: string): HubError {
  return hubError('reconnect_needed', {
    detail: why,
    hint: 'connect the integration again: `hub connect INTEGRATION`, or POST /api/v1/integrations/{id}/connect',
  })
}

/** The fields of the credential that tokens make. An answer without a refresh token leaves the old one valid. */
export function storedTokens(tokens: OAuthTokens, before: CredentialData = {}): CredentialData {
  const { access_token: access, refresh_token: refresh = before['refresh_token'], expires_at: expires } = tokens
  const now = Date.now()
  const lifetime = expires === undefined ? undefined : Date.parse(expires) - now
  return {
    access_token: access,
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
    ...(expires === undefined || lifetime === undefined
      ? {}
      : { expires_at: expires, renew_at: new Date(now + lifetime - Math.min(earlyMs, lifetime / 5)).toISOString() }),
  }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(time) ? time : undefined
}
