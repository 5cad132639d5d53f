import { z } from 'zod'
import { anyCaller, roles, type Member, type Principal } from '#access'
import { operation, view } from './operation.ts'
import { allOf, pageOf, timestamp } from './shared.ts'

export const userId = z.string().regex(/^usr_[0-9a-f-]{1,36}$/, 'must be the id of a person: usr_…')
export const exampleUser = 'usr_0197f3d2-0000-7000-8000-000000000000'
export const roleSchema = z.enum(roles)

const meSchema = z.object({
  kind: z.enum(['token', 'user', 'operator', 'system']),
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  workspace_id: z.string().nullable().describe('Null for a person who is not a member of any workspace.'),
  workspace: z.string().nullable(),
  role: z.string().nullable().describe('The role of the person in this workspace; null for other callers.'),
  hub_admin: z.boolean(),
  read_only: z.boolean(),
  scopes: z.array(z.string()),
  workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: z.string().nullable() })),
})

interface Me {
  readonly principal: Principal
  readonly workspace: { readonly id: string; readonly name: string } | undefined
  readonly person: { readonly name: string; readonly email: string; readonly hubAdmin: boolean } | undefined
  readonly workspaces: readonly { id: string; name: string; role: string | null }[]
}

const meView = view(meSchema, ({ principal, workspace, person, workspaces }: Me) => ({
  kind: principal.kind,
  id: principal.id,
  name: principal.name,
  email: person?.email ?? null,
  workspace_id: workspace?.id ?? null,
  workspace: workspace?.name ?? null,
  role: workspaces.find(({ id }) => id === principal.workspaceId)?.role ?? null,
  hub_admin: person?.hubAdmin ?? false,
  read_only: principal.readOnly,
  scopes: [...principal.scopes],
  workspaces: [...workspaces],
}))

export const me = operation({
  name: 'users.me',
  scope: anyCaller,
  effect: 'read',
  summary: 'Who the caller is, in which workspace, and what it may do',
  input: z.strictObject({}),
  output: meView,
  http: { method: 'GET', path: '/api/v1/users/me' },
  example: {},
  run: async ({ access, people, principal }) => {
    const person = principal.userId === undefined ? undefined : await people.find(principal.userId)
    const workspace = await access.workspaces.find({ id: principal.workspaceId })
    const own = person?.memberships.map(({ workspaceId, workspace: name, role }) => ({ id: workspaceId, name, role }))
    const here = workspace ? [{ id: workspace.id, name: workspace.name, role: null }] : []
    return { principal, workspace, person, workspaces: own ?? here }
  },
})

const memberView = view(
  z.object({
    user_id: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    hub_admin: z.boolean(),
    two_factor: z.boolean(),
    created_at: timestamp,
  }),
  (member: Member) => ({
    user_id: member.userId,
    name: member.name,
    email: member.email,
    role: member.role,
    hub_admin: member.hubAdmin,
    two_factor: member.twoFactor,
    created_at: member.createdAt.toISOString(),
  }),
)

export const listMembers = operation({
  name: 'members.list',
  scope: 'people:read',
  effect: 'read',
  summary: 'List the members of the workspace with their roles',
  input: z.strictObject({}),
  output: pageOf(memberView),
  http: { method: 'GET', path: '/api/v1/members' },
  example: {},
  run: async ({ people, principal }) => allOf(await people.members.list(principal.workspaceId)),
})

export const updateMember = operation({
  name: 'members.update',
  scope: 'people:write',
  effect: 'write',
  summary: 'Change the role of a member: within a second it applies everywhere',
  description: 'Nobody gives a role beyond their own rights. Only owners make owners and change them.',
  input: z.strictObject({
    user_id: userId,
    role: roleSchema.optional(),
    hub_admin: z.boolean().optional().describe('Whether the person may do everything in every workspace. Needs hub:admin.'),
  }),
  output: memberView,
  http: { method: 'PATCH', path: '/api/v1/members/:user_id' },
  example: { user_id: exampleUser, role: 'member' },
  run: ({ people, principal }, { user_id, role, hub_admin: hubAdmin }) => people.members.update(principal, user_id, { role, hubAdmin }),
})

export const removeMember = operation({
  name: 'members.remove',
  scope: 'people:write',
  effect: 'destroy',
  summary: 'Remove a member: their sessions, tokens and flows lose their rights here within a second',
  description: 'A person may leave a workspace without people:write. The last owner stays.',
  own: { scope: 'people:read', isOwn: async ({ principal }, { user_id }) => principal.userId === user_id },
  input: z.strictObject({ user_id: userId }),
  output: memberView,
  http: { method: 'DELETE', path: '/api/v1/members/:user_id' },
  example: { user_id: exampleUser },
  run: ({ people, principal }, { user_id }) => people.members.remove(principal, user_id),
})
