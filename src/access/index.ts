import type { Database, Sql, Transaction } from '#db'
import { hubError } from '#errors'
import { systemClock, type Clock } from '#lib/clock'
import { coalesce } from '#lib/coalesce'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { createAudit, type Audit } from './audit.ts'
import { ensureAdminToken, ensurePresetToken, ensureWorkspace } from './bootstrap.ts'
import { createDeviceLogins, type DeviceLogins } from './device-logins.ts'
import { createThrottle } from './throttle.ts'
import { scopesIn, scopesInBoth } from './roles.ts'
import { actorOf, type Principal } from './scopes.ts'
import { tokenKey } from './secrets.ts'
import { createStandings, type Standing } from './standing.ts'
import {
  findPeopleIn,
  findTokenWithPerson,
  findWorkspace,
  insertWorkspace,
  listWorkspaces,
  touchTokens,
  type TokenOfPerson,
  type Workspace,
} from './store.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type { Audit, AuditEntry, AuditReport, AuditRow } from './audit.ts'
export { createThrottle, network, type Throttle } from './throttle.ts'
export {
  actorOf,
  actorsBehind,
  agentScopes,
  coversRights,
  requireScope,
  scopes,
  type ActingApp,
  type Principal,
  type Scope,
} from './scopes.ts'
export { allows, anyCaller, covers } from '#lib/scopes'
export { sessionCookieName } from './people/cookies.ts'
export {
  createPeople,
  longestPassword,
  shortestPassword,
  type AuthAnswer,
  type Invitation,
  type LinkOffer,
  type Member,
  type People,
  type Person,
  type SessionRow,
  type SignInSession,
  type Sso,
} from './people/index.ts'
export { roles, scopesIn, scopesInBoth, type Role } from './roles.ts'
export type { Standing } from './standing.ts'
export { hashToken } from './secrets.ts'
export { deviceIntervalSeconds, type DeviceAnswer, type DeviceLogins } from './device-logins.ts'
export type { TokenRow, Workspace } from './store.ts'
export type { TokenRequest, Tokens } from './tokens.ts'

/** How long a process may use a cached token: half of the second within which a revocation must take effect in every process. */
const cacheTtlMs = 500
/** How long a valid token does not have to wait for the look-ups of other callers of its address. */
const trustedMs = 3_600_000
const touchEveryMs = 60_000
/** Failed attempts per address and minute. After that, unknown tokens from the address are refused as too many, and looked up one at a time. */
const guesses = 10

export const workspaceName = /^[a-z0-9][a-z0-9-]{0,62}$/

export interface Access extends AsyncDisposable {
  readonly audit: Audit
  readonly tokens: Tokens
  readonly deviceLogins: DeviceLogins
  /** Returns the principal of a bearer token. Throws `token_invalid`, or `too_many_attempts` when the address failed too often. A valid token is never refused. */
  authenticate(token: string, address: string): Promise<Principal>
  /** Returns the same principal in another workspace. Requires `hub:admin` or, of a person, that they are a member there. */
  enter(principal: Principal, workspace: string): Promise<Principal>
  /**
   * Whether these actors still have their rights in a workspace, and which tokens and people they come from. Inside a transaction, pass it
   * as `sql`.
   */
  standings(workspaceId: string, actors: readonly string[], sql?: Sql): Promise<ReadonlyMap<string, Standing>>
  /** What is left of the rights of somebody who asked for something earlier. Throws `token_invalid` when nothing is. */
  rightsLeft(principal: Principal): Promise<Principal>
  /** Says that this process changed the rights of somebody: nothing of them is taken from a cache. */
  changed(): void
  readonly workspaces: {
    list(principal: Principal): Promise<Workspace[]>
    /** `setUp` stores what every workspace has, in the same transaction. */
    create(principal: Principal, name: string, setUp?: (trx: Transaction, workspaceId: string) => Promise<void>): Promise<Workspace>
    /** The ids of all workspaces, for work that the hub does by itself. */
    ids(): Promise<string[]>
    find(by: { id: string } | { name: string } | { number: number }): Promise<Workspace | undefined>
  }
  /** The principal of the command line: who can run commands with this configuration owns the hub. */
  operator(name: string, workspace?: string): Promise<Principal>
  /**
   * Creates workspace `default` and the administrator's token: the preset one, or a new one if there is no token at all. The value of a
   * new token goes to `keep`; when `keep` throws, nothing is created.
   */
  bootstrap(presetAdminToken: string | undefined, keep: (value: string) => void | Promise<void>): Promise<Workspace>
}

