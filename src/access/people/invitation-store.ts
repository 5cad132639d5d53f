import type { Row, Sql } from '#db'
import type { Role } from '../roles.ts'

/** Who makes the link for the first administrator, when a hub without people starts. */
export const setupMaker = 'system:start'

/** Whether the link that the hub made for the first administrator can still be used. */
export async function hasOpenSetupLink(sql: Sql): Promise<boolean> {
  const open = sql
    .selectFrom('invitations')
    .select('id')
    .where('createdBy', '=', setupMaker)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', new Date())
  return (await open.limit(1).executeTakeFirst()) !== undefined
}

export type Invitation = Omit<Row<'invitations'>, 'hash'>

export type BoundInvitation = Row<'invitations'>

export interface NewInvitation {
  readonly id: string
  readonly workspaceId: string
  readonly email: string | null
  readonly role: Role
  readonly hubAdmin: boolean
  readonly hash: Buffer
  readonly expiresAt: Date
  readonly createdBy: string
}

const invitationColumns = [
  'id',
  'workspaceId',
  'email',
  'role',
  'hubAdmin',
  'expiresAt',
  'usedAt',
  'usedBy',
  'revokedAt',
  'createdBy',
  'createdAt',
] as const

export function insertInvitation(sql: Sql, invitation: NewInvitation): Promise<Invitation> {
  return sql.insertInto('invitations').values(invitation).returning(invitationColumns).executeTakeFirstOrThrow()
}

/** An invitation that can still be used. */
export function findInvitation(sql: Sql, hash: Buffer): Promise<Invitation | undefined> {
  return sql
    .selectFrom('invitations')
    .select(invitationColumns)
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', new Date())
    .executeTakeFirst()
}

/** Marks it as used. Of two people who use it at the same time, one gets it. */
export function takeInvitation(sql: Sql, hash: Buffer): Promise<Invitation | undefined> {
  return sql
    .updateTable('invitations')
    .set({ usedAt: new Date() })
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', new Date())
    .returning(invitationColumns)
    .executeTakeFirst()
}

export async function noteInvited(sql: Sql, id: string, userId: string): Promise<void> {
  await sql.updateTable('invitations').set({ usedBy: userId }).where('id', '=', id).execute()
}

/** Invitations of somebody who has lost the rights to invite. */
export async function revokeInvitationsOf(sql: Sql, workspaceId: string, actor: string): Promise<void> {
  await sql
    .updateTable('invitations')
    .set({ revokedAt: new Date() })
    .where('workspaceId', '=', workspaceId)
    .where('createdBy', '=', actor)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .execute()
}

export function listInvitations(
  sql: Sql,
  workspaceId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<Invitation[]> {
  return sql
    .selectFrom('invitations')
    .select(invitationColumns)
    .where('workspaceId', '=', workspaceId)
    .$if(page.before !== undefined, (query) => query.where('id', '<', page.before!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
}

export function revokeInvitation(sql: Sql, workspaceId: string, id: string): Promise<Invitation | undefined> {
  return sql
    .updateTable('invitations')
    .set((e) => ({ revokedAt: e.fn.coalesce('revokedAt', e.val(new Date())) }))
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .where('usedAt', 'is', null)
    .returning(invitationColumns)
    .executeTakeFirst()
}

/** Invitations that are bound to this address and can still be used, the oldest first. */
export function invitationsFor(sql: Sql, email: string): Promise<BoundInvitation[]> {
  return sql
    .selectFrom('invitations')
    .select([...invitationColumns, 'hash'])
    .where('email', '=', email.toLowerCase())
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', new Date())
    .orderBy('id')
    .execute()
}
