import { actorOf, hashToken, type Access, type Person, type Principal } from '#access'
import type { Database, Sql } from '#db'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import type { Authorization } from './authorization.ts'
import { isLoopback } from './redirect-uris.ts'
import { makeSecret } from './secrets.ts'
import { findGrants, insertTokens, listGrants, putGrant, revokeGrant, type GrantFilter } from './store.ts'
import type { GrantView, TokenState } from './types.ts'

/** A code is exchanged at once, by a program. */
const codeMs = 60_000

export interface Allowing {
  readonly person: Pick<Person, 'id'>
  readonly workspaceId: string
  readonly scopes: readonly string[]
}

export interface Remembered {
  readonly grantId: string
  readonly workspaceId: string
}

export interface Grants {
  /** Stores what a person allows on the page that asks them, and returns the code for the app. What the page did not ask about stays allowed. */
  allow(request: Authorization, allowing: Allowing): Promise<string>
  /** What the person allowed this app before, if that covers the request and nobody else can have sent it. */
  remembered(request: Authorization, person: Pick<Person, 'id'>): Promise<Remembered | undefined>
  /** A code for what was allowed before. It changes nothing that was allowed, because any web page can lead a browser to this. */
  again(request: Authorization, grantId: string, scopes: readonly string[]): Promise<string>
  list(filter: GrantFilter): Promise<GrantView[]>
  /** Ends a grant and all its tokens. `within` says whose it may be. */
  revoke(principal: Pick<Principal, 'kind' | 'id'>, id: string, within: Pick<GrantFilter, 'userId' | 'workspaceId'>): Promise<GrantView>
}

export interface GrantsDeps {
  readonly db: Database
  readonly access: Pick<Access, 'audit' | 'changed'>
  readonly onRevoked: () => void
}

export function createGrants({ db, access, onRevoked }: GrantsDeps): Grants {
  const makeCode = async (sql: Sql, { audience, redirectUri, challenge }: Authorization, grant: Pick<TokenState, 'grantId' | 'scopes'>) => {
    const code = makeSecret('code')
    const expiresAt = new Date(Date.now() + codeMs)
    await insertTokens(sql, [
      { ...grant, hash: hashToken(code), kind: 'code', family: newId('att'), audience, redirectUri, challenge, expiresAt },
    ])
    return code
  }

  return {
    async allow(request, { person, workspaceId, scopes }) {
      const { app, view } = request
      const code = await db.transaction(async (trx) => {
        const before = (await findGrants(trx, { userId: person.id, appId: app.id, view })).find((one) => one.workspaceId === workspaceId)
        const kept = before?.scopes.filter((scope) => !request.scopes.includes(scope)) ?? []
        const allowed = [...new Set([...scopes, ...kept])].toSorted()
        const grant = await putGrant(trx, { id: newId('grn'), workspaceId, userId: person.id, appId: app.id, scopes: allowed, view })
        const made = await makeCode(trx, request, { grantId: grant.id, scopes })
        if (before && before.scopes.toString() === allowed.toString()) return made
        await access.audit.record(trx, {
          workspaceId,
          actor: `user:${person.id}`,
          action: before ? 'grant.changed' : 'grant.created',
          subject: grant.id,
          detail: { app: app.name, client_id: app.clientId, scopes: allowed, ...(view === '' ? {} : { view }) },
        })
        return made
      })
      onRevoked()
      return code
    },

    async remembered({ app, redirectUri, scopes, view, asks }, person) {
      // Any program of the person's machine can say that it is this client, so they are asked each time (RFC 8252, 8.6).
      if (asks || !redirectUri.startsWith('https:') || isLoopback(redirectUri)) return undefined
      const fitting = (await findGrants(db.sql, { userId: person.id, appId: app.id, view })).filter((grant) =>
        scopes.every((scope) => grant.scopes.includes(scope)),
      )
      const [grant] = fitting
      return grant && fitting.length === 1 ? { grantId: grant.id, workspaceId: grant.workspaceId } : undefined
    },

    again: (request, grantId, scopes) => makeCode(db.sql, request, { grantId, scopes }),

    list: (filter) => listGrants(db.sql, filter),

    async revoke(principal, id, within) {
      const grant = await db.transaction(async (trx) => {
        const [found] = await listGrants(trx, { ...within, id, limit: 1 })
        if (!found || !(await revokeGrant(trx, id))) throw hubError('not_found', { detail: `there is no grant ${id} that you can revoke` })
        await access.audit.record(trx, {
          workspaceId: found.workspaceId,
          actor: actorOf(principal),
          action: 'grant.revoked',
          subject: id,
          detail: { app: found.app.name, person: found.userId },
        })
        return { ...found, revokedAt: new Date() }
      })
      access.changed()
      onRevoked()
      return grant
    },
  }
}
