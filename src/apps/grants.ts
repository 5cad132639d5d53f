import { actorOf, type Access, type Person, type Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import type { Authorization } from './authorization.ts'
import { isLoopback } from './redirect-uris.ts'
import { hashOf, makeSecret } from './secrets.ts'
import { findGrants, insertTokens, listGrants, putGrant, revokeGrant, type GrantFilter } from './store.ts'
import type { GrantView } from './types.ts'

/** A code is exchanged at once, by a program. */
const codeMs = 60_000

export interface Allowing {
  readonly person: Pick<Person, 'id'>
  readonly workspaceId: string
  readonly scopes: readonly string[]
}

export interface Grants {
  /** Stores what a person allows, and returns the code for the app. */
  allow(request: Authorization, allowing: Allowing): Promise<string>
  /** What the person allowed this app before, if that covers the request and nobody else can have sent it. */
  remembered(request: Authorization, person: Pick<Person, 'id'>): Promise<Allowing | undefined>
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
  return {
    async allow({ app, redirectUri, audience, view, challenge }, { person, workspaceId, scopes }) {
      const code = makeSecret('code')
      await db.transaction(async (trx) => {
        const before = (await findGrants(trx, { userId: person.id, appId: app.id, view })).find((one) => one.workspaceId === workspaceId)
        const grant = await putGrant(trx, { id: newId('grn'), workspaceId, userId: person.id, appId: app.id, scopes, view })
        await insertTokens(trx, [
          {
            hash: hashOf(code),
            kind: 'code',
            family: newId('att'),
            grantId: grant.id,
            scopes,
            audience,
            redirectUri,
            challenge,
            expiresAt: new Date(Date.now() + codeMs),
          },
        ])
        if (before && before.scopes.toString() === scopes.toString()) return
        await access.audit.record(trx, {
          workspaceId,
          actor: `user:${person.id}`,
          action: before ? 'grant.changed' : 'grant.created',
          subject: grant.id,
          detail: { app: app.name, client_id: app.clientId, scopes, ...(view === '' ? {} : { view }) },
        })
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
      return grant && fitting.length === 1 ? { person, workspaceId: grant.workspaceId, scopes: grant.scopes } : undefined
    },

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
