import type { Database } from '#db'
import { hubError } from '#errors'
import { systemClock, type Clock } from '#lib/clock'
import type { Logger } from '#telemetry'
import type { Audit } from '../audit.ts'
import type { Role } from '../roles.ts'
import type { Principal } from '../scopes.ts'
import { findWorkspace, lockWorkspace } from '../store.ts'
import { createAuthRoutes, type AuthAnswer, type AuthRequest } from './auth-routes.ts'
import type { Sso } from './better-auth.ts'
import { createAdmission } from './admission.ts'
import { createInvitations, setupMs, type Invitations } from './invitations.ts'
import { createMembers, type Members } from './members.ts'
import { createOwnSessions, type OwnSessions } from './own-sessions.ts'
import { withSignInAudit } from './sign-in-audit.ts'
import { createSignInSessions, principalIn } from './sessions.ts'
import { hasOpenSetupLink, setupMaker, type Invitation } from './invitation-store.ts'
import { dropExpired, findMeans, findPerson, hasPeople, ssoAddressOf, type Means, type Person, type SignInSession } from './store.ts'

export type { AuthAnswer, AuthRequest } from './auth-routes.ts'
export type { Sso } from './better-auth.ts'
export type { Invitation } from './invitation-store.ts'
export type { Member, Person, SessionRow, SignInSession } from './store.ts'

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
  readonly userAgent?: string | undefined
}

/** What a link offers. */
export interface LinkOffer extends Invitation {
  /** The name of the workspace. */
  readonly workspace: string
}

export interface People {
  /** The caller whose browser sent this `Cookie` header, in the workspace of this name or id. Throws `session_ended` without a session. */
  authenticate(cookies: string, workspace?: string): Promise<Principal>
  /** How somebody can sign in. */
  meansOf(userId: string): Promise<Means>
  session(cookies: string | undefined): Promise<SignInSession | undefined>
  find(id: string): Promise<Person | undefined>
  /** The address of a person that the sign-in provider verified; undefined of those who sign in otherwise, because they chose it themselves. */
  verifiedAddress(userId: string): Promise<string | undefined>
  /** Answers a request to `/auth/*`. The caller checks before that it came to one of the hub's own names. */
  answer(request: AuthRequest): Promise<AuthAnswer>
  hasPeople(): Promise<boolean>
  readonly singleSignOn: string | undefined
  readonly invitations: Invitations
  readonly members: Members
  readonly sessions: OwnSessions
  /** The link of an invitation or, for an administrator of the hub, of the set-up. `base` is where its reader reaches the hub. */
  linkTo(token: string, kind: 'setup' | 'invitation', base: string): string
  readLink(token: string, address: string): Promise<LinkOffer>
  /** Makes a new person a member and signs them in; the answer sets the cookie. */
  join(request: JoinRequest): Promise<AuthAnswer>
  /** Makes somebody who is signed in a member. */
  accept(token: string, person: Pick<Person, 'id' | 'email'>, address: string): Promise<void>
  /** What is deleted when it has expired. */
  readonly retention: readonly { readonly of: 'hub'; drop(max: number): Promise<number> }[]
  /** Makes a link for the first administrator in a hub without people, unless there is one. `keep` stores it before it becomes valid. */
  ensureSetupLink(keep: (link: string) => Promise<void>): Promise<void>
}

export interface PeopleDeps {
  readonly db: Database
  readonly audit: Audit
  readonly logger: Logger
  /** Rights have changed: access takes nobody's from a cache. */
  readonly changed: () => void
}

export interface PeopleOptions {
  /** What signs cookies and seals second factors. */
  readonly secret: () => Promise<string>
  readonly sso?: Sso | undefined
  /** What somebody becomes in workspace `default` who comes by single sign-on without an invitation; nothing without it. */
  readonly ssoRole?: Role | undefined
  /** Where people reach the hub. */
  readonly url: string
  readonly clock?: Clock
}

export function createPeople(deps: PeopleDeps, { secret, sso, ssoRole, url, clock = systemClock }: PeopleOptions): People {
  const { db, audit, logger } = deps
  const sessions = createSignInSessions({ db, clock, secret, secureOnly: url.startsWith('https:') })
  const changed = (): void => {
    deps.changed()
    sessions.changed()
  }
  const invitations = createInvitations({ db, audit })
  const rules = createAdmission({ db, audit, invitations }, ssoRole)
  const routes = createAuthRoutes({ db, logger, rules }, { secret, sso, emailOf: async (cookies) => (await sessions.find(cookies))?.email })
  const handle = withSignInAudit({ db, audit, sessions, secret }, async (request) => {
    const answer = await routes.handle(request)
    sessions.changed()
    return answer
  })

  const linkTo: People['linkTo'] = (token, kind, base) => `${base}${kind === 'setup' ? '/setup' : '/invitations/accept'}?token=${token}`

  const readLink: People['readLink'] = async (token, address) => {
    await routes.throttle.check(address)
    try {
      const invitation = await invitations.read(token)
      return { ...invitation, workspace: (await findWorkspace(db.sql, { id: invitation.workspaceId }))!.name }
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
    find: (id) => findPerson(db.sql, id),
    verifiedAddress: (userId) => ssoAddressOf(db.sql, userId),
    meansOf: (userId) => findMeans(db.sql, userId),
    answer: handle,
    hasPeople: () => hasPeople(db.sql),
    singleSignOn: sso?.name,
    invitations,
    members: createMembers({ db, audit, changed }),
    sessions: createOwnSessions({ db, audit, changed }),
    linkTo,
    readLink,
    retention: [{ of: 'hub', drop: (max) => dropExpired(db.sql, max) }],

    async join({ token, name, email, password, address, origin, userAgent }) {
      await readLink(token, address)
      const passwordHash = await routes.hashPassword(password)
      await invitations.join({ token, name, email, passwordHash })
      return handle({
        method: 'POST',
        url: '/auth/sign-in/email',
        headers: { 'content-type': 'application/json', origin, 'user-agent': userAgent },
        body: Buffer.from(JSON.stringify({ email, password })),
        origin,
        address,
      })
    },

    async accept(token, person, address) {
      await readLink(token, address)
      await invitations.accept(token, person)
      changed()
    },

    ensureSetupLink: async (keep) => {
      if (await hasPeople(db.sql)) return
      await db.transaction(async (trx) => {
        const workspace = (await findWorkspace(trx, { name: 'default' }))!
        // Of processes that start at the same time, one makes the link.
        await lockWorkspace(trx, workspace.id)
        if ((await hasPeople(trx)) || (await hasOpenSetupLink(trx))) return
        const { token } = await invitations.createIn(trx, { ...setup, workspaceId: workspace.id, actor: setupMaker })
        await keep(linkTo(token, 'setup', url))
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
