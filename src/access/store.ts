import type { Sql } from '#db'

export interface Workspace {
  readonly id: string
  readonly number: number
  readonly name: string
  readonly createdAt: Date
}

export interface TokenRow {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly readOnly: boolean
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  readonly createdBy: string
  readonly createdAt: Date
}

const tokenColumns = [
  'id',
  'workspace_id as workspaceId',
  'name',
  'prefix',
  'scopes',
  'read_only as readOnly',
  'expires_at as expiresAt',
  'last_used_at as lastUsedAt',
  'revoked_at as revokedAt',
  'created_by as createdBy',
  'created_at as createdAt',
] as const

export function listWorkspaces(sql: Sql): Promise<Workspace[]> {
  return sql.selectFrom('workspaces').select(['id', 'number', 'name', 'created_at as createdAt']).orderBy('number').execute()
}

export function findWorkspace(sql: Sql, by: { id: string } | { name: string } | { number: number }): Promise<Workspace | undefined> {
  const [column, value] = Object.entries(by)[0] as ['id' | 'name' | 'number', string]
  const query = sql.selectFrom('workspaces').select(['id', 'number', 'name', 'created_at as createdAt'])
  return query.where(column, '=', value).executeTakeFirst()
}

/** Undefined when the name is taken. */
export function insertWorkspace(sql: Sql, workspace: { id: string; name: string }): Promise<Workspace | undefined> {
  return sql
    .insertInto('workspaces')
    .values(workspace)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning(['id', 'number', 'name', 'created_at as createdAt'])
    .executeTakeFirst()
}

export interface NewToken {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly prefix: string
  readonly hash: Buffer
  readonly scopes: readonly string[]
  readonly readOnly: boolean
  readonly expiresAt: Date | null
  readonly createdBy: string
}

export function insertToken(sql: Sql, token: NewToken): Promise<TokenRow> {
  return sql
    .insertInto('tokens')
    .values({
      id: token.id,
      workspace_id: token.workspaceId,
      name: token.name,
      prefix: token.prefix,
      hash: token.hash,
      scopes: [...token.scopes],
      read_only: token.readOnly,
      expires_at: token.expiresAt,
      created_by: token.createdBy,
    })
    .returning(tokenColumns)
    .executeTakeFirstOrThrow()
}

export function findTokenByHash(sql: Sql, hash: Buffer): Promise<TokenRow | undefined> {
  return sql.selectFrom('tokens').select(tokenColumns).where('hash', '=', hash).executeTakeFirst()
}

export function listTokens(sql: Sql, workspaceId: string, page: { after: string | undefined; limit: number }): Promise<TokenRow[]> {
  return sql
    .selectFrom('tokens')
    .select(tokenColumns)
    .where('workspace_id', '=', workspaceId)
    .$if(page.after !== undefined, (query) => query.where('id', '<', page.after!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
}

export function revokeToken(sql: Sql, workspaceId: string, id: string): Promise<TokenRow | undefined> {
  return sql
    .updateTable('tokens')
    .set((expression) => ({ revoked_at: expression.fn.coalesce('revoked_at', expression.val(new Date())) }))
    .where('workspace_id', '=', workspaceId)
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
    .set({ revoked_at: new Date() })
    .where('name', '=', name)
    .where('created_by', '=', createdBy)
    .where('hash', '!=', exceptHash)
    .where('revoked_at', 'is', null)
    .returning(tokenColumns)
    .execute()
}

/** Gives an existing token the properties described, and makes it valid again if it was revoked. */
export async function remakeToken(sql: Sql, id: string, token: Omit<NewToken, 'id' | 'hash'>): Promise<void> {
  await sql
    .updateTable('tokens')
    .set({
      workspace_id: token.workspaceId,
      name: token.name,
      prefix: token.prefix,
      scopes: [...token.scopes],
      read_only: token.readOnly,
      expires_at: token.expiresAt,
      created_by: token.createdBy,
      revoked_at: null,
    })
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
      .set({ last_used_at: at })
      .where('id', '=', id)
      // Another process may have stored a later time.
      .where((e) => e.or([e('last_used_at', 'is', null), e('last_used_at', '<', at)]))
      .execute()
  }
}

export interface AuditRow {
  readonly workspaceId: string
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail: Record<string, unknown>
  readonly prevHash: string
  readonly hash: string
}

const auditColumns = [
  'workspace_id as workspaceId',
  'seq',
  'at',
  'actor',
  'action',
  'subject',
  'detail',
  'prev_hash as prevHash',
  'hash',
] as const

/** Locks the end of the workspace's audit chain until the transaction ends, so that entries are added one by one. */
export async function lockAuditHead(sql: Sql, workspaceId: string): Promise<{ seq: number; hash: string }> {
  await sql
    .insertInto('audit_heads')
    .values({ workspace_id: workspaceId, seq: 0, hash: '' })
    .onConflict((conflict) => conflict.column('workspace_id').doNothing())
    .execute()
  const head = sql.selectFrom('audit_heads').select(['seq', 'hash']).where('workspace_id', '=', workspaceId)
  return head.forUpdate().executeTakeFirstOrThrow()
}

export async function appendAudit(sql: Sql, row: AuditRow): Promise<void> {
  const { workspaceId, seq, at, actor, action, subject, detail, prevHash, hash } = row
  const values = { workspace_id: workspaceId, seq, at, actor, action, subject, detail: JSON.stringify(detail), prev_hash: prevHash, hash }
  await sql.insertInto('audit').values(values).execute()
  await sql.updateTable('audit_heads').set({ seq, hash }).where('workspace_id', '=', workspaceId).execute()
}

export function readAudit(
  sql: Sql,
  workspaceId: string,
  range: { after?: number | undefined; before?: number | undefined; limit: number; newestFirst: boolean },
): Promise<AuditRow[]> {
  return sql
    .selectFrom('audit')
    .select(auditColumns)
    .where('workspace_id', '=', workspaceId)
    .$if(range.after !== undefined, (query) => query.where('seq', '>', range.after!))
    .$if(range.before !== undefined, (query) => query.where('seq', '<', range.before!))
    .orderBy('seq', range.newestFirst ? 'desc' : 'asc')
    .limit(range.limit)
    .execute()
}

export function auditHeads(sql: Sql): Promise<{ workspaceId: string; seq: number; hash: string }[]> {
  return sql.selectFrom('audit_heads').select(['workspace_id as workspaceId', 'seq', 'hash']).orderBy('workspace_id').execute()
}

/** Counts the entries after `seq`. A complete chain that ends at `seq` has none. */
export async function countAuditBeyond(sql: Sql, workspaceId: string, seq: number): Promise<number> {
  const beyond = sql.selectFrom('audit').where('workspace_id', '=', workspaceId).where('seq', '>', seq)
  const { count } = await beyond.select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  return count
}

export async function auditedWorkspaces(sql: Sql): Promise<string[]> {
  const rows = await sql.selectFrom('audit').select('workspace_id as id').distinct().execute()
  return rows.map(({ id }) => id)
}
