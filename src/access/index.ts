import type { Database, Transaction } from '#db'
import { fail } from '#kit'
import { systemClock, type Clock } from '#lib/clock'
import { coalesce } from '#lib/coalesce'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import { createAudit, type Audit } from './audit.ts'
import { createGuard } from './guard.ts'
import { actorOf, type Principal } from './scopes.ts'
import { hashToken, makeToken, tokenPrefix } from './secrets.ts'
import {
  countTokens,
  findTokenByHash,
  findWorkspace,
  insertToken,
  insertWorkspace,
  listWorkspaces,
  revokeByName,
  touchTokens,
  unrevoke,
  type TokenRow,
  type Workspace,
} from './store.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type { Audit, AuditEntry, AuditReport, AuditRow } from './audit.ts'
export { actorOf, allows, requireScope, scopes, type Principal, type Scope } from './scopes.ts'
export type { TokenRow, Workspace } from './store.ts'
export type { TokenRequest, Tokens } from './tokens.ts'

/** How long a process may go on believing that a token is good: half of the second within which a revocation must hold everywhere. */
const believedMs = 500
const touchEveryMs = 60_000

export const workspaceName = /^[a-z0-9][a-z0-9-]{0,62}$/

export interface Access extends AsyncDisposable {
  readonly audit: Audit
  readonly tokens: Tokens
  /** The principal behind a bearer token, or `token_invalid`, or `too_many_attempts` for an address that keeps guessing. */
  authenticate(token: string, address: string): Promise<Principal>
  /** The same principal, acting in another workspace: for `hub:admin` only. */
  enter(principal: Principal, workspace: string): Promise<Principal>
  readonly workspaces: {
    list(principal: Principal): Promise<Workspace[]>
    create(principal: Principal, name: string): Promise<Workspace>
    find(by: { id: string } | { name: string } | { number: number }): Promise<Workspace | undefined>
  }
  /** Whoever can run commands on this machine with this configuration owns the hub. */
  operator(name: string, workspace?: string): Promise<Principal>
  /** Makes workspace `default` and the first administrator's token; returns a token's value only when it was made now. */
  ensureFirst(presetAdminToken: string | undefined): Promise<{ workspace: Workspace; madeToken?: string }>
}

