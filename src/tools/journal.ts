import type { Database, Transaction } from '#db'
import { errorCatalogue, hubError, type HubError, type ErrorCode, type FieldError } from '#errors'
import { createBatcher } from '#lib/batch'
import { newId } from '#lib/ids'
import { storable } from '#lib/json-values'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createCallPublisher } from './publish-calls.ts'
import {
  failQueued,
  findByKey,
  finishInvocations,
  insertInvocations,
  resolveInterrupted,
  retake,
  type Ending,
  type InvocationRow,
  type StateBefore,
} from './store.ts'

export interface NewEntry {
  readonly id?: string | undefined
  readonly workspaceId: string
  readonly tool: string
  readonly connector: string
  readonly effect: 'read' | 'write' | 'destroy'
  readonly integrationId: string | null
  readonly integration: string | null
  readonly transport: string
  readonly actor: string
  /** The app through which the person acts. */
  readonly app: string | null
  readonly key: string | undefined
  readonly digest: string
  readonly input: unknown
  /** The call that this one undoes. */
  readonly undoes: string | null
  /** The step of a run that makes the call: the run, and the path in it. */
  readonly runId: string | null
  readonly step: string | null
  /** The approval that covers it. */
  readonly approvalId: string | null
}

export interface Entry extends NewEntry {
  readonly id: string
  readonly startedAt: Date
  /** Written before the call, so that it is found after a crash. A read without a key is written once, when it has ended. */
  readonly durable: boolean
  /** What is known of the state before the first attempt. */
  readonly before?: StateBefore | undefined
  /** What earlier attempts sent. */
  readonly requests?: InvocationRow['requests']
}

export interface Result {
  readonly status: 'completed' | 'failed' | 'outcome_unknown'
  readonly output?: unknown
  /** The output, where `output` has no secret of it. */
  readonly sealed?: string | undefined
  readonly error?: HubError | undefined
  readonly labels?: InvocationRow['labels'] | undefined
  readonly before?: StateBefore | undefined
  /** What was removed from the output. */
  readonly sanitized?: InvocationRow['sanitized'] | undefined
  /** What was sent to the outside system. */
  readonly requests?: InvocationRow['requests'] | undefined
}

/** The journal's answer for a call: a new entry, an earlier call under the same key, or a queued call. */
export type Recorded =
  | { readonly kind: 'new'; readonly entry: Entry }
  | { readonly kind: 'replay'; readonly row: InvocationRow }
  | { readonly kind: 'queued'; readonly id: string }

/** Stores the job that makes the call, in the transaction that stores the call. */
export type StartLater = (trx: Transaction) => Promise<void>

export interface Journal extends AsyncDisposable {
  /** Stores a new call, or finds the earlier call under this key. */
  begin(entry: NewEntry): Promise<Recorded>
  /** The same for a call that is made later. */
  enqueue(entry: NewEntry, start: StartLater): Promise<Recorded>
  /** Starts an earlier invocation again; `in_progress` when another call did so first. */
  retake(entry: NewEntry, row: InvocationRow): Promise<Entry>
  end(entry: Entry, result: Result): Promise<void>
  resolveInterrupted(): Promise<number>
  /** Ends a queued call that was never made, such as one that is no longer allowed. */
  refuse(id: string, error: HubError, trx?: Transaction): Promise<void>
  /** Ends queued calls that are suspected of killing their process. */
  quarantine(trx: Transaction, ids: readonly string[]): Promise<void>
}

// Reads without a key wait in memory for the next statement; beyond this many, callers wait for it too.
const maxWaiting = 5000

export interface JournalDeps extends Telemetry {
  readonly db: Database
  readonly publisher: EventPublisher
}

