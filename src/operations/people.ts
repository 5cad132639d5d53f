import { z } from 'zod'
import { anyCaller, type Principal } from '#access'
import { operation, view } from './operation.ts'

const meSchema = z.object({
  kind: z.enum(['token', 'user', 'operator', 'system']),
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  workspace_id: z.string(),
  workspace: z.string(),
  role: z.string().nullable().describe('The role of the person in this workspace; null for other callers.'),
  hub_admin: z.boolean(),
  read_only: z.boolean(),
  scopes: z.array(z.string()),
  workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: z.string().nullable() })),
})

interface Me {
  readonly principal: Principal
  readonly workspace: string
  readonly person: { readonly name: string; readonly email: string; readonly hubAdmin: boolean } | undefined
  readonly workspaces: readonly { id: string; name: string; role: string | null }[]
}

const meView = view(meSchema, ({ principal, workspace, person, workspaces }: Me) => ({
  kind: principal.kind,
  id: principal.id,
  name: principal.name,
  email: person?.email ?? null,
  workspace_id: principal.workspaceId,
  workspace,
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
    const workspace = (await access.workspaces.find({ id: principal.workspaceId }))!
    const own = person?.memberships.map(({ workspaceId, workspace: name, role }) => ({ id: workspaceId, name, role: role }))
    return { principal, workspace: workspace.name, person, workspaces: own ?? [{ id: workspace.id, name: workspace.name, role: null }] }
  },
})
