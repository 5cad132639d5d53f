import { isPassing, type Database, type Transaction } from '#db'
import { JobLost, type Engine, type JobContext, type JobHandler } from '#engine'
import { HubError, hubError } from '#errors'
import type { IntegrationRow, Integrations } from '#integrations'
import {
  CursorLost,
  type ActionContext,
  type Connector,
  type FailedItem,
  type Member,
  type SourceDeclaration,
  type SourceDocument,
} from '#kit'
import { backoffDelay } from '#lib/backoff'
import { yieldToOthers } from '#lib/clock'
import type { Index, PreparedDocument } from '#search'
import type { Telemetry } from '#telemetry'
import { processDocument } from './processing/index.ts'
import { startSync } from './start.ts'
import {
  addCounts,
  isCurrent,
  lockSource,
  progressOf,
  readSync,
  requireHeld,
  syncsOfJobs,
  updateSource,
  updateSync,
  type OpenSync,
  type SyncError,
} from './store.ts'
import {
  audiencesToCheck,
  countUnseen,
  dueItems,
  failItems,
  forgetItems,
  markSeen,
  noticeItems,
  notePoll,
  putAudience,
  putChangedFiles,
  settleItems,
  unseenDocuments,
} from './item-store.ts'

export interface SyncJobDeps extends Pick<Telemetry, 'logger' | 'metrics' | 'notices'> {
  readonly db: Database
  readonly engine: Engine
  readonly integrations: Integrations
  readonly index: Index
}

/** How many items are fetched at once, and how many documents are deleted in one transaction. */
const batch = 20
const deletions = 200
/** A listing that would delete more than this share of a source deletes nothing, from this many documents on. */
const mostVanishing = { share: 0.3, documents: 10 }
const mostAttempts = 8
const backoff = { baseMs: 2000, maxMs: 300_000 }
/** Members of audiences are read again after this time. */
const audienceFreshMs = 3_600_000
const audiencesAtOnce = 50

/** What a step works with. */
interface Work extends OpenSync {
  readonly job: JobContext
  readonly integration: IntegrationRow
  readonly declaration: SourceDeclaration
  readonly context: ActionContext<Record<string, unknown>>
}

