import type { Sql } from '#db'
import { scopesIn, scopesInBoth, type Role } from '../roles.ts'
import { covers } from '#lib/scopes'
import { findPeopleIn, findTokens } from '../store.ts'
import type { Invitation } from './invitation-store.ts'

interface Maker {
  readonly scopes: readonly string[]
  /** What the person who made it, or whose token made it, is in the workspace. */
  readonly role: Role | null
}

/**
 * Whether whoever made an invitation could still make it now. Otherwise somebody who loses their rights could get them back with a link that they
 * made before. The operator and the hub itself keep their rights.
 */
export async function canStillInvite(sql: Sql, { createdBy, workspaceId, role, hubAdmin }: Invitation): Promise<boolean> {
  const [, kind, id = ''] = /^(token|user|grant):(.+)$/.exec(createdBy) ?? []
  if (kind === undefined) return /^(operator|system):/.test(createdBy)
  if (kind === 'grant') return false
  const maker = kind === 'user' ? await personIn(sql, workspaceId, id) : await tokenIn(sql, workspaceId, id)
  if (!maker) return false
  const has = (needed: string): boolean => maker.scopes.some((granted) => covers(granted, needed))
  const needed = ['people:write', ...scopesIn(role, false)!, ...(hubAdmin ? ['hub:admin'] : [])]
  return needed.every(has) && (role !== 'owner' || maker.role === 'owner' || has('hub:admin'))
}

async function personIn(sql: Sql, workspaceId: string, userId: string): Promise<Maker | undefined> {
  const [person] = await findPeopleIn(sql, workspaceId, [userId])
  const scopes = person && scopesIn(person.role, person.hubAdmin)
  return scopes && { scopes, role: person.role }
}

async function tokenIn(sql: Sql, workspaceId: string, id: string): Promise<Maker | undefined> {
  const [token] = await findTokens(sql, [id])
  if (!token || token.readOnly || token.revokedAt || (token.expiresAt && token.expiresAt.getTime() <= Date.now())) return undefined
  const person = token.userId === null ? undefined : await personIn(sql, token.workspaceId, token.userId)
  if (token.userId !== null && !person) return undefined
  const scopes = person ? scopesInBoth(token.scopes, person.scopes) : token.scopes
  // A token acts in another workspace only with the right to act in all of them.
  if (token.workspaceId !== workspaceId && !scopes.includes('hub:admin')) return undefined
  return { scopes, role: token.workspaceId === workspaceId ? (person?.role ?? null) : null }
}
