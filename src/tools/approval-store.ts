import { sql as raw } from 'kysely'
import { oneOf, type Row, type Sql, type Transaction } from '#db'

export type ApprovalRow = Row<'approvals'>
export type ApprovalStatus = ApprovalRow['status']
/**
 * The one call that an approval covers, with digests of everything that decides what it really does: the tool's definition, the flows that it
 * runs, the settings of the integration and the version of its credential.
 */
export type ApprovedCall = NonNullable<ApprovalRow['call']>

type Asked = Pick<
  ApprovalRow,
  | 'id'
  | 'workspaceId'
  | 'message'
  | 'deciders'
  | 'call'
  | 'preview'
  | 'callDigest'
  | 'runId'
  | 'path'
  | 'askedBy'
  | 'involved'
  | 'expiresAt'
>

/** Undefined when the same question is already pending. */
export function insertApproval(trx: Transaction, asked: Asked): Promise<ApprovalRow | undefined> {
  const { call, preview } = asked
  return trx
    .insertInto('approvals')
    .values({ ...asked, call: call && JSON.stringify(call), preview: preview && JSON.stringify(preview) })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

export function findPending(
  sql: Sql,
  { workspaceId, askedBy, callDigest, runId, path }: Pick<Asked, 'workspaceId' | 'askedBy' | 'callDigest' | 'runId' | 'path'>,
): Promise<ApprovalRow | undefined> {
  return sql
    .selectFrom('approvals')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('askedBy', '=', askedBy)
    .where('status', '=', 'pending')
    .where(raw<boolean>`(call_digest is not distinct from ${callDigest} and run_id is not distinct from ${runId}
                         and path is not distinct from ${path})`)
    .executeTakeFirst()
}

interface Use {
  readonly key: string | null
  readonly now: Date
  /** Nobody else could decide on it; undefined where no rule names anybody. */
  readonly approvers: readonly string[] | undefined
}

/** An approval of a call that may be used: it was given and not used yet, or it was used under this key. */
export function findUsable(
  sql: Sql,
  { workspaceId, askedBy, callDigest, key, now, approvers }: Pick<Asked, 'workspaceId' | 'askedBy' | 'callDigest'> & Use,
): Promise<Pick<ApprovalRow, 'id'> | undefined> {
  return sql
    .selectFrom('approvals')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('askedBy', '=', askedBy)
    .where('callDigest', '=', callDigest)
    .where('runId', 'is', null)
    .where((e) =>
      e.or([
        e.and([e('status', '=', 'approved'), e('expiresAt', '>', now), decidedAmong(approvers)]),
        e.and([e('status', '=', 'used'), e('usedKey', 'is not', null), e('usedKey', '=', key)]),
      ]),
    )
    .orderBy('id')
    .executeTakeFirst()
}

export function findApproval(sql: Sql, workspaceId: string, id: string): Promise<ApprovalRow | undefined> {
  return approvalOf(sql, workspaceId, id).executeTakeFirst()
}

/** Prevents other decisions until the transaction ends. */
export function lockApproval(trx: Transaction, workspaceId: string, id: string): Promise<ApprovalRow | undefined> {
  return approvalOf(trx, workspaceId, id).forUpdate().executeTakeFirst()
}

function approvalOf(sql: Sql, workspaceId: string, id: string) {
  return sql.selectFrom('approvals').selectAll().where('workspaceId', '=', workspaceId).where('id', '=', id)
}

export interface ApprovalFilter {
  readonly statuses?: readonly ApprovalStatus[] | undefined
  readonly run?: string | undefined
  /** The tool of the call. */
  readonly tool?: string | undefined
  readonly order?: 'newest' | 'oldest' | undefined
}

export function listApprovals(
  sql: Sql,
  workspaceId: string,
  {
    statuses,
    run,
    tool,
    order = 'newest',
    before,
    limit,
  }: ApprovalFilter & { readonly before?: string | undefined; readonly limit: number },
): Promise<ApprovalRow[]> {
  return sql
    .selectFrom('approvals')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .$if(statuses !== undefined, (query) => query.where(oneOf(statuses!, 'status')))
    .$if(run !== undefined, (query) => query.where('runId', '=', run!))
    .$if(tool !== undefined, (query) => query.where(raw<boolean>`call ->> 'tool' = ${tool}`))
    .$if(before !== undefined, (query) => query.where('id', order === 'newest' ? '<' : '>', before!))
    .orderBy('id', order === 'newest' ? 'desc' : 'asc')
    .limit(limit)
    .execute()
}

interface Decision extends Pick<ApprovalRow, 'decidedBy' | 'comment'> {
  readonly status: 'approved' | 'rejected' | 'expired'
  readonly at: Date
}

/** Undefined when it was already decided. */
export function recordDecision(
  trx: Transaction,
  id: string,
  { status, decidedBy, comment, at }: Decision,
): Promise<ApprovalRow | undefined> {
  return trx
    .updateTable('approvals')
    .set({ status, decidedBy, comment, decidedAt: at })
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .returningAll()
    .executeTakeFirst()
}

/** The state that the call would change, as it is now. Only while nobody has decided. */
export async function storePreview(sql: Sql, id: string, preview: NonNullable<ApprovalRow['preview']>): Promise<void> {
  const open = sql
    .updateTable('approvals')
    .set({ preview: JSON.stringify(preview) })
    .where('id', '=', id)
  await open.where('status', '=', 'pending').execute()
}

export async function overdueApprovals(sql: Sql, now: Date, most: number): Promise<string[]> {
  const overdue = sql.selectFrom('approvals').select('id').where('status', '=', 'pending').where('expiresAt', '<=', now)
  return (await overdue.orderBy('expiresAt').limit(most).execute()).map(({ id }) => id)
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
  { workspaceId, id, callDigest, key, now, approvers }: { workspaceId: string; id: string; callDigest: string } & Use,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('approvals')
    .set({ status: 'used', usedKey: key, usedAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .where('status', '=', 'approved')
    .where('callDigest', '=', callDigest)
    .where('expiresAt', '>', now)
    .where(decidedAmong(approvers))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function decidedAmong(approvers: readonly string[] | undefined) {
  return approvers === undefined ? raw<boolean>`true` : raw<boolean>`coalesce(deciders <@ ${[...approvers]}::text[], false)`
}
