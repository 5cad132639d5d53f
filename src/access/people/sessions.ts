import type { Database } from '#db'
import { hubError } from '#errors'
import type { Clock } from '#lib/clock'
import { ttlCache } from '#lib/ttl-cache'
import { scopesIn } from '../roles.ts'
import { nowhere, type Principal } from '../scopes.ts'
import { sessionCookie, tokenIn } from './cookies.ts'
import { findSession, type Person, type SignInSession } from './store.ts'

/** As long as that of a token: what ends a session applies in every process within a second. */
const cacheTtlMs = 500

export interface SignInSessions {
  /** The person whose browser sent this `Cookie` header; undefined without a session. */
  find(cookies: string | undefined): Promise<SignInSession | undefined>
  /** Says that this process changed something of a person. */
  changed(): void
}

export interface SignInSessionsDeps {
  readonly db: Database
  readonly clock: Clock
  readonly secret: () => Promise<string>
  /** Whether people reach the hub by https only. */
  readonly secureOnly: boolean
}

export function createSignInSessions({ db, clock, secret, secureOnly }: SignInSessionsDeps): SignInSessions {
  let changes = 0
  const sessions = ttlCache(cacheTtlMs, (token: string) => findSession(db.sql, token), {
    now: () => clock.millis(),
    version: () => changes,
  })

  return {
    async find(cookies) {
      const cookie = sessionCookie(cookies, secureOnly)
      const token = cookie === undefined ? undefined : tokenIn(cookie, await secret())
      const session = token === undefined ? undefined : await sessions.get(token)
      return session && session.expiresAt.getTime() > clock.millis() ? session : undefined
    },
    changed: () => void changes++,
  }
}

/**
 * A person as the caller, in a workspace or, without one, in the first of theirs. Who is a member nowhere has no rights, and may only ask who
 * they are.
 */
export function principalIn(
  person: Person & { readonly sessionId?: string | undefined },
  workspace: { readonly id: string } | undefined,
): Principal {
  const membership = workspace ? person.memberships.find(({ workspaceId }) => workspaceId === workspace.id) : person.memberships[0]
  const workspaceId = workspace?.id ?? membership?.workspaceId
  const scopes = workspaceId === undefined ? [] : scopesIn(membership?.role, person.hubAdmin)
  if (!scopes) throw notMember('you are not a member of this workspace')
  const { id, name, sessionId } = person
  return {
    kind: 'user',
    id,
    name,
    workspaceId: workspaceId ?? nowhere,
    scopes,
    readOnly: false,
    userId: id,
    sessionId,
    ancestors: [],
    causes: [],
  }
}

function notMember(detail: string) {
  return hubError('scope_missing', { detail, hint: 'ask an administrator of the workspace for an invitation' })
}