/** Reads one source page by page. Each page is stored together with the place where the next one begins, so a sync goes on there after a crash. */
export function createSyncJob(deps: SyncJobDeps): JobHandler<{ readonly id: string }> {
  const { db, engine, integrations, index, logger, metrics, notices } = deps

  /** Writes in one transaction, unless another process has taken the job over. */
  const whileHeld = <T>(job: JobContext, write: (trx: Transaction) => Promise<T>): Promise<T> =>
    db.transaction(async (trx) => {
      await requireHeld(trx, engine.executorId, job.id)
      return write(trx)
    })

  /** Stores what a step brought, unless somebody has ended the sync. */
  const store = ({ sync, job }: Pick<Work, 'sync' | 'job'>, write: (trx: Transaction) => Promise<void>): Promise<void> =>
    whileHeld(job, async (trx) => {
      await write(trx)
      // At the end, because events of the source wait for its row.
      if (!(await isCurrent(trx, sync))) throw new SyncOver()
    })

  const open = async ({ sync, source }: OpenSync, job: JobContext): Promise<Work> => {
    const integration = await integrations.get(source.workspaceId, source.integrationId)
    if (integration.status !== 'active') throw hubError('integration_disabled', { detail: `integration "${integration.name}" is disabled` })
    const connector = integrations.connector(integration.connector)
    const declaration = declarationOf(connector, source.kind)
    const connection = await integrations.connect(integration, connector, {
      workspaceId: source.workspaceId,
      signal: job.signal,
      dryRun: false,
      readOnly: true,
      isBackground: true,
    })
    return { sync, source, job, integration, declaration, context: connection.context(declaration.options.parse(source.config)) }
  }

  /** Leaves out what no index takes; it counts as failed. */
  const prepare = async (documents: readonly SourceDocument[]): Promise<PreparedDocument[]> => {
    const prepared: PreparedDocument[] = []
    for (const document of documents) {
      if (!isStorable(document)) continue
      prepared.push(index.prepare(await processDocument(document)))
      // A long document takes some milliseconds, and calls go first.
      await yieldToOthers()
    }
    return prepared
  }

  /** Who may read audiences that are new or were read too long ago. What cannot be read is seen by nobody. */
  const checkAudiences = async ({ source, declaration, context }: Work): Promise<string | undefined> => {
    const olderThan = new Date(Date.now() - audienceFreshMs)
    let problem: string | undefined
    for (const key of await audiencesToCheck(db.sql, source.id, { olderThan, limit: audiencesAtOnce })) {
      try {
        const members: readonly Member[] = await declaration.readers(context, key)
        await db.transaction((trx) => putAudience(trx, source.id, key, members))
      } catch (error) {
        if (!(error instanceof HubError) || error.entry.kind === 'rate_limit') throw error
        problem ??= `who may read "${key}" is not known, so nobody sees it: ${error.message}`
      }
    }
    return problem
  }

  const place = ({ source }: Work) => ({ workspaceId: source.workspaceId, sourceId: source.id })

  const measureVisible = (work: Work, since: Iterable<Date>): void => {
    const now = Date.now()
    for (const time of since)
      metrics.syncVisible.observe({ connector: work.integration.connector }, Math.max(0, (now - time.getTime()) / 1000))
  }

  const pull = async (work: Work): Promise<void> => {
    const { sync, source, declaration, context } = work
    const page = await declaration.pull(context, source.cursor ?? undefined)
    const prepared = await prepare(page.documents)
    const failures = (page.failed ?? []).map(failureOf)
    const ids = page.documents.map(({ id }) => id)
    await store(work, async (trx) => {
      const counts = await index.put(trx, place(work), prepared)
      const noticedAt = new Date()
      const gone = (page.removed ?? []).map((externalId) => ({ externalId, noticedAt }))
      const removed = await index.remove(trx, place(work), { removals: gone, reason: 'removed' })
      await forgetItems(trx, source.id, ids)
      if (failures.length > 0) {
        await failItems(trx, source.id, failures)
        // They exist, so what is stored of them is not deleted.
        await markSeen(
          trx,
          source.id,
          failures.map(({ id }) => id),
        )
      }
      await putChangedFiles(trx, source.id, [...(page.changedFiles ?? []), ...page.documents.flatMap((one) => one.changedFiles ?? [])])
      await updateSource(trx, source.id, { cursor: page.cursor ?? null, attempts: 0 })
      await updateSync(trx, sync.id, { remaining: page.remaining ?? null, ...(page.isLast ? { phase: 'items' as const } : {}) })
      await addCounts(trx, sync.id, { ...counts, removed, failed: failures.length + page.documents.length - prepared.length, pages: 1 })
    })
    // Of a first sync it would say how old the content is.
    if (!sync.whole)
      measureVisible(
        work,
        prepared.flatMap(({ updatedAt }) => updatedAt ?? []),
      )
  }

  /** Returns false when no item is due. */
  const fetchItems = async (work: Work): Promise<boolean> => {
    const { sync, source, declaration, context } = work
    const items = await dueItems(db.sql, source.id, batch)
    if (items.length === 0 || !declaration.fetch) return false
    const ids = items.map(({ externalId }) => externalId)
    const page = await declaration.fetch(context, ids)
    const prepared = await prepare(page.documents)
    const failures = (page.failed ?? []).map(failureOf)
    const kept = new Set([...page.documents.map(({ id }) => id), ...failures.map(({ id }) => id)])
    const gone = items.filter(({ externalId }) => !kept.has(externalId))
    const failed = new Set(failures.map(({ id }) => id))
    await store(work, async (trx) => {
      const counts = await index.put(trx, place(work), prepared)
      const removed = await index.remove(trx, place(work), { removals: gone, reason: 'gone' })
      if (failures.length > 0) await failItems(trx, source.id, failures)
      await settleItems(
        trx,
        source.id,
        items.filter(({ externalId }) => !failed.has(externalId)),
      )
      await putChangedFiles(
        trx,
        source.id,
        page.documents.flatMap((one) => one.changedFiles ?? []),
      )
      await updateSource(trx, source.id, { attempts: 0 })
      await addCounts(trx, sync.id, { ...counts, removed, failed: failures.length + page.documents.length - prepared.length, pages: 1 })
    })
    const noticed = new Map(items.map(({ externalId, noticedAt }) => [externalId, noticedAt]))
    measureVisible(
      work,
      page.documents.flatMap(({ id }) => noticed.get(id) ?? []),
    )
    const now = Date.now()
    for (const { noticedAt } of gone)
      metrics.syncDeleted.observe({ connector: work.integration.connector }, Math.max(0, (now - noticedAt.getTime()) / 1000))
    return true
  }

  /** Lists what exists, and then deletes what was not listed. */
  const sweep = async (work: Work): Promise<boolean> => {
    const { sync, source, declaration, context } = work
    // A sync that read everything has seen all that exists.
    const isListed = sync.whole || (sync.sweepCursor as { listed?: boolean } | null)?.listed === true
    if (isListed) return deleteUnseen(work)
    if (!declaration.list) return false
    const page = await declaration.list(context, (sync.sweepCursor as { at?: unknown } | null)?.at)
    await store(work, async (trx) => {
      const missed = await markSeen(trx, source.id, page.ids)
      if (missed.length > 0 && declaration.fetch) await noticeItems(trx, source.id, missed)
      const isPartial = sync.sweepPartial || page.isPartial === true
      await updateSync(trx, sync.id, {
        sweepPartial: isPartial,
        sweepCursor: page.next === undefined ? { listed: true } : { at: page.next },
      })
      await updateSource(trx, source.id, { attempts: 0 })
      await addCounts(trx, sync.id, { pages: 1 })
    })
    return true
  }

  /** Returns false when there is nothing more to delete. */
  const deleteUnseen = async (work: Work): Promise<boolean> => {
    const { sync, source } = work
    const { all, unseen } = await countUnseen(db.sql, source.id, sync.startedAt)
    const notice = refusalOf({ all: all + sync.removed, unseen: unseen + sync.removed }, sync)
    if (notice !== undefined || unseen === 0) {
      await store(work, (trx) => updateSource(trx, source.id, { sweptAt: new Date(), notice: notice ?? null }))
      return false
    }
    const ids = await unseenDocuments(db.sql, source.id, sync.startedAt, deletions)
    await store(work, async (trx) => {
      const noticedAt = source.sweptAt ?? sync.startedAt
      const removals = ids.map((externalId) => ({ externalId, noticedAt }))
      const removed = await index.remove(trx, place(work), { removals, reason: 'not listed' })
      await addCounts(trx, sync.id, { removed, pages: 1 })
    })
    return true
  }

  const end = ({ sync, source, job }: Work, problem: string | undefined): Promise<boolean> =>
    whileHeld(job, async (trx) => {
      const now = await lockSource(trx, source.id)
      if (now?.syncId !== sync.id) throw new SyncOver()
      // What an event named since the last look is read before the sync ends.
      if ((await dueItems(trx, source.id, 1)).length > 0) {
        await updateSync(trx, sync.id, { phase: 'items' })
        return false
      }
      await updateSync(trx, sync.id, { status: 'completed', endedAt: new Date(), remaining: null })
      await updateSource(trx, source.id, {
        status: 'idle',
        attempts: 0,
        lastError: null,
        syncedAt: new Date(),
        ...(problem === undefined ? {} : { notice: problem }),
      })
      await notePoll(trx, source.integrationId, sync.added + sync.changed + sync.removed)
      if (now.pullWanted && now.pausedAt === null) await startSync(trx, engine, { source: now, reason: 'event' })
      return true
    })

  /** One piece of a sync. Returns false when it has ended or waits. */
  const step = async (opened: OpenSync, job: JobContext, progress: Progress): Promise<boolean> => {
    const { sync, source } = opened
    if (source.pausedAt !== null) {
      await store({ sync, job }, async (trx) => {
        await updateSync(trx, sync.id, { status: 'waiting' })
        await updateSource(trx, source.id, { status: 'waiting', continueAt: null })
      })
      return false
    }
    try {
      const work = await open(opened, job)
      if (!progress.audiencesChecked) {
        progress.problem = await checkAudiences(work)
        progress.audiencesChecked = true
      }
      if (sync.phase === 'pull') {
        await pull(work)
        return true
      }
      if (sync.phase === 'items') {
        if (await fetchItems(work)) return true
        progress.problem = (await checkAudiences(work)) ?? progress.problem
        const sweeps = (sync.sweeps || sync.whole) && !progress.isSwept
        if (sweeps) {
          await store(work, (trx) => updateSync(trx, sync.id, { phase: 'sweep' }))
          return true
        }
        return !(await end(work, progress.problem))
      }
      if (await sweep(work)) return true
      progress.isSwept = true
      await store(work, (trx) => updateSync(trx, sync.id, { phase: 'items' }))
      return true
    } catch (error) {
      return recover(opened, job, error)
    }
  }

  const recover = async ({ sync, source }: OpenSync, job: JobContext, error: unknown): Promise<boolean> => {
    if (error instanceof JobLost || error instanceof SyncOver || isPassing(error) || job.signal.aborted) throw error
    if (error instanceof CursorLost && !(sync.whole && source.cursor === null)) {
      await store({ sync, job }, async (trx) => {
        await updateSource(trx, source.id, { cursor: null, notice: `everything is read again: ${error.message}` })
        await updateSync(trx, sync.id, { phase: 'pull', whole: true })
      })
      return true
    }
    const failure = errorOf(error)
    if (!(error instanceof HubError) && !(error instanceof CursorLost))
      logger.error({ err: error, source: source.id, phase: sync.phase }, 'a sync failed because of an error in the connector')
    const isLimit = error instanceof HubError && error.entry.kind === 'rate_limit'
    const isRetryable = error instanceof HubError && error.entry.retryable
    const attempts = source.attempts + (isLimit ? 0 : 1)
    const integration = await integrations.find(source.workspaceId, source.integrationId)
    if (error instanceof HubError && integration && !isLimit) await integrations.health.failed(integration, error)
    await store({ sync, job }, async (trx) => {
      if (isRetryable && attempts < mostAttempts) {
        const asked = error.details.retryAfter === undefined ? 0 : error.details.retryAfter * 1000
        const continueAt = new Date(Date.now() + Math.max(asked, 1000 + backoffDelay(attempts, backoff)))
        await updateSync(trx, sync.id, { status: 'waiting', error: failure })
        await updateSource(trx, source.id, { status: 'waiting', continueAt, attempts, lastError: failure })
      } else {
        await updateSync(trx, sync.id, { status: 'failed', error: failure, endedAt: new Date() })
        await updateSource(trx, source.id, { status: 'failed', attempts: 0, lastError: failure })
      }
    })
    return false
  }

  return {
    async run({ id }, job) {
      const progress: Progress = { audiencesChecked: false, isSwept: false, problem: undefined }
      for (;;) {
        const opened = await readSync(db.sql, id)
        if (opened?.sync.status !== 'running' || opened.sync.jobId !== job.id) return
        const goesOn = await job
          .hold(() => step(opened, job, progress))
          .catch((error: unknown) => {
            if (error instanceof SyncOver) return false
            throw error
          })
        notices.add(opened.source.workspaceId, 'source', opened.source.id)
        if (!goesOn) return
      }
    },
    progress: progressOf,
    async quarantine(trx, jobIds) {
      const error: SyncError = { code: 'internal', detail: 'the process died repeatedly during this sync, so the hub stopped it' }
      for (const { id, sourceId } of await syncsOfJobs(trx, jobIds)) {
        await updateSync(trx, id, { status: 'failed', error, endedAt: new Date() })
        await updateSource(trx, sourceId, { status: 'failed', lastError: error })
      }
    },
  }
}

