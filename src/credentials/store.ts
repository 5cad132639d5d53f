import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'
import type { CredentialInfo } from './backend.ts'

export interface SealedRow {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly keyId: string
  readonly sealed: Record<string, string>
  readonly version: number
}

// Arbitrary fixed numbers. PostgreSQL releases these locks at the end of the transaction.
const locks = { rotation: 4_867_120_011, sealing: 4_867_120_012 }

/** Returns false while another process rotates the keys. */
export async function tryLockRotation(trx: Transaction): Promise<boolean> {
  const { rows } = await raw<{ got: boolean }>`select pg_try_advisory_xact_lock(${locks.rotation}) as got`.execute(trx)
  return rows[0]?.got === true
}

/** Marks that this transaction seals, from the choice of the key to the commit. */
export async function lockSealing(trx: Transaction): Promise<void> {
  await raw`select pg_advisory_xact_lock_shared(${locks.sealing})`.execute(trx)
}

/** Waits until all transactions that chose their key earlier have ended. */
export async function awaitSealers(trx: Transaction): Promise<void> {
  await raw`select pg_advisory_xact_lock(${locks.sealing})`.execute(trx)
}

const infoColumns = ['name', 'kind', 'version', 'created_at as createdAt', 'updated_at as updatedAt'] as const

export interface NewCredential extends Omit<SealedRow, 'version'> {
  readonly kind: string | null
}

/** Returns undefined if `createOnly` is set and the name is in use. */
export function putCredential(sql: Sql, row: NewCredential, createOnly: boolean): Promise<CredentialInfo | undefined> {
  const { id, workspaceId, name, kind, keyId, sealed } = row
  return sql
    .insertInto('credentials')
    .values({ id, workspace_id: workspaceId, name, kind, key_id: keyId, sealed: JSON.stringify(sealed) })
    .onConflict((conflict) =>
      createOnly
        ? conflict.columns(['workspace_id', 'name']).doNothing()
        : conflict.columns(['workspace_id', 'name']).doUpdateSet((e) => ({
            kind: e.fn.coalesce('excluded.kind', 'credentials.kind'),
            key_id: e.ref('excluded.key_id'),
            sealed: e.ref('excluded.sealed'),
            version: raw<number>`credentials.version + 1`,
            updated_at: new Date(),
          })),
    )
    .returning(infoColumns)
    .executeTakeFirst()
}

export function readCredential(sql: Sql, workspaceId: string, name: string): Promise<SealedRow | undefined> {
  return sql
    .selectFrom('credentials')
    .select(['id', 'workspace_id as workspaceId', 'name', 'key_id as keyId', 'sealed', 'version'])
    .where('workspace_id', '=', workspaceId)
    .where('name', '=', name)
    .executeTakeFirst()
}

export function listCredentials(sql: Sql, workspaceId: string): Promise<CredentialInfo[]> {
  return sql.selectFrom('credentials').select(infoColumns).where('workspace_id', '=', workspaceId).orderBy('name').execute()
}

export async function removeCredential(sql: Sql, workspaceId: string, name: string): Promise<boolean> {
  const result = await sql.deleteFrom('credentials').where('workspace_id', '=', workspaceId).where('name', '=', name).executeTakeFirst()
  return result.numDeletedRows > 0n
}

export function sealedWithOtherKeys(sql: Sql, keyId: string, after: string, limit: number): Promise<SealedRow[]> {
  return sql
    .selectFrom('credentials')
    .select(['id', 'workspace_id as workspaceId', 'name', 'key_id as keyId', 'sealed', 'version'])
    .where('key_id', '!=', keyId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Returns false if the credential was replaced meanwhile, because it is then sealed with the current key. */
export async function replaceSealed(sql: Sql, row: SealedRow, keyId: string, sealed: Record<string, string>): Promise<boolean> {
  const result = await sql
    .updateTable('credentials')
    .set({ key_id: keyId, sealed: JSON.stringify(sealed) })
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function countByKey(sql: Sql): Promise<{ keyId: string; count: number }[]> {
  return sql
    .selectFrom('credentials')
    .select((e) => ['key_id as keyId', e.fn.countAll<number>().as('count')])
    .groupBy('key_id')
    .execute()
}
