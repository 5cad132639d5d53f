import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'

export type DeviceLogin = Row<'deviceLogins'>

export function insertDeviceLogin(
  sql: Sql,
  login: Pick<DeviceLogin, 'id' | 'deviceHash' | 'codeHash' | 'name' | 'address' | 'expiresAt'>,
): Promise<unknown> {
  return sql
    .insertInto('deviceLogins')
    .values({ ...login, userId: null, workspaceId: null, status: 'waiting', polledAt: null })
    .execute()
}

/** One that waits for a person. */
export function findWaiting(sql: Sql, codeHash: Buffer): Promise<DeviceLogin | undefined> {
  return sql
    .selectFrom('deviceLogins')
    .selectAll()
    .where('codeHash', '=', codeHash)
    .where('status', '=', 'waiting')
    .where('expiresAt', '>', new Date())
    .executeTakeFirst()
}

/** Stores what the person decided; false when somebody else did before. */
export async function decideDeviceLogin(
  sql: Sql,
  codeHash: Buffer,
  decision: Pick<DeviceLogin, 'userId' | 'workspaceId' | 'status'>,
): Promise<boolean> {
  const result = await sql
    .updateTable('deviceLogins')
    .set(decision)
    .where('codeHash', '=', codeHash)
    .where('status', '=', 'waiting')
    .where('expiresAt', '>', new Date())
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** The login of a machine that asks again. Nobody else uses it until the transaction ends. */
export function lockDeviceLogin(sql: Sql, deviceHash: Buffer): Promise<DeviceLogin | undefined> {
  return sql.selectFrom('deviceLogins').selectAll().where('deviceHash', '=', deviceHash).forUpdate().executeTakeFirst()
}

export async function noteDeviceLogin(sql: Sql, id: string, change: Partial<Pick<DeviceLogin, 'status' | 'polledAt'>>): Promise<void> {
  await sql.updateTable('deviceLogins').set(change).where('id', '=', id).execute()
}

/** Deletes the oldest waiting login of the address that has the most of them, once `most` wait for a person. */
export async function makeRoom(sql: Sql, most: number): Promise<void> {
  await raw`
    delete from hub.device_logins where id in (
      select id from (
        select id, created_at, count(*) over () as waiting, count(*) over (partition by address) as beside
          from hub.device_logins where status = 'waiting' and expires_at > ${new Date()}) w
       where waiting >= ${most} order by beside desc, created_at limit 1)`.execute(sql)
}

export async function dropDeviceLogins(sql: Sql, before: Date, max: number): Promise<number> {
  const old = sql.selectFrom('deviceLogins').select('id').where('expiresAt', '<', before).limit(max)
  const result = await sql.deleteFrom('deviceLogins').where('id', 'in', old).executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Ends the token of a person, whoever has it. Undefined unless it is one, and in force. */
export function endPersonalToken(
  sql: Sql,
  hash: Buffer,
): Promise<Pick<Row<'tokens'>, 'id' | 'name' | 'workspaceId' | 'userId'> | undefined> {
  return sql
    .updateTable('tokens')
    .set({ revokedAt: new Date() })
    .where('hash', '=', hash)
    .where('userId', 'is not', null)
    .where('revokedAt', 'is', null)
    .returning(['id', 'name', 'workspaceId', 'userId'])
    .executeTakeFirst()
}
