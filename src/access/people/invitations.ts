import { randomBytes } from 'node:crypto'
import type { Database, Sql, Transaction } from '#db'
import { hubError } from '#errors'
import { newId } from '#lib/ids'
import type { Audit } from '../audit.ts'
import { roles, type Role } from '../roles.ts'
import { allows } from '#lib/scopes'
import { actorOf, type Principal } from '../scopes.ts'
import { hashToken } from '../secrets.ts'
import { lockWorkspace } from '../store.ts'
import { canStillInvite } from './inviter.ts'
import { requireReach } from './members.ts'
import {
  findInvitation,
  insertInvitation,
  invitationsFor,
  listInvitations,
  noteInvited,
  revokeInvitation,
  takeInvitation,
  type BoundInvitation,
  type Invitation,
} from './invitation-store.ts'
import { addMember, changeMember, findMember, insertPerson, makeHubAdmin } from './store.ts'

const dayMs = 24 * 3_600_000
export const setupMs = dayMs
const invitationMs = 7 * dayMs

export interface InvitationRequest {
  readonly workspaceId: string
  readonly role: Role
  readonly email: string | null
  readonly hubAdmin: boolean
  readonly validMs: number
  /** Who invites. */
  readonly actor: string
}

/** What somebody who follows a link fills in. */
export interface Joining {
  readonly token: string
  readonly name: string
  readonly email: string
  readonly passwordHash: string
}

export interface NewLink {
  readonly invitation: Invitation
  readonly token: string
}

export interface Invitations {
  /** Returns the token of the link, which cannot be read again later. */
  create(request: InvitationRequest): Promise<NewLink>
  /** The same in a transaction, whose last statement it is. */
  createIn(trx: Transaction, request: InvitationRequest): Promise<NewLink>
  /** What a link offers. Throws `link_invalid` when it cannot be used. */
  read(token: string): Promise<Invitation>
  list(workspaceId: string, page: { readonly before: string | undefined; readonly limit: number }): Promise<Invitation[]>
  /** Invites in the name of a principal, who gives no role beyond its own rights. */
  invite(principal: Principal, request: Pick<InvitationRequest, 'role' | 'email' | 'hubAdmin'>): Promise<NewLink>
  revoke(principal: Principal, id: string): Promise<Invitation>
  /** The invitations under this address that can be used, the oldest first. */
  openFor(sql: Sql, email: string): Promise<BoundInvitation[]>
  /** Makes somebody a member with an invitation that was found otherwise than by its link. */
  admit(trx: Transaction, invitation: BoundInvitation, userId: string): Promise<void>
  /** Makes a new person a member, once for each link. */
  join(joining: Joining): Promise<string>
  /** Makes somebody who has an account a member. */
  accept(token: string, person: { readonly id: string; readonly email: string }): Promise<Invitation>
}