export function createJournal({ db, publisher, logger, notices }: JournalDeps, executorId: string): Journal {
  const storeAndPublish = createCallPublisher(db, publisher)
  const tell = (calls: readonly Pick<InvocationRow, 'workspaceId' | 'id' | 'runId' | 'undoes'>[]): void => {
    for (const { workspaceId, id, runId, undoes } of calls) {
      notices.add(workspaceId, 'call', id)
      // Its page says what undid it.
      if (undoes !== null) notices.add(workspaceId, 'call', undoes)
      // Whoever watches a run cannot know the ids of the calls that it will make.
      if (runId !== null) notices.add(workspaceId, 'run', runId)
    }
  }
  const inserts = createBatcher(async (rows: readonly Parameters<typeof insertInvocations>[1][number][]) => {
    const made = await storeAndPublish(rows, (sql) => insertInvocations(sql, rows))
    tell(rows.filter(({ id }) => made.has(id)))
    return rows.map(({ id }) => made.has(id))
  })
  const endings = createBatcher(async (ended: readonly { entry: Entry; ending: Ending }[]) => {
    const rows = ended.map(({ entry, ending }) => ({ ...entry, ...ending, key: entry.key ?? null }))
    await storeAndPublish(rows, (sql) =>
      finishInvocations(
        sql,
        ended.map(({ ending }) => ending),
      ),
    )
    tell(rows)
    return rows.map(() => undefined)
  })

  const row = (entry: Entry, status: InvocationRow['status'], result?: Result) => ({
    id: entry.id,
    workspaceId: entry.workspaceId,
    tool: entry.tool,
    connector: entry.connector,
    effect: entry.effect,
    integrationId: entry.integrationId,
    integration: entry.integration,
    transport: entry.transport,
    actor: entry.actor,
    app: entry.app,
    key: entry.key ?? null,
    digest: entry.digest,
    status,
    input: storable(entry.input ?? null),
    output: result?.output ?? null,
    labels: result?.labels ?? null,
    sealed: result?.sealed ?? null,
    error: result?.error ? storedError(result.error) : null,
    undoes: entry.undoes,
    stateBefore: result?.before ?? null,
    sanitized: result?.sanitized ?? null,
    runId: entry.runId,
    step: entry.step,
    approvalId: entry.approvalId,
    requests: result?.requests ?? null,
    executorId,
    startedAt: entry.startedAt,
    finishedAt: result ? new Date() : null,
  })

  const newEntry = (given: NewEntry): Entry => {
    const durable = given.key !== undefined || given.effect !== 'read'
    return { ...given, id: given.id ?? newId('inv'), startedAt: new Date(), durable }
  }

  const earlierCall = async ({ workspaceId, key }: NewEntry): Promise<InvocationRow> => {
    const known = key === undefined ? undefined : await findByKey(db.sql, workspaceId, key)
    // The retention deleted it between the two statements.
    if (!known) throw hubError('in_progress', { retryAfter: 1 })
    return known
  }

  return {
    async begin(given) {
      const entry = newEntry(given)
      if (!entry.durable || (await inserts.add(row(entry, 'running')))) return { kind: 'new', entry }
      return { kind: 'replay', row: await earlierCall(given) }
    },

    async enqueue(given, start) {
      const entry = newEntry(given)
      const stored = await db.transaction(async (trx) => {
        const made = await insertInvocations(trx, [row(entry, 'queued')])
        if (made.size > 0) await start(trx)
        return made.size > 0
      })
      if (stored) tell([entry])
      return stored ? { kind: 'queued', id: entry.id } : { kind: 'replay', row: await earlierCall(given) }
    },

    async retake(given, known) {
      if (!(await retake(db.sql, known, executorId))) throw hubError('in_progress', { retryAfter: 1 })
      tell([known])
      return { ...given, id: known.id, startedAt: new Date(), durable: true, before: beforeAgain(known), requests: known.requests }
    },

    async end(entry, result) {
      if (entry.durable) {
        const {
          status,
          output = null,
          sealed = null,
          labels = null,
          before: stateBefore = null,
          sanitized = null,
          requests = null,
          error,
        } = result
        const ended = { error: error ? storedError(error) : null, finishedAt: new Date(), executorId }
        const ending = { id: entry.id, status, output, sealed, labels, stateBefore, sanitized, requests, ...ended }
        await endings.add({ entry, ending })
        return
      }
      const written = inserts
        .add(row(entry, result.status, result))
        .catch((error: unknown) => logger.warn({ err: error }, 'failed to store a read in the journal'))
      // The caller may ask for the rest of a cut output as soon as it has the answer.
      if (result.output !== undefined || inserts.size > maxWaiting) await written
    },

    resolveInterrupted: () =>
      db.transaction(async (trx) => {
        const unknown = hubError('outcome_unknown', { detail: 'the process died during the call' })
        const settled = await resolveInterrupted(trx, storedError(hubError('interrupted')), storedError(unknown))
        await storeAndPublish(settled, () => Promise.resolve(), trx)
        db.afterCommit(trx, () => tell(settled))
        return settled.length
      }),

    async refuse(id, error, trx) {
      const refuse = async (within: Transaction): Promise<void> => {
        const ended = await failQueued(within, { ids: [id], statuses: ['queued'], error: storedError(error) })
        await storeAndPublish(ended, () => Promise.resolve(), within)
        db.afterCommit(within, () => tell(ended))
      }
      await (trx ? refuse(trx) : db.transaction(refuse))
    },

    async quarantine(trx, ids) {
      const error = hubError('run_quarantined', { detail: 'three processes died during this call, the last one while it made no other' })
      const ended = await failQueued(trx, { ids, statuses: ['queued', 'running'], error: storedError(error) })
      await storeAndPublish(ended, () => Promise.resolve(), trx)
      db.afterCommit(trx, () => tell(ended))
    },

    async [Symbol.asyncDispose]() {
      await inserts.drain()
      await endings.drain()
    },
  }
}

interface StoredError {
  readonly code: ErrorCode
  readonly detail: string
  readonly hint?: string
  readonly errors?: readonly FieldError[]
  readonly retry_after?: number
}

/** What an attempt may have changed is not read again as the state before. */
function beforeAgain({ status, stateBefore }: InvocationRow): StateBefore | undefined {
  return status === 'outcome_unknown' ? (stateBefore ?? { problem: 'an earlier attempt may have changed it' }) : undefined
}

/** The part of an error that callers may see; its cause is only for the log. */
function storedError({ code, message, details: { hint, errors, retryAfter } }: HubError): Record<string, unknown> {
  const { kind } = errorCatalogue[code]
  return storable({
    code,
    kind,
    detail: message,
    ...(hint ? { hint } : {}),
    ...(errors ? { errors } : {}),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
  })
}

export function restoreError(stored: Record<string, unknown> | null): HubError {
  const { code = 'internal', detail, hint, errors, retry_after: retryAfter } = (stored ?? {}) as unknown as Partial<StoredError>
  return hubError(code in errorCatalogue ? code : 'internal', {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}
