import type { Database } from '#db'
import { hubError } from '#errors'
import { systemClock, type Clock } from '#lib/clock'
import type { Logger } from '#telemetry'
import type { Audit } from '../audit.ts'
import type { Principal } from '../scopes.ts'
import { findWorkspace, lockWorkspace } from '../store.ts'
import { createAuthRoutes, type AuthAnswer, type AuthRequest } from './auth-routes.ts'
import type { Sso } from './better-auth.ts'
import { createInvitations, setupMs, type Invitations } from './invitations.ts'
import { createSignInSessions, principalIn } from './sessions.ts'
import { findPerson, hasOpenSetup, hasPeople, type Invitation, type Person, type SignInSession } from './store.ts'

export type { AuthAnswer, AuthRequest } from './auth-routes.ts'
export type { Sso } from './better-auth.ts'
export type { Invitation, Person, SignInSession } from './store.ts'

export const shortestPassword = 10
export const longestPassword = 200

/** Who follows a link, and from where. */
export interface JoinRequest {
  readonly token: string
  readonly name: string
  readonly email: string
  readonly password: string
  readonly address: string
  readonly origin: string
}

export interface People {
  /** The caller whose browser sent this `Cookie` header, in the workspace of this name or id. Throws `session_ended` without a session. */
  authenticate(cookies: string, workspace?: string): Promise<Principal>
  session(cookies: string | undefined): Promise<SignInSession | undefined>
  find(id: string): Promise<Person | undefined>
  /** Answers a request to `/auth/*`. The caller checks before that it came to one of the hub's own names. */
  answer(request: AuthRequest): Promise<AuthAnswer>
  hasPeople(): Promise<boolean>
  readonly singleSignOn: string | undefined
  readonly invitations: Invitations
  /** What a link offers. */
  readLink(token: string, address: string): Promise<Invitation>
  /** Makes a new person a member and signs them in; the answer sets the cookie. */
  join(request: JoinRequest): Promise<AuthAnswer>
  /** Makes somebody who is signed in a member. */
  accept(token: string, person: Pick<Person, 'id' | 'email'>, address: string): Promise<void>
  /** Makes a link for the first administrator in a hub without people, unless there is one. `keep` stores it before it becomes valid. */
  ensureSetupLink(keep: (token: string) => Promise<void>): Promise<void>
}

export interface PeopleDeps {
  readonly db: Database
  readonly audit: Audit
  readonly logger: Logger
}

export interface PeopleOptions {
  /** What signs cookies and seals second factors. */
  readonly secret: () => Promise<string>
  readonly sso?: Sso | undefined
  readonly clock?: Clock
}

export function createPeople({ db, audit, logger }: PeopleDeps, { secret, sso, clock = systemClock }: PeopleOptions): People {
  const sessions = createSignInSessions({ db, clock, secret })
  const invitations = createInvitations({ db, audit })
  const rules = {
    refuse: async () => 'invitation_needed',
    admit: async () => undefined,
  }
  const routes = createAuthRoutes({ db, logger, rules }, { secret, sso })

  const readLink: People['readLink'] = async (token, address) => {
    await routes.throttle.check(address)
    try {
      return await invitations.read(token)
    } catch (error) {
      await routes.throttle.failed(address)
      throw error
    }
  }

  return {
    async authenticate(cookies, workspace) {
      const session = await sessions.find(cookies)
      if (!session) throw hubError('session_ended', { hint: 'sign in again at /sign-in' })
      return principalIn(session, workspace === undefined ? undefined : await workspaceFor(db, session, workspace))
    },
    session: (cookies) => sessions.find(cookies),
    find: (id) => findPerson(db.sql, { id }),
    async answer(request) {
      const answer = await routes.handle(request)
      sessions.changed()
      return answer
    },
    hasPeople: () => hasPeople(db.sql),
    singleSignOn: sso?.name,
    invitations,
    readLink,

    async join({ token, name, email, password, address, origin }) {
      await readLink(token, address)
      const passwordHash = await routes.hashPassword(password)
      await invitations.join({ token, name, email, passwordHash })
      return routes.handle({
        method: 'POST',
        url: '/auth/sign-in/email',
        headers: { 'content-type': 'application/json', origin },
        body: Buffer.from(JSON.stringify({ email, password })),
        origin,
        address,
      })
    },

    async accept(token, person, address) {
      await readLink(token, address)
      await invitations.accept(token, person)
      sessions.changed()
    },

    ensureSetupLink: async (keep) => {
      if (await hasPeople(db.sql)) return
      await db.transaction(async (trx) => {
        const workspace = (await findWorkspace(trx, { name: 'default' }))!
        // Of processes that start at the same time, one makes the link.
        await lockWorkspace(trx, workspace.id)
        if ((await hasPeople(trx)) || (await hasOpenSetup(trx))) return
        const { token } = await invitations.createIn(trx, { ...setup, workspaceId: workspace.id, actor: 'system:start' })
        await keep(token)
      })
    },
  }
}

const setup = { role: 'owner', email: null, hubAdmin: true, validMs: setupMs } as const

/** A person is told nothing of workspaces that are not theirs. */
async function workspaceFor(db: Database, { memberships, hubAdmin }: Person, workspace: string): Promise<{ readonly id: string }> {
  const own = memberships.find((membership) => membership.workspace === workspace || membership.workspaceId === workspace)
  if (own) return { id: own.workspaceId }
  if (!hubAdmin) return { id: '' }
  const found = (await findWorkspace(db.sql, { name: workspace })) ?? (await findWorkspace(db.sql, { id: workspace }))
  if (!found) throw hubError('not_found', { detail: `there is no workspace "${workspace}"` })
  return found
}
