import type { Database, Transaction } from '#db'
import { hubError } from '#errors'
import type { Audit } from '../audit.ts'
import { scopesIn, type Role } from '../roles.ts'
import { allows } from '#lib/scopes'
import { actorOf, type Principal } from '../scopes.ts'
import { findPeopleIn, lockWorkspace } from '../store.ts'
import { recordEverywhere, workspacesOf } from './sign-in-audit.ts'
import { revokeInvitationsOf } from './invitation-store.ts'
import {
  changeMember,
  changePerson,
  countOwners,
  endSessions,
  findMember,
  findPerson,
  listMembers,
  removeMember,
  type Member,
  type Person,
} from './store.ts'

export interface MemberChange {
  readonly role?: Role | undefined
  readonly hubAdmin?: boolean | undefined
}

export interface Members {
  list(workspaceId: string): Promise<Member[]>
  update(principal: Principal, userId: string, change: MemberChange): Promise<Member>
  remove(principal: Principal, userId: string): Promise<Member>
  /** Ends all sign-in sessions of a member. Returns how many those were. */
  endSessions(principal: Principal, userId: string): Promise<number>
}

export interface MembersDeps {
  readonly db: Database
  readonly audit: Audit
  /** Rights have changed: nobody's are taken from a cache. */
  readonly changed: () => void
}

export function createMembers({ db, audit, changed }: MembersDeps): Members {
  /** Calls `work` with the member, after it has locked the workspace, so that two owners cannot remove each other. */
  const change = async <T>(principal: Principal, userId: string, work: (trx: Transaction, member: Member) => Promise<T>): Promise<T> => {
    const { workspaceId } = principal
    const result = await db.transaction(async (trx) => {
      await lockWorkspace(trx, workspaceId)
      const member = await findMember(trx, workspaceId, userId)
      if (!member) throw hubError('not_found', { detail: 'this person is not a member of the workspace' })
      return work(trx, member)
    })
    changed()
    return result
  }

  const record = (trx: Transaction, principal: Principal, entry: { action: string; subject: string; detail: Record<string, unknown> }) =>
    audit.record(trx, { workspaceId: principal.workspaceId, actor: actorOf(principal), ...entry })

  return {
    list: (workspaceId) => listMembers(db.sql, workspaceId),

    update: (principal, userId, { role, hubAdmin }) =>
      change(principal, userId, async (trx, member) => {
        const { workspaceId } = principal
        if (hubAdmin !== undefined) {
          if (!allows(principal, 'hub:admin'))
            throw hubError('scope_missing', { detail: 'only an administrator of the hub makes others one; needed: hub:admin' })
          await changePerson(trx, userId, { hubAdmin })
        }
        if (role !== undefined && role !== member.role) {
          await requireReach(trx, principal, member.role)
          await requireReach(trx, principal, role)
          if (member.role === 'owner') await requireAnotherOwner(trx, workspaceId)
          await changeMember(trx, { workspaceId, userId, role })
          await revokeInvitationsOf(trx, workspaceId, `user:${userId}`)
        }
        const detail = { role: role ?? member.role, before: member.role, ...(hubAdmin === undefined ? {} : { hub_admin: hubAdmin }) }
        await record(trx, principal, { action: 'member.changed', subject: userId, detail })
        return (await findMember(trx, workspaceId, userId))!
      }),

    remove: (principal, userId) =>
      change(principal, userId, async (trx, member) => {
        const { workspaceId } = principal
        if (userId !== principal.userId) await requireReach(trx, principal, member.role)
        if (member.role === 'owner') await requireAnotherOwner(trx, workspaceId)
        await removeMember(trx, workspaceId, userId)
        await revokeInvitationsOf(trx, workspaceId, `user:${userId}`)
        await record(trx, principal, { action: 'member.removed', subject: userId, detail: { role: member.role } })
        return member
      }),

    endSessions: (principal, userId) =>
      change(principal, userId, async (trx, member) => {
        if (userId !== principal.userId) await requireReach(trx, principal, member.role)
        const person = await findPerson(trx, userId)
        if (person) requireWhole(principal, person)
        const count = await endSessions(trx, { userId })
        const workspaceIds = [principal.workspaceId, ...(person ? workspacesOf(person) : [])]
        const entry = { actor: actorOf(principal), action: 'sessions.ended', subject: userId, detail: { count } }
        await recordEverywhere(trx, audit, { workspaceIds, entry })
        return count
      }),
  }
}

/** A sign-in session reaches every workspace of the person: whoever ends it needs rights in all of them, or is the person. */
function requireWhole(principal: Principal, person: Person): void {
  if (person.id === principal.userId || allows(principal, 'hub:admin')) return
  if (!person.hubAdmin && workspacesOf(person).every((id) => id === principal.workspaceId)) return
  throw hubError('scope_missing', {
    detail: 'the sign-in sessions of this person reach other workspaces too; needed: hub:admin',
    hint: 'remove the member, which ends what they may do here, or ask an administrator of the hub',
  })
}

/**
 * Throws `scope_missing` unless the principal may give this role, and change members who have it: it needs every right of the role. Only
 * owners and administrators of the hub do so with owners.
 */
export async function requireReach(trx: Transaction, principal: Principal, role: Role): Promise<void> {
  const beyond = scopesIn(role, false)!.filter((scope) => !allows(principal, scope))
  if (beyond.length > 0) throw tooHigh(role)
  if (role !== 'owner' || allows(principal, 'hub:admin')) return
  const [person] = principal.userId === undefined ? [] : await findPeopleIn(trx, principal.workspaceId, [principal.userId])
  if (person?.role !== 'owner') throw tooHigh(role)
}

function tooHigh(role: Role) {
  return hubError('scope_missing', {
    detail: `your own rights do not reach those of the role ${role}`,
    hint: role === 'owner' ? 'ask an owner of the workspace' : 'ask an administrator of the workspace',
  })
}

async function requireAnotherOwner(trx: Transaction, workspaceId: string): Promise<void> {
  if ((await countOwners(trx, workspaceId)) > 1) return
  throw hubError('last_owner', { hint: 'make somebody else an owner first' })
}
