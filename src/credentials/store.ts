import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'
import type { CredentialInfo } from './backend.ts'

const sealedColumns = ['id', 'workspaceId', 'name', 'keyId', 'sealed', 'version'] as const

export type SealedRow = Pick<Row<'credentials'>, (typeof sealedColumns)[number]>

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

const infoColumns = ['name', 'kind', 'version', 'createdAt', 'updatedAt'] as const

export type NewCredential = Omit<SealedRow, 'version'> & Pick<Row<'credentials'>, 'kind'>

/** Returns undefined if `createOnly` is set and the name is in use. */
export function putCredential(sql: Sql, row: NewCredential, createOnly: boolean): Promise<CredentialInfo | undefined> {
  return sql
    .insertInto('credentials')
    .values({ ...row, sealed: JSON.stringify(row.sealed) })
    .onConflict((conflict) =>
      createOnly
        ? conflict.columns(['workspaceId', 'name']).doNothing()
        : conflict.columns(['workspaceId', 'name']).doUpdateSet((e) => ({
            kind: e.fn.coalesce('excluded.kind', 'credentials.kind'),
            keyId: e.ref('excluded.keyId'),
            sealed: e.ref('excluded.sealed'),
            version: raw<number>`credentials.version + 1`,
            updatedAt: new Date(),
          })),
    )
    .returning(infoColumns)
    .executeTakeFirst()
}

export function readCredential(sql: Sql, workspaceId: string, name: string): Promise<SealedRow | undefined> {
  return named(sql, workspaceId, name).select(sealedColumns).executeTakeFirst()
}

export function findCredentialInfo(sql: Sql, workspaceId: string, name: string): Promise<CredentialInfo | undefined> {
  return named(sql, workspaceId, name).select(infoColumns).executeTakeFirst()
}

function named(sql: Sql, workspaceId: string, name: string) {
  return sql.selectFrom('credentials').where('workspaceId', '=', workspaceId).where('name', '=', name)
}

export function listCredentials(sql: Sql, workspaceId: string): Promise<CredentialInfo[]> {
  return sql.selectFrom('credentials').select(infoColumns).where('workspaceId', '=', workspaceId).orderBy('name').execute()
}

export async function removeCredential(sql: Sql, workspaceId: string, name: string): Promise<boolean> {
  const result = await sql.deleteFrom('credentials').where('workspaceId', '=', workspaceId).where('name', '=', name).executeTakeFirst()
  return result.numDeletedRows > 0n
}

export function sealedWithOtherKeys(sql: Sql, keyId: string, { after, limit }: { after: string; limit: number }): Promise<SealedRow[]> {
  return sql
    .selectFrom('credentials')
    .select(sealedColumns)
    .where('keyId', '!=', keyId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Returns false if the credential was replaced meanwhile, because it is then sealed with the current key. */
export async function replaceSealed(sql: Sql, row: SealedRow, keyId: string, sealed: Record<string, string>): Promise<boolean> {
  const result = await sql
    .updateTable('credentials')
    .set({ keyId, sealed: JSON.stringify(sealed) })
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Replaces the values that have this version. One statement, because what it stores may exist nowhere else. */
export async function swapCredential(sql: Sql, { workspaceId, name, keyId, sealed, version }: Omit<SealedRow, 'id'>): Promise<boolean> {
  const result = await sql
    .updateTable('credentials')
    .set({ keyId, sealed: JSON.stringify(sealed), version: version + 1, updatedAt: new Date() })
    .where('workspaceId', '=', workspaceId)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function countByKey(sql: Sql): Promise<{ keyId: string; count: number }[]> {
  return sql
    .selectFrom('credentials')
    .select((e) => ['keyId', e.fn.countAll<number>().as('count')])
    .groupBy('keyId')
    .execute()
}