export function createAccess(db: Database, telemetry: Telemetry, clock: Clock = systemClock): Access {
  const { logger, metrics } = telemetry
  const audit = createAudit(db, telemetry, clock)
  const throttle = createThrottle(guesses)
  const cached = new Map<string, { principal: Principal; until: number }>()
  const used = new Map<string, Date>()
  const touched = new Map<string, number>()

  const standings = createStandings(cacheTtlMs, clock)

  const forget = (id: string): void => {
    standings.forget()
    for (const [key, { principal }] of cached) if (principal.id === id) cached.delete(key)
  }

  const lookUp = coalesce(async (key: string) => findTokenWithPerson(db.sql, Buffer.from(key, 'base64')))

  const flush = async (): Promise<void> => {
    if (used.size === 0) return
    const batch = new Map(used)
    used.clear()
    await touchTokens(db.sql, batch).catch((error: unknown) => logger.warn({ err: error }, 'could not store when tokens were used'))
  }
  const flushing = setInterval(() => {
    const now = clock.millis()
    for (const [key, { until }] of cached) if (until + trustedMs <= now) cached.delete(key)
    void flush()
  }, 10_000).unref()

  const noteUse = (id: string, now: number): void => {
    if (now - (touched.get(id) ?? 0) < touchEveryMs) return
    touched.set(id, now)
    used.set(id, new Date(now))
  }

  const authenticate = async (token: string, address: string): Promise<Principal> => {
    const now = clock.millis()
    const key = tokenKey(token)
    const hit = cached.get(key)
    if (hit && hit.until > now) return hit.principal
    const row = await (hit ? lookUp(key) : throttle.read(address, () => lookUp(key)))
    const reason = whyRefused(row, now)
    if (!row || reason) {
      cached.delete(key)
      metrics.authFailures.inc({ reason: reason ?? 'unknown' })
      await throttle.failed(address)
      throw hubError('token_invalid')
    }
    const principal = principalOf(row)
    const until = Math.min(now + cacheTtlMs, row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
    cached.set(key, { principal, until })
    noteUse(row.id, now)
    return principal
  }

  const enterAsPerson = async (principal: Principal, name: string): Promise<Principal> => {
    if (principal.app) throw hubError('scope_missing', { detail: `${principal.app.name} was allowed to act in one workspace only` })
    const workspace = await findWorkspace(db.sql, { name })
    const [person] = workspace ? await findPeopleIn(db.sql, workspace.id, [principal.id]) : []
    const scopes = person && scopesIn(person.role, person.hubAdmin)
    if (!workspace || !scopes) {
      throw hubError('scope_missing', {
        detail: 'you are not a member of this workspace',
        hint: 'ask an administrator of the workspace for an invitation',
      })
    }
    return { ...principal, workspaceId: workspace.id, scopes }
  }

  return {
    audit,
    tokens: createTokens({ db, audit, clock, onRevoked: forget }),
    deviceLogins: createDeviceLogins({ db, audit, onRevoked: forget }),
    authenticate,
    standings: (workspaceId, actors, sql = db.sql) => standings.of(sql, workspaceId, actors),
    async rightsLeft(principal) {
      const actor = actorOf(principal)
      const through = principal.ancestors.filter((ancestor) => ancestor.startsWith('grant:'))
      const found = await standings.of(db.sql, principal.workspaceId, [actor, ...through])
      for (const { lost } of found.values()) if (lost) throw hubError('token_invalid', { detail: `${actor} asked for this, and ${lost}` })
      const { within } = found.get(actor)!
      return within === undefined ? principal : { ...principal, scopes: scopesInBoth(principal.scopes, within) }
    },
    changed() {
      standings.forget()
      cached.clear()
    },

    async enter(principal, name) {
      if (principal.kind === 'user') return enterAsPerson(principal, name)
      if (!principal.scopes.includes('hub:admin')) {
        throw hubError('scope_missing', { detail: 'only a token with hub:admin may act in another workspace; needed: hub:admin' })
      }
      const workspace = await findWorkspace(db.sql, { name })
      if (!workspace) throw hubError('not_found', { detail: `there is no workspace "${name}"` })
      return { ...principal, workspaceId: workspace.id }
    },

    workspaces: {
      async list(principal) {
        const all = await listWorkspaces(db.sql)
        return principal.scopes.includes('hub:admin') ? all : all.filter(({ id }) => id === principal.workspaceId)
      },
      async create(principal, name, setUp) {
        if (!workspaceName.test(name)) {
          throw hubError('invalid_input', { errors: [{ path: 'name', message: 'must be lower case letters, digits and dashes' }] })
        }
        return db.transaction(async (trx) => {
          const workspace = await insertWorkspace(trx, { id: newId('ws'), name })
          if (!workspace) throw hubError('already_exists', { detail: `a workspace "${name}" already exists` })
          await setUp?.(trx, workspace.id)
          const actor = actorOf(principal)
          await audit.record(trx, {
            workspaceId: workspace.id,
            actor,
            action: 'workspace.created',
            subject: workspace.id,
            detail: { name },
          })
          return workspace
        })
      },
      ids: async () => (await listWorkspaces(db.sql)).map(({ id }) => id),
      find: (by) => findWorkspace(db.sql, by),
    },

    async operator(name, workspace = 'default') {
      const found = await findWorkspace(db.sql, { name: workspace })
      if (!found) throw hubError('not_found', { detail: `there is no workspace "${workspace}"` })
      return {
        kind: 'operator',
        id: name,
        name,
        workspaceId: found.id,
        scopes: ['admin', 'hub:admin'],
        readOnly: false,
        ancestors: [],
        causes: [],
      }
    },

    bootstrap: (preset, keep) =>
      db.transaction(async (trx) => {
        const workspace = await ensureWorkspace(trx, audit)
        const bootstrap = { trx, audit, workspaceId: workspace.id }
        if (preset === undefined) await ensureAdminToken(bootstrap, keep)
        else await ensurePresetToken(bootstrap, preset)
        return workspace
      }),

    async [Symbol.asyncDispose]() {
      clearInterval(flushing)
      await flush()
    },
  }
}

function whyRefused(row: TokenOfPerson | undefined, now: number): string | undefined {
  if (!row) return 'unknown'
  if (row.revokedAt) return 'revoked'
  if (row.expiresAt && row.expiresAt.getTime() <= now) return 'expired'
  return row.userId !== null && rightsOf(row) === undefined ? 'member removed' : undefined
}

/** What the person to whom a token belongs may do in its workspace. */
function rightsOf({ role, hubAdmin }: TokenOfPerson): readonly string[] | undefined {
  return scopesIn(role, hubAdmin ?? false)
}

function principalOf(row: TokenOfPerson): Principal {
  const { id, name, workspaceId, readOnly, expiresAt, userId, ancestors } = row
  const scopes = userId === null ? row.scopes : scopesInBoth(row.scopes, rightsOf(row) ?? [])
  const person = userId === null ? {} : { userId }
  return { kind: 'token', id, name, workspaceId, scopes, readOnly, expiresAt, ...person, ancestors, causes: [] }
}
