import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import type { Engine, Poller } from '#engine'
import { hubError, type HubError } from '#errors'
import type { FlowSecrets } from './call-secrets.ts'
import { cancelledCalls, findInvocation, requestCancel, type InvocationRow } from './store.ts'
import type { InformationFlow } from './information-flow.ts'
import { completed, type Outcome } from './outcome.ts'
import { approvalAwaitedBy, dropWaiting } from './waiting-store.ts'
import { restoreError, type Journal } from './journal.ts'

/** How far a call has come. */
export interface CallState extends Pick<InvocationRow, 'tool' | 'status' | 'startedAt' | 'finishedAt'> {
  /** The approval that it waits for. */
  readonly approval: string | undefined
  /** Of a completed call. */
  readonly outcome: Outcome | undefined
  /** Of a call that failed, or whose outcome is unknown. */
  readonly error: HubError | undefined
}

/** What whoever queued a call may do with it. */
export interface QueuedCalls {
  /** Of a call of this principal; undefined if it made no such call. The session of whoever asks has read the outcome then. */
  stateOf(principal: Principal, id: string, session?: string): Promise<CallState | undefined>
  /** Asks to end a call that was queued. One that has not begun ends at once, one that is running is aborted, one that has ended stays as it is. */
  cancel(principal: Principal, id: string): Promise<void>
  /** Makes a queued call in this process, where `cancel` finds it. */
  run(id: string, work: (signal: AbortSignal) => Promise<void>): Promise<void>
  readonly poller: Poller
}

interface QueuedCallsDeps {
  readonly db: Database
  readonly engine: Engine
  readonly access: Pick<Access, 'audit'>
  readonly journal: Journal
  readonly flowSecrets: FlowSecrets
  readonly informationFlow: Pick<InformationFlow, 'recordRead'>
}

const pollerName = 'cancelled-calls'
/** Other processes wake this one. This is for wake-ups that were lost. */
const lookEveryMs = 5000

export function createQueuedCalls({ db, engine, access, journal, flowSecrets, informationFlow }: QueuedCallsDeps): QueuedCalls {
  const running = new Map<string, AbortController>()

  return {
    async stateOf(principal, id, session) {
      const row = await findInvocation(db.sql, principal.workspaceId, id)
      if (row?.actor !== actorOf(principal)) return undefined
      const { tool, status, startedAt, finishedAt, sealed, error } = row
      if (finishedAt !== null) await informationFlow.recordRead({ principal, session }, row)
      const output = sealed === null ? row.output : await flowSecrets.open(row.workspaceId, sealed)
      return {
        tool,
        status,
        startedAt,
        finishedAt,
        approval: status === 'queued' ? await approvalAwaitedBy(db.sql, id) : undefined,
        outcome:
          status === 'completed'
            ? { ...completed(id, output, { transport: 'rest' }), ...(row.sanitized ? { sanitized: row.sanitized } : {}) }
            : undefined,
        error: status === 'failed' || status === 'outcome_unknown' ? restoreError(error).with({ invocationId: id }) : undefined,
      }
    },

    async cancel(principal, id) {
      const { workspaceId } = principal
      const row = await findInvocation(db.sql, workspaceId, id)
      if (!row) throw hubError('not_found', { detail: `there is no invocation "${id}" in this workspace` })
      if (row.finishedAt !== null) return
      await db.transaction(async (trx) => {
        await journal.refuse(id, hubError('cancelled', { detail: 'the call was cancelled before it began' }), trx)
        await dropWaiting(trx, id)
        if (await requestCancel(trx, id)) db.afterCommit(trx, () => engine.wake(pollerName))
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'invocation.cancelled', subject: id })
      })
    },

    async run(id, work) {
      const controller = new AbortController()
      running.set(id, controller)
      try {
        await work(controller.signal)
      } finally {
        running.delete(id)
      }
    },

    poller: {
      name: pollerName,
      async run() {
        const ids = running.size === 0 ? [] : await cancelledCalls(db.sql, [...running.keys()])
        for (const id of ids) running.get(id)?.abort()
        return lookEveryMs
      },
    },
  }
}
