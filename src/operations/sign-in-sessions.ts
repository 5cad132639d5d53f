import { z } from 'zod'
import { requireScope, type SessionRow } from '#access'
import { hubError } from '#errors'
import { operation, plain, view } from './operation.ts'
import { exampleUser, userId } from './people.ts'
import { allOf, deleted, pageOf, timestamp } from './shared.ts'

const sessionView = view(
  z.object({
    id: z.string(),
    user_id: z.string(),
    current: z.boolean().describe('Whether this request came with it.'),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: timestamp,
    expires_at: timestamp,
  }),
  ({ session, current }: { readonly session: SessionRow; readonly current: boolean }) => ({
    id: session.id,
    user_id: session.userId,
    current,
    address: session.address,
    user_agent: session.userAgent,
    created_at: session.createdAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
  }),
)

export const listSessions = operation({
  name: 'sessions.list',
  scope: 'people:read',
  effect: 'read',
  summary: 'List the own sign-in sessions or, with people:write, those of a member',
  input: z.strictObject({ user_id: userId.optional() }),
  output: pageOf(sessionView),
  http: { method: 'GET', path: '/api/v1/sessions' },
  example: {},
  run: async ({ people, principal }, { user_id: asked = principal.userId }) => {
    // A token of a service has none.
    if (asked === undefined) return allOf([])
    if (asked !== principal.userId) {
      requireScope(principal, 'people:write')
      const members = await people.members.list(principal.workspaceId)
      if (!members.some((member) => member.userId === asked))
        throw hubError('not_found', { detail: 'this person is not a member of the workspace' })
    }
    const sessions = await people.sessions.list(asked)
    return allOf(sessions.map((session) => ({ session, current: session.id === principal.sessionId })))
  },
})

export const endSession = operation({
  name: 'sessions.end',
  scope: 'people:read',
  effect: 'destroy',
  summary: 'End one of the own sign-in sessions: within a second it works nowhere',
  input: z.strictObject({ id: z.string().regex(/^sin_[0-9a-f-]{1,36}$/, 'must be the id of a sign-in session: sin_…') }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/sessions/:id', status: 204 },
  example: { id: 'sin_0197f3d2-0000-7000-8000-000000000000' },
  run: async ({ people, principal }, { id }) => {
    await people.sessions.end(principal, id)
    return null
  },
})

export const endSessions = operation({
  name: 'sessions.end_all',
  scope: 'people:write',
  effect: 'destroy',
  summary: 'End all sign-in sessions of a member',
  own: { scope: 'people:read', isOwn: async ({ principal }, { user_id }) => principal.userId === user_id },
  input: z.strictObject({ user_id: userId }),
  output: plain(z.object({ ended: z.int() })),
  http: { method: 'DELETE', path: '/api/v1/members/:user_id/sessions' },
  example: { user_id: exampleUser },
  run: async ({ people, principal }, { user_id }) => ({ ended: await people.members.endSessions(principal, user_id) }),
})
