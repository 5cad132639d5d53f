import { sql as raw } from 'kysely'
import type { Database } from '#db'
import type { AttemptStore, StoredAttempt } from './attempts.ts'

/** Attempts that have ended stay for a day, so that whoever waits can read how. */
const keptMs = 86_400_000

export function createDatabaseAttempts(db: Database): AttemptStore {
  return {
    async insert(attempt, stateHash) {
      const { id, workspaceId, expiresAt } = attempt
      const inserted = await db.sql
        .insertInto('oauthAttempts')
        .values({ id, workspaceId, stateHash, data: JSON.stringify(attempt), expiresAt: new Date(expiresAt) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst()
      await db.sql
        .deleteFrom('oauthAttempts')
        .where('expiresAt', '<', new Date(Date.now() - keptMs))
        .execute()
      return inserted.numInsertedOrUpdatedRows === 1n
    },
    async claim(stateHash) {
      const row = await db.sql
        .updateTable('oauthAttempts')
        .set({ stateHash: null })
        .where('stateHash', '=', stateHash)
        .where('expiresAt', '>', new Date())
        .returning('data')
        .executeTakeFirst()
      return row?.data as StoredAttempt | undefined
    },
    async find(id) {
      const row = await db.sql.selectFrom('oauthAttempts').select('data').where('id', '=', id).executeTakeFirst()
      return row?.data as StoredAttempt | undefined
    },
    async replace(attempt, revision) {
      const result = await db.sql
        .updateTable('oauthAttempts')
        .set({ data: JSON.stringify(attempt) })
        .where('id', '=', attempt.id)
        .where(raw<boolean>`(data ->> 'revision')::int = ${revision}`)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },
    async [Symbol.asyncDispose]() {},
  }
}
