import { createThrottle, hashToken, scopesIn, scopesInBoth, type Throttle } from '#access'
import type { Database, Transaction } from '#db'
import { isAudience } from './authorization.ts'
import { OAuthRefusal, type OAuthError } from './refusal.ts'
import { fitsChallenge, hasForm, makeSecret } from './secrets.ts'
import { findToken, insertTokens, revokeTokens, useToken } from './store.ts'
import type { App, TokenState } from './types.ts'

const accessMs = 3_600_000
/** How often one login of an app renews its tokens within a minute: each time leaves two rows. */
const refreshes = 20
const refreshMs = 30 * 24 * 3_600_000

export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly scopes: readonly string[]
  readonly expiresIn: number
}

export interface CodeExchange {
  readonly app: App
  readonly code: string
  readonly redirectUri: string | undefined
  readonly verifier: string
  readonly resource: string | undefined
  readonly address: string
}

export interface Refreshing {
  readonly app: App
  readonly refreshToken: string
  readonly scope: string | undefined
  readonly resource: string | undefined
  readonly address: string
}

export interface Exchange {
  code(request: CodeExchange): Promise<IssuedTokens>
  refresh(request: Refreshing): Promise<IssuedTokens>
  /** RFC 7009. A refresh token takes with it what came from the same code. */
  revoke(app: App, token: string, address: string): Promise<void>
}

/** What became of a request: a refusal is returned and not thrown, because what it changed is committed. */
type Outcome = IssuedTokens | OAuthRefusal

const invalid = (description: string, error: OAuthError = 'invalid_grant'): OAuthRefusal => new OAuthRefusal(error, description)

export function createExchange({ db, throttle, onRevoked }: { db: Database; throttle: Throttle; onRevoked: () => void }): Exchange {
  const renewals = createThrottle(refreshes)

  // Programs of many people share an address, and what they send cannot be guessed: whoever fails makes others of the address wait, but nobody
  // is refused.
  const attempt = async (address: string, work: (trx: Transaction) => Promise<Outcome>): Promise<IssuedTokens> => {
    const outcome = await throttle.read(address, () => db.transaction(work))
    if (!(outcome instanceof OAuthRefusal)) return outcome
    onRevoked()
    await throttle.note(address)
    throw outcome
  }

  return {
    code: ({ app, code, redirectUri, verifier, resource, address }) =>
      attempt(address, async (trx) => {
        const state = hasForm(code, 'code') ? await findToken(trx, hashToken(code), { lock: true }) : undefined
        if (state?.kind !== 'code' || state.appId !== app.id) return invalid('the code is not valid, or not of this client')
        if (state.usedAt !== null) {
          // Somebody has the code who should not: what it gave ends, whoever has it (RFC 6749, 4.1.2).
          await revokeTokens(trx, { family: state.family })
          return invalid('the code was used before; everything that it gave is revoked')
        }
        await useToken(trx, state.hash)
        const problem = problemOf(state)
        if (problem !== undefined) return invalid(problem)
        if (redirectUri !== state.redirectUri) return invalid('redirect_uri is not that of the request for this code')
        if (!fitsChallenge(verifier, state.challenge ?? '')) return invalid('code_verifier does not fit the request for this code')
        if (resource !== undefined && !isAudience(resource, state.audience)) return invalid('resource is another one', 'invalid_target')
        return issue(trx, state, state.scopes)
      }),

    refresh: ({ app, refreshToken, scope, resource, address }) =>
      attempt(address, async (trx) => {
        const state = hasForm(refreshToken, 'refresh') ? await findToken(trx, hashToken(refreshToken), { lock: true }) : undefined
        if (state?.kind !== 'refresh' || state.appId !== app.id) return invalid('the refresh token is not valid, or not of this client')
        if (state.usedAt !== null) {
          await revokeTokens(trx, { family: state.family })
          return invalid('the refresh token was used before; everything that came from it is revoked')
        }
        const problem = problemOf(state)
        if (problem !== undefined) return invalid(problem)
        if (resource !== undefined && !isAudience(resource, state.audience)) return invalid('resource is another one', 'invalid_target')
        const asked = scope?.split(' ').filter(Boolean) ?? state.scopes
        if (!asked.every((one) => state.scopes.includes(one))) return invalid('a refresh cannot give more scopes', 'invalid_scope')
        if (scopesLeft(state, asked).length === 0) return invalid('the person allows the app nothing of this any more')
        await renewals.count(state.family)
        await useToken(trx, state.hash)
        return issue(trx, state, asked)
      }),

    async revoke(app, token, address) {
      const isToken = hasForm(token, 'access') || hasForm(token, 'refresh')
      const isEnded = isToken && (await throttle.read(address, () => db.transaction((trx) => revoke(trx, app, token))))
      if (isEnded) onRevoked()
      else await throttle.failed(address)
    },
  }
}

async function revoke(trx: Transaction, app: App, token: string): Promise<boolean> {
  const state = await findToken(trx, hashToken(token), { lock: true })
  if (state?.appId !== app.id) return false
  return revokeTokens(trx, state.kind === 'access' ? { hash: state.hash } : { family: state.family })
}

/** Why a code or token counts for nothing any more. */
export function problemOf(state: TokenState): string | undefined {
  if (state.revokedAt !== null) return 'it was revoked'
  if (state.expiresAt.getTime() <= Date.now()) return 'it has expired'
  if (state.grantRevokedAt !== null) return 'the person does not allow it any more'
  return rightsOf(state) === undefined ? 'the person is not a member of the workspace any more' : undefined
}

/** What the person may do in the workspace now. */
export function rightsOf({ role, hubAdmin }: TokenState): readonly string[] | undefined {
  return scopesIn(role, hubAdmin)
}

/** Of these scopes of a token, those that the person still allows the app and has. */
export function scopesLeft(state: TokenState, scopes: readonly string[] = state.scopes): readonly string[] {
  return scopesInBoth(scopesInBoth(scopes, state.grantScopes), rightsOf(state) ?? [])
}

async function issue(trx: Transaction, state: TokenState, given: readonly string[]): Promise<IssuedTokens> {
  const { family, grantId, audience, scopes } = state
  const accessToken = makeSecret('access')
  const refreshToken = makeSecret('refresh')
  const shared = { family, grantId, audience, redirectUri: null, challenge: null }
  const until = (ms: number): Date => new Date(Date.now() + ms)
  await insertTokens(trx, [
    { ...shared, hash: hashToken(accessToken), kind: 'access', scopes: given, expiresAt: until(accessMs) },
    { ...shared, hash: hashToken(refreshToken), kind: 'refresh', scopes, expiresAt: until(refreshMs) },
  ])
  return { accessToken, refreshToken, scopes: scopesLeft(state, given), expiresIn: accessMs / 1000 }
}
