import type { Sql, Transaction } from '#db'

export interface WaitingCall {
  readonly invocationId: string
  readonly approvalId: string
  /** Of the job that makes the call. */
  readonly input: unknown
}

/**
 * Stores a call that waits, unless the approval is decided already. A decision at the same time waits for this transaction, or this one for the
 * decision, so one of the two sees the other.
 */
export async function parkCall(trx: Transaction, { invocationId, approvalId, input }: WaitingCall): Promise<boolean> {
  const approval = await trx.selectFrom('approvals').select('status').where('id', '=', approvalId).forShare().executeTakeFirst()
  if (approval?.status !== 'pending') return false
  await trx
    .insertInto('waitingCalls')
    .values({ invocationId, approvalId, input: JSON.stringify(input) })
    .execute()
  return true
}

/** Returns the calls that waited for this approval and removes them. */
export function takeWaiting(trx: Transaction, approvalId: string): Promise<WaitingCall[]> {
  return trx.deleteFrom('waitingCalls').where('approvalId', '=', approvalId).returningAll().execute()
}

/** A call that was cancelled is not made when the decision comes. */
export async function dropWaiting(trx: Transaction, invocationId: string): Promise<void> {
  await trx.deleteFrom('waitingCalls').where('invocationId', '=', invocationId).execute()
}

export async function approvalAwaitedBy(sql: Sql, invocationId: string): Promise<string | undefined> {
  const row = await sql.selectFrom('waitingCalls').select('approvalId').where('invocationId', '=', invocationId).executeTakeFirst()
  return row?.approvalId
}
