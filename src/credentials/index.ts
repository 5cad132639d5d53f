import { actorOf, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import { hubError, type FieldError } from '#errors'
import type { Telemetry } from '#telemetry'
import type { CredentialBackend, CredentialData, CredentialInfo, ReadOptions, VersionedData, WorkspaceRef } from './backend.ts'
import { createDatabaseBackend, type DatabaseBackend, type RotationReport } from './database.ts'
import type { Keyring } from './keyring.ts'
import { countByKey, tryLockRotation } from './store.ts'
import { createVaultClient, type VaultLogin } from './vault-client.ts'
import { createVaultBackend, type VaultPlace } from './vault.ts'

export type { CredentialBackend, CredentialData, CredentialInfo, VersionedData } from './backend.ts'
export type { RotationReport } from './database.ts'
export { createKeyring, formatKey, newKey, type Keyring } from './keyring.ts'

export const credentialName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** The key that seals secret parameters of flows. The hub makes it; nobody else sets it, and no integration sends it anywhere. */
export const flowKeyCredential = 'flow-parameters'
/** What signs the cookies of sign-in sessions and seals second factors; it is in workspace `default`. */
export const signInCredential = 'sign-in'
export const reservedCredential = `${flowKeyCredential} and ${signInCredential} are credentials that only the hub itself sets and uses`

export function isReserved(name: string): boolean {
  return name === flowKeyCredential || name === signInCredential
}
export const credentialField = /^[A-Za-z][A-Za-z0-9_]{0,63}$/
const maxFields = 50
const longestValue = 65_536

export interface CredentialRequest {
  readonly name: string
  readonly data: CredentialData
  readonly kind?: string | undefined
}

export interface Credentials extends AsyncDisposable {
  readonly backend: 'database' | 'vault'
  list(principal: Principal): Promise<CredentialInfo[]>
  create(principal: Principal, request: CredentialRequest): Promise<CredentialInfo>
  set(principal: Principal, request: CredentialRequest): Promise<CredentialInfo>
  remove(principal: Principal, name: string): Promise<void>
  /** Dates and version of one credential; undefined without it. */
  info(workspaceId: string, name: string): Promise<CredentialInfo | undefined>
  /** Returns the values for one call. No transport offers this. `fresh` reads past every cache, for one more try before something fails. */
  read(workspaceId: string, name: string, options?: ReadOptions): Promise<CredentialData | undefined>
  /** The values past every cache, with their version. No transport offers this. */
  readVersion(workspaceId: string, name: string): Promise<VersionedData | undefined>
  /**
   * Replaces the values if they still have this version; false if somebody else was faster. For what the hub renews itself, such as access tokens:
   * it is no change that somebody made, so it is not in the audit log.
   */
  swap(workspaceId: string, name: string, next: VersionedData): Promise<boolean>
  /** Counts the changes that this process made: what was read under an earlier count may be out of date. */
  changes(): number
  readonly keys: {
    list(): Promise<{ id: string; known: boolean; current: boolean; credentials: number }[]>
    rotate(actor: Principal, options: { addKey: boolean }): Promise<RotationReport>
  }
  check(): Promise<void>
}

export interface CredentialsOptions {
  readonly keyring: Keyring
  readonly vault?: {
    readonly address: string
    readonly login: VaultLogin
    readonly namespace?: string | undefined
    readonly place: VaultPlace
  }
}

export interface CredentialsDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
}

