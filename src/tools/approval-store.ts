import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'

export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'used'

/** The one call that an approval covers. The digest is that of the tool's definition, so an approval ends when the tool changes. */
export interface ApprovedCall {
  readonly tool: string
  readonly digest: string
  readonly integration: string | null
  readonly input: unknown
}

export interface ApprovalRow {
  readonly id: string
  readonly workspaceId: string
  readonly status: ApprovalStatus
  readonly message: string
  readonly deciders: readonly string[] | null
  readonly call: ApprovedCall | null
  readonly callDigest: string | null
  readonly runId: string | null
  readonly path: string | null
  readonly askedBy: string
  readonly decidedBy: string | null
  readonly comment: string | null
  readonly usedKey: string | null
  readonly usedAt: Date | null
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly decidedAt: Date | null
}

const columns = [
  'id',
  'workspace_id as workspaceId',
  'status',
  'message',
  'deciders',
  'call',
  'call_digest as callDigest',
  'run_id as runId',
  'path',
  'asked_by as askedBy',
  'decided_by as decidedBy',
  'comment',
  'used_key as usedKey',
  'used_at as usedAt',
  'expires_at as expiresAt',
  'created_at as createdAt',
  'decided_at as decidedAt',
] as const

type Asked = Pick<
  ApprovalRow,
  'id' | 'workspaceId' | 'message' | 'deciders' | 'call' | 'callDigest' | 'runId' | 'path' | 'askedBy' | 'expiresAt'
>

/** Undefined when the same question is already pending. */
export async function insertApproval(trx: Transaction, asked: Asked): Promise<ApprovalRow | undefined> {
  const { deciders, call } = asked
  return (await trx
    .insertInto('approvals')
    .values({
      id: asked.id,
      workspace_id: asked.workspaceId,
      message: asked.message,
      deciders: deciders ? [...deciders] : null,
      call: call ? JSON.stringify(call) : null,
      call_digest: asked.callDigest,
      run_id: asked.runId,
      path: asked.path,
      asked_by: asked.askedBy,
      expires_at: asked.expiresAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(columns)
    .executeTakeFirst()) as ApprovalRow | undefined
}

export function findPending(
  sql: Sql,
  { workspaceId, askedBy, callDigest, runId, path }: Pick<Asked, 'workspaceId' | 'askedBy' | 'callDigest' | 'runId' | 'path'>,
): Promise<ApprovalRow | undefined> {
  return sql
    .selectFrom('approvals')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where('asked_by', '=', askedBy)
    .where('status', '=', 'pending')
    .where(raw<boolean>`(call_digest is not distinct from ${callDigest} and run_id is not distinct from ${runId}
                         and path is not distinct from ${path})`)
    .executeTakeFirst() as Promise<ApprovalRow | undefined>
}

export function findApproval(sql: Sql, workspaceId: string, id: string): Promise<ApprovalRow | undefined> {
  return approvalOf(sql, workspaceId, id).executeTakeFirst() as Promise<ApprovalRow | undefined>
}

/** Prevents other decisions until the transaction ends. */
export function lockApproval(trx: Transaction, workspaceId: string, id: string): Promise<ApprovalRow | undefined> {
  return approvalOf(trx, workspaceId, id).forUpdate().executeTakeFirst() as Promise<ApprovalRow | undefined>
}

function approvalOf(sql: Sql, workspaceId: string, id: string) {
  return sql.selectFrom('approvals').select(columns).where('workspace_id', '=', workspaceId).where('id', '=', id)
}

export interface ApprovalFilter {
  readonly status?: ApprovalStatus | undefined
  readonly run?: string | undefined
}

export function listApprovals(
  sql: Sql,
  workspaceId: string,
  { status, run }: ApprovalFilter,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<ApprovalRow[]> {
  return sql
    .selectFrom('approvals')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .$if(status !== undefined, (query) => query.where('status', '=', status!))
    .$if(run !== undefined, (query) => query.where('run_id', '=', run!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute() as Promise<ApprovalRow[]>
}

interface Decision {
  readonly status: 'approved' | 'rejected' | 'expired'
  readonly decidedBy: string | null
  readonly comment: string | null
  readonly at: Date
}

/** Undefined when it was already decided. */
export async function recordDecision(
  trx: Transaction,
  id: string,
  { status, decidedBy, comment, at }: Decision,
): Promise<ApprovalRow | undefined> {
  return (await trx
    .updateTable('approvals')
    .set({ status, decided_by: decidedBy, comment, decided_at: at })
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .returning(columns)
    .executeTakeFirst()) as ApprovalRow | undefined
}

export async function overdueApprovals(sql: Sql, now: Date, most: number): Promise<string[]> {
  const overdue = sql.selectFrom('approvals').select('id').where('status', '=', 'pending').where('expires_at', '<=', now)
  return (await overdue.orderBy('expires_at').limit(most).execute()).map(({ id }) => id)
}

export async function dropApprovals(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.approvals where id in (
      select id from hub.approvals where expires_at < ${before} and status <> 'pending' limit ${most}) returning 1`.execute(sql)
  return rows.length
}

/** Checks the approval and marks it as used in one statement, so that only one of two concurrent calls can use it. */
export async function useApproval(
  trx: Transaction,
  { workspaceId, id, callDigest, key, now }: { workspaceId: string; id: string; callDigest: string; key: string | null; now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('approvals')
    .set({ status: 'used', used_key: key, used_at: now })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('status', '=', 'approved')
    .where('call_digest', '=', callDigest)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
