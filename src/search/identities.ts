import { actorOf, type Access, type Principal } from '#access'
import type { Database, Row } from '#db'
import { hubError } from '#errors'

export interface IdentityRow extends Row<'identities'> {
  readonly integration: string
}

export type Identity = Pick<IdentityRow, 'actor' | 'integrationId' | 'externalUser'>

/** Who somebody of a workspace is in the outside system of an integration, as an administrator says: it decides what they find. */
export interface Identities {
  list(workspaceId: string): Promise<IdentityRow[]>
  add(principal: Principal, identity: Identity): Promise<void>
  remove(principal: Principal, identity: Identity): Promise<void>
}

export function createIdentities({ db, access }: { readonly db: Database; readonly access: Pick<Access, 'audit'> }): Identities {
  return {
    list: (workspaceId) =>
      db.sql
        .selectFrom('identities')
        .innerJoin('integrations as i', 'i.id', 'identities.integrationId')
        .selectAll('identities')
        .select('i.name as integration')
        .where('identities.workspaceId', '=', workspaceId)
        .orderBy('actor')
        .orderBy('i.name')
        .orderBy('externalUser')
        .execute(),
    add: (principal, identity) =>
      db.transaction(async (trx) => {
        const { workspaceId } = principal
        await trx
          .insertInto('identities')
          .values({ ...identity, workspaceId, createdBy: actorOf(principal) })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'identity.added',
          subject: identity.actor,
          detail: { integration: identity.integrationId, external_user: identity.externalUser },
        })
      }),
    remove: (principal, { actor, integrationId, externalUser }) =>
      db.transaction(async (trx) => {
        const { workspaceId } = principal
        const { numDeletedRows } = await trx
          .deleteFrom('identities')
          .where('workspaceId', '=', workspaceId)
          .where('actor', '=', actor)
          .where('integrationId', '=', integrationId)
          .where('externalUser', '=', externalUser)
          .executeTakeFirst()
        if (numDeletedRows === 0n) throw hubError('not_found', { detail: 'there is no such identity in this workspace' })
        const detail = { integration: integrationId, external_user: externalUser }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'identity.removed', subject: actor, detail })
      }),
  }
}
