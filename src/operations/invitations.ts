import { z } from 'zod'
import type { Invitation } from '#access'
import { baseOf } from './addresses.ts'
import { operation, view } from './operation.ts'
import { roleSchema } from './people.ts'
import { idKeys, iso, pageInput, pageOf, readPage, timestamp } from './shared.ts'

const invitationSchema = z.object({
  id: z.string(),
  email: z.string().nullable(),
  role: roleSchema,
  hub_admin: z.boolean(),
  expires_at: timestamp,
  used_at: timestamp.nullable(),
  used_by: z.string().nullable(),
  revoked_at: timestamp.nullable(),
  created_by: z.string(),
  created_at: timestamp,
})

const renderInvitation = (invitation: Invitation): z.output<typeof invitationSchema> => ({
  id: invitation.id,
  email: invitation.email,
  role: invitation.role,
  hub_admin: invitation.hubAdmin,
  expires_at: invitation.expiresAt.toISOString(),
  used_at: iso(invitation.usedAt),
  used_by: invitation.usedBy,
  revoked_at: iso(invitation.revokedAt),
  created_by: invitation.createdBy,
  created_at: invitation.createdAt.toISOString(),
})

const invitationView = view(invitationSchema, renderInvitation)

export const listInvitations = operation({
  name: 'invitations.list',
  scope: 'people:write',
  effect: 'read',
  summary: 'List invitations to the workspace, newest first; never their links',
  input: z.strictObject(pageInput),
  output: pageOf(invitationView),
  http: { method: 'GET', path: '/api/v1/invitations' },
  example: { limit: 20 },
  run: ({ people, principal }, input) => readPage(input, idKeys('ivt'), (page) => people.invitations.list(principal.workspaceId, page)),
})

export const createInvitation = operation({
  name: 'invitations.create',
  scope: 'people:write',
  effect: 'write',
  summary: 'Invite somebody to the workspace',
  description:
    'Only this answer shows the link, which works once, for seven days. With an e-mail address only the person with this address can use it. Nobody gives a role beyond their own rights.',
  input: z.strictObject({
    email: z.email().max(254).optional().describe('Whom it is for. Without it, whoever has the link is let in.'),
    role: roleSchema.default('member'),
    hub_admin: z
      .boolean()
      .default(false)
      .describe('Make the person an administrator of the hub. Needs hub:admin; the link works for one day.'),
  }),
  output: view(
    invitationSchema.extend({ link: z.string(), token: z.string() }),
    ({ invitation, link, token }: { readonly invitation: Invitation; readonly link: string; readonly token: string }) => ({
      ...renderInvitation(invitation),
      link,
      token,
    }),
  ),
  http: { method: 'POST', path: '/api/v1/invitations', status: 201 },
  example: { email: 'grace@example.com', role: 'member' },
  run: async (context, { email = null, role, hub_admin: hubAdmin }) => {
    const { people, principal } = context
    const { invitation, token } = await people.invitations.invite(principal, { email, role, hubAdmin })
    return { invitation, token, link: people.linkTo(token, hubAdmin ? 'setup' : 'invitation', baseOf(context)) }
  },
})

export const revokeInvitation = operation({
  name: 'invitations.revoke',
  scope: 'people:write',
  effect: 'destroy',
  summary: 'Revoke an invitation that was not used yet',
  input: z.strictObject({ id: z.string().regex(/^ivt_[0-9a-f-]{1,36}$/, 'must be the id of an invitation: ivt_…') }),
  output: invitationView,
  http: { method: 'DELETE', path: '/api/v1/invitations/:id' },
  example: { id: 'ivt_0197f3d2-0000-7000-8000-000000000000' },
  run: ({ people, principal }, { id }) => people.invitations.revoke(principal, id),
})