/** What an index of the database takes as a key. */
const longestKey = 1000
const isStorable = ({ id, audience }: SourceDocument): boolean => id !== '' && id.length <= longestKey && audience.length <= longestKey

/** Somebody has cancelled the sync or deleted its source. */
class SyncOver extends Error {}

/** What one run of a job remembers from step to step. */
interface Progress {
  audiencesChecked: boolean
  isSwept: boolean
  problem: string | undefined
}

export function declarationOf(connector: Connector, kind: string): SourceDeclaration {
  const declaration = connector.sources[kind]
  if (declaration) return declaration
  throw hubError('invalid_input', {
    errors: [
      { path: 'kind', message: `${connector.title} has no "${kind}" to sync; it has: ${Object.keys(connector.sources).join(', ')}` },
    ],
  })
}

/** Why nothing is deleted, for people to see. */
function refusalOf(
  { all, unseen }: { readonly all: number; readonly unseen: number },
  { sweepPartial, confirmed }: OpenSync['sync'],
): string | undefined {
  if (unseen === 0) return undefined
  if (sweepPartial) return `${unseen} documents were not listed, and the listing was not complete: nothing was deleted`
  const isTooMuch = unseen > mostVanishing.documents && unseen > all * mostVanishing.share
  if (!isTooMuch || confirmed) return undefined
  return `${unseen} of ${all} documents were not listed any more: nothing was deleted before somebody confirms it`
}

function failureOf({ id, error }: FailedItem): { readonly id: string; readonly error: SyncError } {
  return { id, error: errorOf(error) }
}

const longestDetail = 500

function errorOf(error: unknown): SyncError {
  if (error instanceof HubError) return { code: error.code, detail: error.message.slice(0, longestDetail) }
  if (error instanceof CursorLost) return { code: 'vendor_failed', detail: error.message.slice(0, longestDetail) }
  return { code: 'vendor_failed', detail: 'the outside system sent something that the connector cannot read' }
}
