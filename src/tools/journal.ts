import type { Database, Transaction } from '#db'
import { errorCatalogue, hubError, type HubError, type ErrorCode, type FieldError } from '#errors'
import { createBatcher } from '#lib/batch'
import { newId } from '#lib/ids'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createAnnouncer } from './announce.ts'
import { dropOld, findByKey, finishInvocations, insertInvocations, retake, settle, type Ending, type InvocationRow } from './store.ts'

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
  readonly key: string | undefined
  readonly digest: string
  readonly input: unknown
}

export interface Entry extends NewEntry {
  readonly id: string
  readonly startedAt: Date
  /** Written before the call: it will be found after a crash. An unkeyed look is written once, when it is over. */
  readonly durable: boolean
}

export interface Result {
  readonly status: 'completed' | 'failed' | 'outcome_unknown'
  readonly output?: unknown
  readonly error?: HubError | undefined
}

export interface Journal extends AsyncDisposable {
  /** The entry of a new call, or what is known of the one that had this key before. */
  begin(entry: NewEntry): Promise<{ fresh: Entry } | { known: InvocationRow }>
  /** The same for a call that is made later: stored together with what will make it. */
  beginLater(entry: NewEntry, start: (trx: Transaction, id: string) => Promise<void>): Promise<{ fresh: Entry } | { known: InvocationRow }>
  /** Takes a known invocation up again; `in_progress` when another call is quicker. */
  again(entry: NewEntry, row: InvocationRow): Promise<Entry>
  end(entry: Entry, result: Result): Promise<void>
  settle(): Promise<number>
}

// Unkeyed looks wait in memory for the next statement; beyond this many, callers wait with them.
const maxWaiting = 5000
const keepDays = 30

export interface JournalDeps extends Telemetry {
  readonly db: Database
  readonly publisher: EventPublisher
}

export function createJournal({ db, publisher, logger }: JournalDeps, executorId: string): Journal {
  const announced = createAnnouncer(db, publisher)
  const inserts = createBatcher(async (rows: readonly Parameters<typeof insertInvocations>[1][number][]) => {
    const made = await announced(rows, (sql) => insertInvocations(sql, rows))
    return rows.map(({ id }) => made.has(id))
  })
  const endings = createBatcher(async (ended: readonly { entry: Entry; ending: Ending }[]) => {
    const rows = ended.map(({ entry, ending }) => ({ ...entry, ...ending, key: entry.key ?? null }))
    await announced(rows, (sql) =>
      finishInvocations(
        sql,
        ended.map(({ ending }) => ending),
      ),
    )
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
    key: entry.key ?? null,
    digest: entry.digest,
    status,
    input: entry.input ?? null,
    output: result?.output ?? null,
    error: result?.error ? storedError(result.error) : null,
    executorId,
    startedAt: entry.startedAt,
    finishedAt: result ? new Date() : null,
  })

  const freshEntry = (given: NewEntry): Entry => {
    const durable = given.key !== undefined || given.effect !== 'read'
    return { ...given, id: given.id ?? newId('inv'), startedAt: new Date(), durable }
  }

  const knownFor = async ({ workspaceId, key }: NewEntry): Promise<InvocationRow> => {
    const known = key === undefined ? undefined : await findByKey(db.sql, workspaceId, key)
    // It was dropped for its age between the two statements.
    if (!known) throw hubError('in_progress', { retryAfter: 1 })
    return known
  }

  const cleaning = setInterval(() => {
    const before = new Date(Date.now() - keepDays * 86_400_000)
    dropOld(db.sql, before, 1000).catch((error: unknown) => logger.warn({ err: error }, 'could not drop old invocations'))
  }, 60_000).unref()

  return {
    async begin(given) {
      const fresh = freshEntry(given)
      if (!fresh.durable || (await inserts.add(row(fresh, 'running')))) return { fresh }
      return { known: await knownFor(given) }
    },

    async beginLater(given, start) {
      const fresh = freshEntry(given)
      const stored = await db.transaction(async (trx) => {
        const made = await insertInvocations(trx, [row(fresh, 'queued')])
        if (made.size > 0) await start(trx, fresh.id)
        return made.size > 0
      })
      return stored ? { fresh } : { known: await knownFor(given) }
    },

    async again(given, known) {
      if (!(await retake(db.sql, known, executorId))) throw hubError('in_progress', { retryAfter: 1 })
      return { ...given, id: known.id, startedAt: new Date(), durable: true }
    },

    async end(entry, result) {
      if (entry.durable) {
        const { status, output = null, error } = result
        const ending = { id: entry.id, status, output, error: error ? storedError(error) : null, finishedAt: new Date(), executorId }
        await endings.add({ entry, ending })
        return
      }
      const written = inserts
        .add(row(entry, result.status, result))
        .catch((error: unknown) => logger.warn({ err: error }, 'a look could not be journalled'))
      // What was cut has its rest in the journal, so it has to be there when the caller asks for it.
      if (result.output !== undefined || inserts.size > maxWaiting) await written
    },

    settle: () =>
      db.transaction(async (trx) => {
        const unknown = hubError('outcome_unknown', { detail: 'the process died during the call' })
        const settled = await settle(trx, storedError(hubError('interrupted')), storedError(unknown))
        await announced(settled, () => Promise.resolve(), trx)
        return settled.length
      }),

    async [Symbol.asyncDispose]() {
      clearInterval(cleaning)
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

/** What may be shown of an error, and nothing of its cause. */
function storedError({ code, message, details: { hint, errors, retryAfter } }: HubError): Record<string, unknown> {
  const { kind } = errorCatalogue[code]
  return {
    code,
    kind,
    detail: message,
    ...(hint ? { hint } : {}),
    ...(errors ? { errors } : {}),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
  }
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
