import type { Database } from '#db'
import { hubError, type HubError } from '#errors'
import { ttlCache } from '#lib/ttl-cache'
import { newId } from '#lib/ids'
import { open, seal, SealBrokenError, UnknownKeyError, type SealKey } from '#lib/seal'
import type { CredentialBackend, CredentialData } from './backend.ts'
import type { Keyring } from './keyring.ts'
import {
  awaitSealers,
  findCredentialInfo,
  listCredentials,
  lockSealing,
  putCredential,
  readCredential,
  removeCredential,
  replaceSealed,
  sealedWithOtherKeys,
  swapCredential,
  type SealedRow,
} from './store.ts'

export interface RotationReport {
  readonly keyId: string
  readonly resealed: number
  /** Credentials that could not be opened, and the key that each one needs. */
  readonly failed: readonly { name: string; workspaceId: string; reason: string }[]
}

export interface DatabaseBackend extends CredentialBackend {
  rotate(): Promise<RotationReport>
}

/** Every process uses a replaced credential after this time at the latest. */
const cacheTtlMs = 500

const rowKey = (workspaceId: string, name: string): string => `${workspaceId} ${name}`

export function createDatabaseBackend(db: Database, keyring: Keyring): DatabaseBackend {
  const openRow = (row: SealedRow): CredentialData => {
    try {
      return openFields(row, keyring.all())
    } catch (error) {
      // The key may have been added a moment ago, so the key file is read once more.
      if (error instanceof UnknownKeyError && keyring.refresh()) return openRow(row)
      throw asHubError(row.name, error)
    }
  }

  const rows = ttlCache(cacheTtlMs, (key: string) => {
    const at = key.indexOf(' ')
    return readCredential(db.sql, key.slice(0, at), key.slice(at + 1))
  })

  return {
    kind: 'database',
    async put(trx, workspace, { name, data, kind, createOnly }) {
      await lockSealing(trx)
      keyring.refresh()
      const key = keyring.current()
      const sealed = sealFields({ workspaceId: workspace.id, name }, data, key)
      const row = { id: newId('cred'), workspaceId: workspace.id, name, kind, keyId: key.id, sealed }
      const info = await putCredential(trx, row, createOnly)
      if (!info) throw hubError('already_exists', { detail: `a credential "${name}" already exists`, hint: 'PUT replaces it' })
      return info
    },
    // The cache holds sealed values only. They are opened for each call.
    async read(workspace, name, { fresh = false } = {}) {
      const key = rowKey(workspace.id, name)
      if (fresh) rows.forget(key)
      const row = await rows.get(key)
      if (row) return openRow(row)
      // What does not exist is not cached, so that a credential which another process stores is found at once.
      rows.forget(key)
      return undefined
    },
    async readVersion(workspace, name) {
      const row = await readCredential(db.sql, workspace.id, name)
      return row && { data: openRow(row), version: row.version }
    },
    async swap(workspace, name, { data, version }) {
      const key = keyring.current()
      const ref = { workspaceId: workspace.id, name }
      const swapped = await swapCredential(db.sql, { ...ref, keyId: key.id, sealed: sealFields(ref, data, key), version })
      keyring.refresh()
      const { id } = keyring.current()
      // A rotation that ran meanwhile may have passed this row before it was written.
      if (swapped && id !== key.id) await this.swap(workspace, name, { data, version: version + 1 })
      return swapped
    },
    changed: (workspace, name) => rows.forget(rowKey(workspace.id, name)),
    info: (workspace, name) => findCredentialInfo(db.sql, workspace.id, name),
    list: (workspace) => listCredentials(db.sql, workspace.id),
    remove: (trx, workspace, name) => removeCredential(trx, workspace.id, name),
    check: () => db.ping(),

    async rotate() {
      keyring.refresh()
      const key = keyring.current()
      // Waits for processes that still seal with the earlier key, so that none of them writes after this.
      await db.transaction(awaitSealers)
      const failed: { name: string; workspaceId: string; reason: string }[] = []
      let resealed = 0
      let after = ''
      for (;;) {
        const batch = await sealedWithOtherKeys(db.sql, key.id, { after, limit: 100 })
        if (batch.length === 0) return { keyId: key.id, resealed, failed }
        for (const row of batch) {
          try {
            const sealed = sealFields(row, openRow(row), key)
            if (await replaceSealed(db.sql, row, key.id, sealed)) resealed++
            rows.forget(rowKey(row.workspaceId, row.name))
          } catch (error) {
            failed.push({ name: row.name, workspaceId: row.workspaceId, reason: (error as Error).message })
          }
        }
        after = batch.at(-1)!.id
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

interface CredentialRef {
  readonly workspaceId: string
  readonly name: string
}

function sealFields({ workspaceId, name }: CredentialRef, data: CredentialData, key: SealKey): Record<string, string> {
  const entries = Object.entries(data)
  return Object.fromEntries(entries.map(([field, value]) => [field, seal(JSON.stringify(value), key, [workspaceId, name, field])]))
}

function openFields({ workspaceId, name, sealed }: SealedRow, keys: readonly SealKey[]): CredentialData {
  const entries = Object.entries(sealed)
  return Object.fromEntries(
    entries.map(([field, text]) => [field, JSON.parse(open(text, keys, [workspaceId, name, field])) as string | number | boolean]),
  )
}

function asHubError(name: string, error: unknown): HubError {
  if (error instanceof UnknownKeyError) {
    return hubError('key_unknown', {
      detail: `credential "${name}" is sealed with key "${error.keyId}", which this hub does not have`,
      hint: `add key "${error.keyId}" to HUB_SECRET_KEYS (or the data folder's secret-keys), or set the credential again`,
      cause: error,
    })
  }
  if (error instanceof SealBrokenError) {
    return hubError('seal_broken', {
      detail: `credential "${name}" does not open with key "${error.keyId}"`,
      hint: `the present key "${error.keyId}" is not the key that sealed it; restore the earlier key, or set the credential again`,
      cause: error,
    })
  }
  throw error
}
