import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'

export type LinkRow = Row<'connectLinks'>

export async function insertLink(sql: Sql, link: Omit<LinkRow, 'createdAt' | 'usedAt' | 'attemptId'>): Promise<LinkRow> {
  return sql.insertInto('connectLinks').values(link).returningAll().executeTakeFirstOrThrow()
}

/** Links that nobody can use any more are kept for a day, for whoever asks how they ended. */
export async function deleteOldLinks(sql: Sql): Promise<void> {
  await sql
    .deleteFrom('connectLinks')
    .where('expiresAt', '<', raw<Date>`now() - interval '1 day'`)
    .execute()
}

export function findLinkByToken(sql: Sql, tokenHash: string): Promise<LinkRow | undefined> {
  return sql
    .selectFrom('connectLinks')
    .selectAll()
    .where('tokenHash', '=', tokenHash)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', new Date())
    .executeTakeFirst()
}

export function findLink(sql: Sql, workspaceId: string, id: string): Promise<LinkRow | undefined> {
  return sql.selectFrom('connectLinks').selectAll().where('workspaceId', '=', workspaceId).where('id', '=', id).executeTakeFirst()
}

/** Marks the link as used, once; undefined for the second who comes. */
export function useLink(sql: Sql, tokenHash: string): Promise<LinkRow | undefined> {
  return sql
    .updateTable('connectLinks')
    .set({ usedAt: raw<Date>`now()` })
    .where('tokenHash', '=', tokenHash)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', raw<Date>`now()`)
    .returningAll()
    .executeTakeFirst()
}

export async function setLinkAttempt(sql: Sql, id: string, attemptId: string): Promise<void> {
  await sql.updateTable('connectLinks').set({ attemptId }).where('id', '=', id).execute()
}

export function deleteLink(sql: Sql, workspaceId: string, id: string): Promise<LinkRow | undefined> {
  return sql.deleteFrom('connectLinks').where('workspaceId', '=', workspaceId).where('id', '=', id).returningAll().executeTakeFirst()
}