export function createInvitations({ db, audit }: { readonly db: Database; readonly audit: Audit }): Invitations {
  const take = async (trx: Transaction, token: string, email: string): Promise<Invitation> => {
    const invitation = await takeInvitation(trx, hashToken(token))
    if (!invitation || !(await canStillInvite(trx, invitation))) throw linkInvalid()
    requireEmail(invitation, email)
    return invitation
  }

  /** False when the person has at least as much already. */
  const admit = async (trx: Transaction, invitation: Invitation, userId: string): Promise<boolean> => {
    const { workspaceId, hubAdmin, createdBy } = invitation
    // Two invitations of one person, or a change of the role at the same time, are looked at one after the other.
    await lockWorkspace(trx, workspaceId)
    const before = await findMember(trx, workspaceId, userId)
    const raised = before === undefined || roles.indexOf(invitation.role) < roles.indexOf(before.role)
    const role = raised ? invitation.role : before.role
    if (!raised && (!hubAdmin || before.hubAdmin)) return false
    if (hubAdmin) await makeHubAdmin(trx, userId)
    if (before === undefined) await addMember(trx, { workspaceId, userId, role, createdBy })
    else await changeMember(trx, { workspaceId, userId, role })
    await noteInvited(trx, invitation.id, userId)
    const had = before === undefined ? {} : { before: before.role }
    await audit.record(trx, {
      workspaceId,
      actor: `user:${userId}`,
      action: before === undefined ? 'member.joined' : 'member.changed',
      subject: userId,
      detail: { role, ...had, hub_admin: hubAdmin || before?.hubAdmin === true, invitation: invitation.id },
    })
    return true
  }

  const createIn: Invitations['createIn'] = async (trx, { workspaceId, role, email, hubAdmin, validMs, actor }) => {
    const token = randomBytes(32).toString('base64url')
    const invitation = await insertInvitation(trx, {
      id: newId('ivt'),
      workspaceId,
      email: email?.toLowerCase() ?? null,
      role,
      hubAdmin,
      hash: hashToken(token),
      expiresAt: new Date(Date.now() + validMs),
      createdBy: actor,
    })
    const detail = { role, email, hub_admin: hubAdmin }
    await audit.record(trx, { workspaceId, actor, action: 'invitation.created', subject: invitation.id, detail })
    return { invitation, token }
  }

  return {
    list: (workspaceId, page) => listInvitations(db.sql, workspaceId, page),

    invite: (principal, request) =>
      db.transaction(async (trx) => {
        if (request.hubAdmin && !allows(principal, 'hub:admin')) {
          throw hubError('scope_missing', { detail: 'only an administrator of the hub makes others one; needed: hub:admin' })
        }
        await requireReach(trx, principal, request.role)
        const { workspaceId } = principal
        const validMs = request.hubAdmin ? setupMs : invitationMs
        return createIn(trx, { ...request, workspaceId, validMs, actor: actorOf(principal) })
      }),

    revoke: (principal, id) =>
      db.transaction(async (trx) => {
        const { workspaceId } = principal
        const invitation = await revokeInvitation(trx, workspaceId, id)
        if (!invitation) throw hubError('not_found', { detail: `there is no open invitation ${id} in this workspace` })
        await audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'invitation.revoked', subject: id })
        return invitation
      }),

    async openFor(sql, email) {
      const open: BoundInvitation[] = []
      for (const invitation of await invitationsFor(sql, email)) if (await canStillInvite(sql, invitation)) open.push(invitation)
      return open
    },

    async admit(trx, { hash, ...invitation }, userId) {
      if (await takeInvitation(trx, hash)) await admit(trx, invitation, userId)
    },

    create: (request) => db.transaction((trx) => createIn(trx, request)),
    createIn,

    async read(token) {
      const invitation = await findInvitation(db.sql, hashToken(token))
      if (!invitation || !(await canStillInvite(db.sql, invitation))) throw linkInvalid()
      return invitation
    },

    join: ({ token, ...person }) =>
      db.transaction(async (trx) => {
        const invitation = await take(trx, token, person.email)
        const userId = await insertPerson(trx, person)
        if (userId === undefined) {
          throw hubError('already_exists', {
            detail: 'this e-mail address has an account already',
            hint: 'sign in with it, then open the link again',
          })
        }
        await admit(trx, invitation, userId)
        return userId
      }),

    accept: (token, { id, email }) =>
      db.transaction(async (trx) => {
        const invitation = await take(trx, token, email)
        if (!(await admit(trx, invitation, id))) {
          throw hubError('already_exists', {
            detail: 'you are a member of this workspace already, with at least the role that this link gives',
            hint: 'the link can still be used by somebody else, if it is not for your e-mail address',
          })
        }
        return invitation
      }),
  }
}

function requireEmail({ email }: Invitation, given: string): void {
  if (email === null || email === given.toLowerCase()) return
  throw hubError('scope_missing', {
    detail: 'this invitation is for another e-mail address',
    hint: 'use the address that the invitation was sent to',
  })
}

function linkInvalid() {
  return hubError('link_invalid', {
    detail: 'this link is not valid: it was used, it has expired, it was revoked, or whoever made it lost the rights to do so',
    hint: 'ask whoever sent it for a new one',
  })
}
