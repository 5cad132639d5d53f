import { covers } from '#lib/scopes'

/** From the one with most rights to the one with least. */
export const roles = ['owner', 'admin', 'member', 'viewer'] as const

export type Role = (typeof roles)[number]

const reading = [
  'tools:read',
  'invocations:read',
  'integrations:read',
  'events:read',
  'flows:read',
  'approvals:read',
  'jobs:read',
  'content:read',
  'people:read',
  'metrics:read',
]

const scopesOf: Readonly<Record<Role, readonly string[]>> = {
  owner: ['admin'],
  admin: ['admin'],
  member: [...reading, 'tools:call', 'flows:write', 'flows:run', 'approvals:write', 'jobs:create', 'tokens:own'],
  viewer: reading,
}

/** Where a person is a member, and as what. */
export interface Membership {
  readonly workspaceId: string
  readonly workspace: string
  readonly role: Role
}

/** What a person with this role may do in a workspace; undefined when it is not theirs. An administrator of the hub may enter every workspace. */
export function scopesIn(role: Role | null | undefined, hubAdmin: boolean): readonly string[] | undefined {
  if (hubAdmin) return ['admin', 'hub:admin']
  return role ? scopesOf[role] : undefined
}

/** The scopes that both lists give. */
export function scopesInBoth(some: readonly string[], others: readonly string[]): string[] {
  const within = (list: readonly string[], scope: string): boolean => list.some((granted) => covers(granted, scope))
  return [...new Set([...some.filter((scope) => within(others, scope)), ...others.filter((scope) => within(some, scope))])]
}
