import type { Database } from '#db'
import { hubError } from '#errors'
import type { Clock } from '#lib/clock'
import { newId } from '#lib/ids'
import type { Audit } from './audit.ts'
import { allows } from '#lib/scopes'
import { actorOf, isKnownScope, type Principal } from './scopes.ts'
import { hashToken, makeToken, tokenPrefix } from './secrets.ts'
import { findTokens, insertToken, listTokens, revokeToken, type TokenRow } from './store.ts'

export interface TokenRequest {
  readonly name: string
  readonly scopes: readonly string[]
  readonly readOnly?: boolean | undefined
  readonly expiresAt?: Date | undefined
  /** Belongs to nobody, so it lasts when the person who made it leaves. */
  readonly service?: boolean | undefined
}

export interface TokenPage {
  readonly after?: string | undefined
  readonly limit: number
  /** Only those of this person. */
  readonly userId?: string | undefined
}

export interface Tokens {
  /** Returns the token's value, which cannot be read again later. */
  create(principal: Principal, request: TokenRequest): Promise<{ token: TokenRow; value: string }>
  list(principal: Principal, page: TokenPage): Promise<TokenRow[]>
  /** Whether a token belongs to the person who acts. */
  isOwn(principal: Principal, id: string): Promise<boolean>
  revoke(principal: Principal, id: string): Promise<TokenRow>
}

export interface TokensDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  readonly onRevoked: (id: string) => void
}

export function createTokens({ db, audit, clock, onRevoked }: TokensDeps): Tokens {
  return {
    async create(principal, { name, scopes, readOnly = false, expiresAt, service = false }) {
      assertGrantable(principal, scopes, readOnly)
      if (expiresAt && expiresAt.getTime() <= clock.millis()) {
        throw hubError('invalid_input', { errors: [{ path: 'expires_at', message: 'must be in the future' }] })
      }
      if (principal.expiresAt && (!expiresAt || expiresAt > principal.expiresAt)) {
        const latest = principal.expiresAt.toISOString()
        throw hubError('invalid_input', {
          errors: [{ path: 'expires_at', message: `must be no later than ${latest}, when your own token ends` }],
        })
      }
      const value = makeToken()
      const token = await db.transaction(async (trx) => {
        const row = await insertToken(trx, {
          id: newId('tok'),
          workspaceId: principal.workspaceId,
          name,
          prefix: tokenPrefix(value),
          hash: hashToken(value),
          scopes,
          readOnly,
          expiresAt: expiresAt ?? null,
          createdBy: actorOf(principal),
          userId: service ? null : (principal.userId ?? null),
        })
        await audit.record(trx, {
          workspaceId: principal.workspaceId,
          actor: actorOf(principal),
          action: 'token.created',
          subject: row.id,
          detail: { name, scopes, read_only: readOnly, expires_at: expiresAt?.toISOString() ?? null, user_id: row.userId },
        })
        return row
      })
      return { token, value }
    },

    list: (principal, page) => listTokens(db.sql, principal.workspaceId, page),
    isOwn: async ({ userId, workspaceId }, id) =>
      userId !== undefined &&
      (await findTokens(db.sql, [id])).some((token) => token.userId === userId && token.workspaceId === workspaceId),

    async revoke(principal, id) {
      const token = await db.transaction(async (trx) => {
        const row = await revokeToken(trx, principal.workspaceId, id)
        if (!row) throw hubError('not_found', { detail: `there is no token ${id} in this workspace` })
        await audit.record(trx, {
          workspaceId: principal.workspaceId,
          actor: actorOf(principal),
          action: 'token.revoked',
          subject: id,
          detail: { name: row.name },
        })
        return row
      })
      onRevoked(id)
      return token
    },
  }
}

/** A principal can grant only scopes that it has. */
function assertGrantable(principal: Principal, scopes: readonly string[], readOnly: boolean): void {
  const unknown = scopes.filter((scope) => !isKnownScope(scope))
  if (unknown.length > 0) {
    throw hubError('invalid_input', { errors: unknown.map((scope) => ({ path: 'scopes', message: `"${scope}" is not a scope` })) })
  }
  const beyond = scopes.filter((scope) => !allows(principal, scope))
  if (beyond.length > 0 || (principal.readOnly && !readOnly)) {
    throw hubError('scope_missing', {
      detail: `a token cannot grant scopes that it does not have: ${beyond.join(', ') || 'changing anything'}`,
    })
  }
}
