import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'
import type { Role } from './roles.ts'

export type Workspace = Row<'workspaces'>

/** A token without its hash, which nothing but the search for a token needs. */
export type TokenRow = Pick<Row<'tokens'>, (typeof tokenColumns)[number]>

const tokenColumns = [
  'id',
  'workspaceId',
  'name',
  'prefix',
  'scopes',
  'readOnly',
  'expiresAt',
  'lastUsedAt',
  'revokedAt',
  'createdBy',
  'createdAt',
  'userId',
] as const

export function listWorkspaces(sql: Sql): Promise<Workspace[]> {
  return sql.selectFrom('workspaces').selectAll().orderBy('number').execute()
}

export function findWorkspace(sql: Sql, by: { id: string } | { name: string } | { number: number }): Promise<Workspace | undefined> {
  const [column, value] = Object.entries(by)[0] as ['id' | 'name' | 'number', string]
  const query = sql.selectFrom('workspaces').selectAll()
  return query.where(column, '=', value).executeTakeFirst()
}

/** Undefined when the name is taken. */
export function insertWorkspace(sql: Sql, workspace: { id: string; name: string }): Promise<Workspace | undefined> {
  return sql
    .insertInto('workspaces')
    .values(workspace)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst()
}

export type NewToken = Omit<Row<'tokens'>, 'lastUsedAt' | 'revokedAt' | 'createdAt' | 'userId'> & { readonly userId?: string | null }

export function insertToken(sql: Sql, token: NewToken): Promise<TokenRow> {
  return sql.insertInto('tokens').values(token).returning(tokenColumns).executeTakeFirstOrThrow()
}

/** The tokens and people that created this one, directly or through others. Tokens are never deleted, so the list is whole. */
const ancestors = raw<string[]>`array(
  with recursive up as (
    select tokens.created_by as actor
    union
    select t.created_by from up join hub.tokens t on t.id = substr(up.actor, 7) where up.actor like 'token:%'
  )
  select actor from up where actor like 'token:%' or actor like 'user:%')`.as('ancestors')

export type TokenWithAncestors = TokenRow & { readonly ancestors: readonly string[] }

/** A token with what the person to whom it belongs is in its workspace. */
export type TokenOfPerson = TokenWithAncestors & { readonly role: Role | null; readonly hubAdmin: boolean | null }