export function createCredentials({ db, access, logger, metrics }: CredentialsDeps, { keyring, vault }: CredentialsOptions): Credentials {
  const sealed: DatabaseBackend = createDatabaseBackend(db, keyring)
  // Exactly one backend and no fallback, so that a secret is never stored where the operator does not expect it.
  const backend: CredentialBackend = vault ? createVaultBackend(createVaultClient({ ...vault, logger }), vault.place) : sealed

  // The name of a workspace never changes, so it is read once.
  const workspaces = new Map<string, WorkspaceRef>()
  const workspaceOf = async (id: string): Promise<WorkspaceRef> => {
    const workspace = workspaces.get(id) ?? (await access.workspaces.find({ id }))
    if (!workspace) throw hubError('not_found', { detail: 'this workspace no longer exists' })
    workspaces.set(id, workspace)
    return workspace
  }

  let changes = 0

  const change = async <T>(
    principal: Principal,
    name: string,
    work: (trx: Transaction, workspace: WorkspaceRef) => Promise<{ result: T; action: string; detail: Record<string, unknown> }>,
  ): Promise<T> => {
    const workspace = await workspaceOf(principal.workspaceId)
    try {
      return await db.transaction(async (trx) => {
        const { result, ...entry } = await work(trx, workspace)
        await access.audit.record(trx, { workspaceId: workspace.id, actor: actorOf(principal), subject: name, ...entry })
        return result
      })
    } finally {
      // Also after a failure: Vault takes part in no transaction, and the answer to a commit can be lost.
      backend.changed(workspace, name)
      changes++
    }
  }

  const put = async (principal: Principal, { name, data, kind }: CredentialRequest, createOnly: boolean) => {
    assertFit(name, data)
    return change(principal, name, async (trx, workspace) => {
      const info = await backend.put(trx, workspace, { name, data, kind: kind ?? null, createOnly })
      // Field names only, never values.
      const detail = { kind: info.kind, fields: Object.keys(data), version: info.version }
      return { result: info, action: 'credential.set', detail }
    })
  }

  return {
    backend: backend.kind,
    list: async (principal) => backend.list(await workspaceOf(principal.workspaceId)),
    create: (principal, request) => put(principal, request, true),
    set: (principal, request) => put(principal, request, false),
    remove: (principal, name) =>
      change(principal, name, async (trx, workspace) => {
        const removed = await backend.remove(trx, workspace, name)
        if (!removed) throw hubError('not_found', { detail: `there is no credential "${name}" in this workspace` })
        return { result: undefined, action: 'credential.deleted', detail: {} }
      }),
    info: async (workspaceId, name) => (credentialName.test(name) ? backend.info(await workspaceOf(workspaceId), name) : undefined),
    readVersion: async (workspaceId, name) => backend.readVersion(await workspaceOf(workspaceId), name),
    async swap(workspaceId, name, next) {
      const workspace = await workspaceOf(workspaceId)
      try {
        return await backend.swap(workspace, name, next)
      } finally {
        // Also after a failure, because the answer can be lost.
        backend.changed(workspace, name)
      }
    },
    changes: () => changes,
    async read(workspaceId, name, options) {
      // A text that is no valid name cannot exist, and must not become a path in Vault.
      if (!credentialName.test(name)) return undefined
      try {
        const data = await backend.read(await workspaceOf(workspaceId), name, options)
        metrics.credentialReads.inc({ outcome: data ? 'opened' : 'missing' })
        return data
      } catch (error) {
        metrics.credentialReads.inc({ outcome: 'failed' })
        throw error
      }
    },
    keys: {
      async list() {
        keyring.refresh()
        const counts = await countByKey(db.sql)
        const known = keyring.all().map(({ id }) => id)
        const needed = counts.map(({ keyId }) => keyId).filter((id) => !known.includes(id))
        const current = keyring.current().id
        return [...known, ...needed].map((id) => ({
          id,
          known: known.includes(id),
          current: id === current,
          credentials: counts.find(({ keyId }) => keyId === id)?.count ?? 0,
        }))
      },
      rotate: (principal, { addKey }) =>
        db.transaction(async (trx) => {
          if (!(await tryLockRotation(trx))) {
            throw hubError('in_use', { detail: 'another process is rotating the keys', hint: 'wait until it has finished, then try again' })
          }
          if (addKey) keyring.addKey()
          const report = await sealed.rotate()
          await access.audit.record(trx, {
            workspaceId: principal.workspaceId,
            actor: actorOf(principal),
            action: 'keys.rotated',
            subject: report.keyId,
            detail: { resealed: report.resealed, failed: report.failed.length },
          })
          return report
        }),
    },
    check: () => backend.check(),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}

/** All writes are checked here, because a name becomes a path in Vault. Error messages never quote values. */
function assertFit(name: string, data: CredentialData): void {
  const errors: FieldError[] = []
  if (!credentialName.test(name)) errors.push({ path: 'name', message: 'must be letters, digits, dots, dashes and underscores' })
  const fields = Object.entries(data)
  if (fields.length === 0) errors.push({ path: 'data', message: 'must have at least one field' })
  if (fields.length > maxFields) errors.push({ path: 'data', message: `must have at most ${maxFields} fields` })
  for (const [field, value] of fields) {
    if (!credentialField.test(field))
      errors.push({ path: `data.${field}`, message: 'must be a field name: letters, digits and underscores' })
    else if (typeof value === 'string' && value.length > longestValue) {
      errors.push({ path: `data.${field}`, message: `must be at most ${longestValue} characters` })
    }
  }
  if (errors.length > 0) throw hubError('invalid_input', { errors })
}