export function createAccess(db: Database, { logger, metrics }: Telemetry, clock: Clock = systemClock): Access {
  const audit = createAudit(db, clock)
  const guard = createGuard()
  const believed = new Map<string, { principal: Principal; until: number }>()
  const used = new Map<string, Date>()
  const touched = new Map<string, number>()

  const forget = (id: string): void => {
    for (const [key, { principal }] of believed) if (principal.id === id) believed.delete(key)
  }

  const lookUp = coalesce(async (key: string) => findTokenByHash(db.sql, Buffer.from(key, 'base64')))

  const flush = async (): Promise<void> => {
    if (used.size === 0) return
    const batch = new Map(used)
    used.clear()
    await touchTokens(db.sql, batch).catch((error: unknown) => logger.warn({ err: error }, 'could not note when tokens were used'))
  }
  const flushing = setInterval(() => {
    const now = clock.millis()
    for (const [key, { until }] of believed) if (until <= now) believed.delete(key)
    void flush()
  }, 10_000).unref()

  const noteUse = (id: string, now: number): void => {
    if (now - (touched.get(id) ?? 0) < touchEveryMs) return
    touched.set(id, now)
    used.set(id, new Date(now))
  }

  const authenticate = async (token: string, address: string): Promise<Principal> => {
    const now = clock.millis()
    const key = hashToken(token).toString('base64')
    const hit = believed.get(key)
    if (hit && hit.until > now) return hit.principal
    await guard.check(address)
    const row = await lookUp(key)
    const reason = whyRefused(row, now)
    if (!row || reason) {
      believed.delete(key)
      metrics.authFailures.inc({ reason: reason ?? 'unknown' })
      await guard.failed(address)
      throw fail('token_invalid')
    }
    const principal = principalOf(row)
    const until = Math.min(now + believedMs, row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
    believed.set(key, { principal, until })
    noteUse(row.id, now)
    return principal
  }

  return {
    audit,
    tokens: createTokens(db, audit, forget),
    authenticate,

    async enter(principal, name) {
      if (!principal.scopes.includes('hub:admin')) {
        throw fail('scope_missing', { detail: 'only a token with hub:admin may act in another workspace; needed: hub:admin' })
      }
      const workspace = await findWorkspace(db.sql, { name })
      if (!workspace) throw fail('not_found', { detail: `there is no workspace "${name}"` })
      return { ...principal, workspaceId: workspace.id }
    },

    workspaces: {
      async list(principal) {
        const all = await listWorkspaces(db.sql)
        return principal.scopes.includes('hub:admin') ? all : all.filter(({ id }) => id === principal.workspaceId)
      },
      create: (principal, name) =>
        db.transaction(async (trx) => {
          const workspace = await insertWorkspace(trx, { id: newId('ws'), name })
          if (!workspace) throw fail('already_exists', { detail: `there is a workspace "${name}" already` })
          const actor = actorOf(principal)
          await audit.record(trx, {
            workspaceId: workspace.id,
            actor,
            action: 'workspace.created',
            subject: workspace.id,
            detail: { name },
          })
          return workspace
        }),
      find: (by) => findWorkspace(db.sql, by),
    },

    async operator(name, workspace = 'default') {
      const found = await findWorkspace(db.sql, { name: workspace })
      if (!found) throw fail('not_found', { detail: `there is no workspace "${workspace}"` })
      return { kind: 'operator', id: name, name, workspaceId: found.id, scopes: ['admin', 'hub:admin'], readOnly: false }
    },

    ensureFirst: (preset) => db.transaction((trx) => ensureFirst(trx, preset)),

    async [Symbol.asyncDispose]() {
      clearInterval(flushing)
      await flush()
    },
  }

  async function ensureFirst(trx: Transaction, preset: string | undefined): Promise<{ workspace: Workspace; madeToken?: string }> {
    const actor = 'system:start'
    const made = await insertWorkspace(trx, { id: newId('ws'), name: 'default' })
    const workspace = made ?? (await findWorkspace(trx, { name: 'default' }))!
    if (made)
      await audit.record(trx, { workspaceId: made.id, actor, action: 'workspace.created', subject: made.id, detail: { name: 'default' } })

    const name = preset === undefined ? 'first administrator' : 'HUB_ADMIN_TOKEN'
    const value = preset ?? ((await countTokens(trx)) === 0 ? makeToken() : undefined)
    if (value === undefined) return { workspace }
    const hash = hashToken(value)
    const existing = await findTokenByHash(trx, hash)
    if (preset !== undefined) {
      // The variable is the truth about its own token: an earlier value stops working, and this one works again if it was revoked.
      await revokeByName(trx, workspace.id, name, hash)
      if (existing) await unrevoke(trx, existing.id)
    }
    if (!existing) {
      const scopes = ['admin', 'hub:admin']
      const id = newId('tok')
      const prefix = preset === undefined ? tokenPrefix(value) : '(preset)'
      await insertToken(trx, {
        id,
        workspaceId: workspace.id,
        name,
        prefix,
        hash,
        scopes,
        readOnly: false,
        expiresAt: null,
        createdBy: actor,
      })
      await audit.record(trx, { workspaceId: workspace.id, actor, action: 'token.created', subject: id, detail: { name, scopes } })
    }
    return preset === undefined ? { workspace, madeToken: value } : { workspace }
  }
}

function whyRefused(row: TokenRow | undefined, now: number): string | undefined {
  if (!row) return 'unknown'
  if (row.revokedAt) return 'revoked'
  if (row.expiresAt && row.expiresAt.getTime() <= now) return 'expired'
  return undefined
}

function principalOf(row: TokenRow): Principal {
  return { kind: 'token', id: row.id, name: row.name, workspaceId: row.workspaceId, scopes: row.scopes, readOnly: row.readOnly }
}