export function findTokenWithPerson(sql: Sql, hash: Buffer): Promise<TokenOfPerson | undefined> {
  return sql
    .selectFrom('tokens')
    .leftJoin('people', 'people.id', 'tokens.userId')
    .leftJoin('members', (join) => join.onRef('members.userId', '=', 'people.id').onRef('members.workspaceId', '=', 'tokens.workspaceId'))
    .select([...tokenColumns.map((column) => `tokens.${column}` as const), ancestors, 'members.role', 'people.hubAdmin'])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export function findTokenByHash(sql: Sql, hash: Buffer): Promise<TokenWithAncestors | undefined> {
  return sql
    .selectFrom('tokens')
    .select([...tokenColumns, ancestors])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export function findTokens(
  sql: Sql,
  ids: readonly string[],
): Promise<Pick<TokenWithAncestors, 'id' | 'workspaceId' | 'userId' | 'scopes' | 'readOnly' | 'revokedAt' | 'expiresAt' | 'ancestors'>[]> {
  const columns = ['id', 'workspaceId', 'userId', 'scopes', 'readOnly', 'revokedAt', 'expiresAt', ancestors] as const
  return sql.selectFrom('tokens').select(columns).where('id', 'in', ids).execute()
}

export interface PersonIn {
  readonly userId: string
  readonly role: Role | null
  readonly hubAdmin: boolean
}

/** What people are in a workspace. */
export function findPeopleIn(sql: Sql, workspaceId: string, userIds: readonly string[]): Promise<PersonIn[]> {
  return sql
    .selectFrom('people')
    .leftJoin('members', (join) => join.onRef('members.userId', '=', 'people.id').on('members.workspaceId', '=', workspaceId))
    .select(['people.id as userId', 'members.role', 'people.hubAdmin'])
    .where('people.id', 'in', userIds)
    .execute()
}

/** Of these grants to apps, those that are in force. */
export async function findGrantsInForce(sql: Sql, workspaceId: string, ids: readonly string[]): Promise<string[]> {
  const query = sql.selectFrom('grants').select('id').where('workspaceId', '=', workspaceId).where('id', 'in', ids)
  return (await query.where('revokedAt', 'is', null).execute()).map(({ id }) => id)
}

export function listTokens(
  sql: Sql,
  workspaceId: string,
  page: { after?: string | undefined; limit: number; userId?: string | undefined },
): Promise<TokenRow[]> {
  return sql
    .selectFrom('tokens')
    .select(tokenColumns)
    .where('workspaceId', '=', workspaceId)
    .$if(page.after !== undefined, (query) => query.where('id', '<', page.after!))
    .$if(page.userId !== undefined, (query) => query.where('userId', '=', page.userId!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
}

export function revokeToken(sql: Sql, workspaceId: string, id: string): Promise<TokenRow | undefined> {
  return sql
    .updateTable('tokens')
    .set((expression) => ({ revokedAt: expression.fn.coalesce('revokedAt', expression.val(new Date())) }))
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .returning(tokenColumns)
    .executeTakeFirst()
}

/** Makes processes that start at the same time wait for each other. The lock is weak enough that tokens can be created meanwhile. */
export async function lockWorkspace(sql: Sql, id: string): Promise<void> {
  await sql.selectFrom('workspaces').select('id').where('id', '=', id).forNoKeyUpdate().execute()
}

export interface TokenMaker {
  readonly name: string
  readonly createdBy: string
}

export function revokeMadeBy(sql: Sql, { name, createdBy }: TokenMaker, exceptHash: Buffer): Promise<TokenRow[]> {
  return sql
    .updateTable('tokens')
    .set({ revokedAt: new Date() })
    .where('name', '=', name)
    .where('createdBy', '=', createdBy)
    .where('hash', '!=', exceptHash)
    .where('revokedAt', 'is', null)
    .returning(tokenColumns)
    .execute()
}

/** Gives an existing token the properties described, and makes it valid again if it was revoked. */
export async function remakeToken(sql: Sql, id: string, token: Omit<NewToken, 'id' | 'hash'>): Promise<void> {
  await sql
    .updateTable('tokens')
    .set({ ...token, revokedAt: null })
    .where('id', '=', id)
    .execute()
}

export async function countTokens(sql: Sql): Promise<number> {
  const { count } = await sql
    .selectFrom('tokens')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

export async function touchTokens(sql: Sql, used: ReadonlyMap<string, Date>): Promise<void> {
  for (const [id, at] of used) {
    await sql
      .updateTable('tokens')
      .set({ lastUsedAt: at })
      .where('id', '=', id)
      // Another process may have stored a later time.
      .where((e) => e.or([e('lastUsedAt', 'is', null), e('lastUsedAt', '<', at)]))
      .execute()
  }
}

export type AuditRow = Row<'audit'>

/** Locks the end of the workspace's audit chain until the transaction ends, so that entries are added one by one. */
export async function lockAuditHead(sql: Sql, workspaceId: string): Promise<{ seq: number; hash: string }> {
  await sql
    .insertInto('auditHeads')
    .values({ workspaceId, seq: 0, hash: '' })
    .onConflict((conflict) => conflict.column('workspaceId').doNothing())
    .execute()
  const head = sql.selectFrom('auditHeads').select(['seq', 'hash']).where('workspaceId', '=', workspaceId)
  return head.forUpdate().executeTakeFirstOrThrow()
}

export async function appendAudit(sql: Sql, row: AuditRow): Promise<void> {
  const { workspaceId, seq, hash } = row
  await sql
    .insertInto('audit')
    .values({ ...row, detail: JSON.stringify(row.detail) })
    .execute()
  await sql.updateTable('auditHeads').set({ seq, hash }).where('workspaceId', '=', workspaceId).execute()
}

export function readAudit(
  sql: Sql,
  workspaceId: string,
  range: { after?: number | undefined; before?: number | undefined; limit: number; newestFirst: boolean },
): Promise<AuditRow[]> {
  return sql
    .selectFrom('audit')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .$if(range.after !== undefined, (query) => query.where('seq', '>', range.after!))
    .$if(range.before !== undefined, (query) => query.where('seq', '<', range.before!))
    .orderBy('seq', range.newestFirst ? 'desc' : 'asc')
    .limit(range.limit)
    .execute()
}

export function auditHeads(sql: Sql): Promise<Row<'auditHeads'>[]> {
  return sql.selectFrom('auditHeads').selectAll().orderBy('workspaceId').execute()
}

/** Counts the entries after `seq`. A complete chain that ends at `seq` has none. */
export async function countAuditBeyond(sql: Sql, workspaceId: string, seq: number): Promise<number> {
  const beyond = sql.selectFrom('audit').where('workspaceId', '=', workspaceId).where('seq', '>', seq)
  const { count } = await beyond.select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  return count
}

export async function auditedWorkspaces(sql: Sql): Promise<string[]> {
  const rows = await sql.selectFrom('audit').select('workspaceId').distinct().execute()
  return rows.map(({ workspaceId }) => workspaceId)
}
