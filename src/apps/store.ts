import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'
import type { App, GrantView, TokenState } from './types.ts'

export function findApp(sql: Sql, clientId: string): Promise<App | undefined> {
  return sql.selectFrom('apps').selectAll().where('clientId', '=', clientId).executeTakeFirst()
}

export function insertApp(sql: Sql, app: Omit<App, 'createdAt'>): Promise<App> {
  return sql.insertInto('apps').values(app).returningAll().executeTakeFirstOrThrow()
}

/** Stores what the document of an app says now. */
export function putDocument(sql: Sql, app: Pick<App, 'id' | 'clientId' | 'name' | 'redirectUris' | 'registeredFrom'>): Promise<App> {
  const { name, redirectUris } = app
  const readAt = new Date()
  return sql
    .insertInto('apps')
    .values({ ...app, kind: 'document', authMethod: 'none', secretHash: null, readAt })
    .onConflict((conflict) => conflict.column('clientId').doUpdateSet({ name, redirectUris, readAt }))
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Deletes the oldest unused app of whoever has the most of them, once there are `most` that nobody has allowed anything. */
export async function makeRoom(sql: Sql, most: number): Promise<void> {
  await raw`
    delete from hub.apps where id in (
      select id from (
        select a.id, a.created_at, count(*) over () as unused, count(*) over (partition by a.registered_from) as beside
          from hub.apps a where not exists (select from hub.grants g where g.app_id = a.id)) u
       where unused >= ${most} order by beside desc, created_at limit 1)`.execute(sql)
}

/** Deletes apps that nobody has allowed anything, and returns how many. */
export async function dropUnused(sql: Sql, before: Date, max: number): Promise<number> {
  const { numAffectedRows } = await raw`
    delete from hub.apps where id in (
      select a.id from hub.apps a
       where coalesce(a.read_at, a.created_at) < ${before} and not exists (select from hub.grants g where g.app_id = a.id) limit ${max})`.execute(
    sql,
  )
  return Number(numAffectedRows ?? 0)
}

export async function dropRevokedGrants(sql: Sql, before: Date, max: number): Promise<number> {
  const { numAffectedRows } = await raw`
    delete from hub.grants where id in (select id from hub.grants where revoked_at < ${before} limit ${max})`.execute(sql)
  return Number(numAffectedRows ?? 0)
}

export async function dropExpiredTokens(sql: Sql, before: Date, max: number): Promise<number> {
  const { numAffectedRows } = await raw`
    delete from hub.grant_tokens where hash in (select hash from hub.grant_tokens where expires_at < ${before} limit ${max})`.execute(sql)
  return Number(numAffectedRows ?? 0)
}

export type NewGrant = Pick<Row<'grants'>, 'id' | 'workspaceId' | 'userId' | 'appId' | 'scopes' | 'view'>

/** Stores a grant, or gives the one that there is these scopes. */
export function putGrant(sql: Sql, grant: NewGrant): Promise<Row<'grants'>> {
  return sql
    .insertInto('grants')
    .values(grant)
    .onConflict((conflict) =>
      conflict
        .columns(['userId', 'appId', 'workspaceId', 'view'])
        .where('revokedAt', 'is', null)
        .doUpdateSet({ scopes: grant.scopes, updatedAt: new Date() }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** What a person allows an app for this set of tools, in all workspaces. */
export function findGrants(sql: Sql, by: Pick<NewGrant, 'userId' | 'appId' | 'view'>): Promise<Row<'grants'>[]> {
  return sql
    .selectFrom('grants')
    .selectAll()
    .where('userId', '=', by.userId)
    .where('appId', '=', by.appId)
    .where('view', '=', by.view)
    .where('revokedAt', 'is', null)
    .execute()
}

export interface GrantFilter {
  readonly id?: string | undefined
  readonly userId?: string | undefined
  readonly workspaceId?: string | undefined
  readonly before?: string | undefined
  readonly limit: number
}

/** Grants that are in force, newest first. */
export async function listGrants(sql: Sql, { id, userId, workspaceId, before, limit }: GrantFilter): Promise<GrantView[]> {
  const any = raw`true`
  const { rows } = await raw<GrantView>`
    select g.id, g.workspace_id as "workspaceId", g.user_id as "userId", g.app_id as "appId", g.scopes, g.view,
           g.created_at as "createdAt", g.updated_at as "updatedAt", g.last_used_at as "lastUsedAt", g.revoked_at as "revokedAt",
           json_build_object('name', a.name, 'kind', a.kind, 'clientId', a.client_id, 'redirectUris', a.redirect_uris) as app,
           w.name as workspace, json_build_object('name', u.name, 'email', u.email) as person
      from hub.grants g join hub.apps a on a.id = g.app_id join hub.workspaces w on w.id = g.workspace_id join auth."user" u on u.id = g.user_id
     where g.revoked_at is null
       and ${id === undefined ? any : raw`g.id = ${id}`} and ${userId === undefined ? any : raw`g.user_id = ${userId}`}
       and ${workspaceId === undefined ? any : raw`g.workspace_id = ${workspaceId}`} and ${before === undefined ? any : raw`g.id < ${before}`}
     order by g.id desc limit ${limit}`.execute(sql)
  return rows
}

export async function revokeGrant(sql: Sql, id: string): Promise<boolean> {
  const result = await sql
    .updateTable('grants')
    .set({ revokedAt: new Date() })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function touchGrant(sql: Sql, id: string, at: Date): Promise<void> {
  await sql.updateTable('grants').set({ lastUsedAt: at }).where('id', '=', id).execute()
}

export async function insertTokens(sql: Sql, tokens: readonly Omit<Row<'grantTokens'>, 'usedAt' | 'revokedAt'>[]): Promise<void> {
  await sql
    .insertInto('grantTokens')
    .values([...tokens])
    .execute()
}

/** A code or token, with what its grant and its person may do now. With `lock`, nobody else uses it until the transaction ends. */
export async function findToken(sql: Sql, hash: Buffer, { lock = false } = {}): Promise<TokenState | undefined> {
  const { rows } = await raw<TokenState>`
    select t.hash, t.kind, t.family, t.grant_id as "grantId", t.scopes, t.audience, t.redirect_uri as "redirectUri", t.challenge,
           t.expires_at as "expiresAt", t.used_at as "usedAt", t.revoked_at as "revokedAt",
           g.scopes as "grantScopes", g.revoked_at as "grantRevokedAt", g.last_used_at as "grantUsedAt", g.view,
           g.workspace_id as "workspaceId", g.user_id as "userId", u.name as "userName", a.id as "appId", a.name as "appName",
           m.role, p.hub_admin as "hubAdmin"
      from hub.grant_tokens t join hub.grants g on g.id = t.grant_id join hub.apps a on a.id = g.app_id
      join hub.people p on p.id = g.user_id join auth."user" u on u.id = p.id
      left join hub.members m on m.user_id = g.user_id and m.workspace_id = g.workspace_id
     where t.hash = ${hash} ${lock ? raw`for update of t` : raw``}`.execute(sql)
  return rows[0]
}

export async function useToken(sql: Sql, hash: Buffer): Promise<void> {
  await sql.updateTable('grantTokens').set({ usedAt: new Date() }).where('hash', '=', hash).execute()
}

/** False when they were revoked before. */
export async function revokeTokens(sql: Sql, by: { readonly hash: Buffer } | { readonly family: string }): Promise<boolean> {
  const query = sql.updateTable('grantTokens').set({ revokedAt: new Date() }).where('revokedAt', 'is', null)
  const { numUpdatedRows } = await (
    'hash' in by ? query.where('hash', '=', by.hash) : query.where('family', '=', by.family)
  ).executeTakeFirst()
  return numUpdatedRows > 0n
}
