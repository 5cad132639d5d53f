import { actorOf, type Access, type Principal } from '#access'
import type { Database, Transaction } from '#db'
import type { Engine, JobHandler, Poller } from '#engine'
import { hubError } from '#errors'
import type { Events, Subscriber } from '#events'
import type { Integrations } from '#integrations'
import { digest } from '#lib/canonical'
import { daysAgo } from '#lib/clock'
import { newId } from '#lib/ids'
import type { Index } from '#search'
import type { Telemetry } from '#telemetry'
import { createSyncJob, declarationOf } from './job.ts'
import { createSyncPoller, isSweepDue, syncPoller } from './poller.ts'
import { monitor, monitoringOf, setMonitoring, type Monitoring, type MonitoringChange } from './monitor-store.ts'
import { continueSync, handler, startSync } from './start.ts'
import {
  findSource,
  insertSource,
  listSources,
  listSyncs,
  lockSource,
  updateSource,
  updateSync,
  type SourceReport,
  type SourceRow,
  type SyncRow,
} from './store.ts'
import { failedItems, retryItemsNow, type ItemRow } from './item-store.ts'
import { dropSyncs, dropTombstones, restingSources } from './due-store.ts'
import { createSyncSubscriber } from './subscriber.ts'

export type { ItemRow } from './item-store.ts'
export type { Monitoring } from './monitor-store.ts'
export type { SourceReport, SyncRow } from './store.ts'

export interface NewSourceRequest {
  /** Id, name or number. */
  readonly integration: string
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly name?: string | undefined
}

export interface SyncRequest {
  /** Looks for what was deleted, too; when it is due otherwise. */
  readonly sweep?: boolean | undefined
  /** Reads everything again. */
  readonly rescan?: boolean | undefined
  /** Deletes what is not listed any more, however much it is. */
  readonly confirmDeletions?: boolean | undefined
}

/** Content of outside systems, kept in step. */
export interface Sync {
  create(principal: Principal, request: NewSourceRequest): Promise<SourceReport>
  list(workspaceId: string, page: { integration?: string | undefined; before?: string | undefined; limit: number }): Promise<SourceReport[]>
  get(workspaceId: string, id: string): Promise<SourceReport>
  syncs(workspaceId: string, id: string, page: { before?: string | undefined; limit: number }): Promise<SyncRow[]>
  /** The items that could not be read, and are tried again. */
  failures(workspaceId: string, id: string, page: { after?: string | undefined; limit: number }): Promise<ItemRow[]>
  /** Starts a sync, or lets a waiting one go on. One that runs is left alone. */
  start(principal: Principal, id: string, request?: SyncRequest): Promise<SourceReport>
  /** Starts a sync of all sources of an integration, or of the workspace. Returns how many sources there are. */
  startAll(principal: Principal, integration?: string): Promise<number>
  pause(principal: Principal, id: string): Promise<SourceReport>
  resume(principal: Principal, id: string): Promise<SourceReport>
  /** Ends the sync that runs or waits. What it has read stays, and the next one goes on there. */
  cancel(principal: Principal, id: string): Promise<SourceReport>
  retryFailures(principal: Principal, id: string): Promise<SourceReport>
  remove(principal: Principal, id: string): Promise<void>
  /** How changes of an integration's content are noticed. */
  monitoring(workspaceId: string, integration: string): Promise<Monitoring>
  setMonitoring(principal: Principal, integration: string, change: MonitoringChange): Promise<Monitoring>
  readonly subscriber: Subscriber
  readonly jobs: Readonly<Record<string, JobHandler>>
  readonly pollers: readonly Poller[]
  readonly retention: readonly { readonly of: 'hub'; drop(max: number): Promise<number> }[]
}

export interface SyncDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly events: Events
  readonly integrations: Integrations
  readonly index: Index
}

const keptDays = 30

export function createSync(deps: SyncDeps): Sync {
  const { db, engine, access, events, integrations } = deps

  const get = async (workspaceId: string, id: string): Promise<SourceReport> => {
    const [found] = await listSources(db.sql, workspaceId, { ids: [id], limit: 1 })
    if (!found) throw missing(id)
    return found
  }

  /** Changes a source that belongs to the caller's workspace, with an entry in the audit log. */
  const change = async (
    { principal, id, action }: { readonly principal: Principal; readonly id: string; readonly action: string },
    work: (trx: Transaction, source: SourceRow) => Promise<void>,
  ): Promise<SourceReport> => {
    const { workspaceId } = principal
    await db.transaction(async (trx) => {
      const source = await lockSource(trx, id)
      if (source?.workspaceId !== workspaceId) throw missing(id)
      await work(trx, source)
      await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action, subject: id, detail: { name: source.name } })
    })
    deps.notices.add(workspaceId, 'source', id)
    return get(workspaceId, id)
  }

  const begin = async (trx: Transaction, source: SourceRow, request: SyncRequest): Promise<void> => {
    const { rescan = false, confirmDeletions = false } = request
    if (source.status === 'syncing') return
    if (source.status === 'waiting' && !rescan && !confirmDeletions) {
      if (source.pausedAt === null) await continueSync(trx, engine, source)
      return
    }
    if (source.status === 'waiting') await updateSync(trx, source.syncId!, { status: 'cancelled', endedAt: new Date() })
    if (rescan) await updateSource(trx, source.id, { cursor: null })
    const sweeps = request.sweep ?? (confirmDeletions || isSweepDue(source))
    const from = rescan ? { ...source, cursor: null } : source
    await startSync(trx, engine, { source: from, reason: rescan ? 'rescan' : 'manual', sweeps, confirmed: confirmDeletions })
  }

  return {
    async create(principal, { integration: ref, kind, config, name }) {
      const { workspaceId } = principal
      const integration = await integrations.get(workspaceId, ref)
      const connector = integrations.connector(integration.connector)
      const declaration = declarationOf(connector, kind)
      const options = declaration.options.safeParse(config)
      if (!options.success)
        throw hubError('invalid_input', {
          errors: options.error.issues.map(({ path, message }) => ({ path: ['config', ...path].join('.'), message })),
        })
      const source = await db.transaction(async (trx) => {
        const row = await insertSource(trx, {
          id: newId('src'),
          workspaceId,
          integrationId: integration.id,
          kind,
          name: name ?? declaration.named(options.data),
          config: options.data,
          digest: digest([kind, options.data]),
        })
        if (!row) return undefined
        await monitor(trx, integration.id)
        if (declaration.events && declaration.events.length > 0)
          await events.subscribe(trx, {
            workspaceId,
            kind: 'sync',
            target: row.id,
            types: declaration.events,
            filter: null,
            ordered: false,
            detail: null,
          })
        await startSync(trx, engine, { source: row, reason: 'created' })
        const detail = { integration: integration.name, kind, name: row.name }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'source.created', subject: row.id, detail })
        return row
      })
      if (!source) throw hubError('already_exists', { detail: `integration "${integration.name}" has this source already` })
      return get(workspaceId, source.id)
    },

    get,
    async list(workspaceId, { integration, ...page }) {
      const integrationId = integration === undefined ? undefined : (await integrations.get(workspaceId, integration)).id
      return listSources(db.sql, workspaceId, { ...page, integrationId })
    },
    async syncs(workspaceId, id, page) {
      if (!(await findSource(db.sql, workspaceId, id))) throw missing(id)
      return listSyncs(db.sql, id, page)
    },
    async failures(workspaceId, id, page) {
      if (!(await findSource(db.sql, workspaceId, id))) throw missing(id)
      return failedItems(db.sql, id, page)
    },

    start: (principal, id, request = {}) =>
      change({ principal, id, action: 'source.sync_started' }, async (trx, source) => {
        if (source.pausedAt !== null) throw hubError('in_use', { detail: 'the source is paused', hint: 'resume it first' })
        await begin(trx, source, request)
      }),
    async startAll(principal, ref) {
      const { workspaceId } = principal
      const ids =
        ref === undefined ? (await integrations.list(workspaceId)).map(({ id }) => id) : [(await integrations.get(workspaceId, ref)).id]
      if (ids.length === 0) return 0
      return db.transaction(async (trx) => {
        const sources = await restingSources(trx, ids)
        for (const source of sources) await begin(trx, source, {})
        const detail = { integration: ref ?? null, sources: sources.length }
        const subject = ref === undefined ? workspaceId : ids[0]!
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'source.sync_started', subject, detail })
        return sources.length
      })
    },
    pause: (principal, id) =>
      change({ principal, id, action: 'source.paused' }, async (trx, source) => {
        // A running sync stops after its page.
        await updateSource(trx, id, { pausedAt: source.pausedAt ?? new Date(), continueAt: null })
      }),
    resume: (principal, id) =>
      change({ principal, id, action: 'source.resumed' }, async (trx, source) => {
        if (source.pausedAt === null) return
        await updateSource(trx, id, { pausedAt: null })
        if (source.status === 'waiting') await continueSync(trx, engine, source)
        else if (source.status !== 'syncing') await startSync(trx, engine, { source, reason: 'manual', sweeps: isSweepDue(source) })
      }),
    cancel: (principal, id) =>
      change({ principal, id, action: 'source.sync_cancelled' }, async (trx, source) => {
        if (!isOpen(source)) return
        await updateSync(trx, source.syncId!, { status: 'cancelled', endedAt: new Date() })
        await updateSource(trx, id, { status: 'idle', syncId: null, continueAt: null, pullWanted: false })
      }),
    retryFailures: (principal, id) =>
      change({ principal, id, action: 'source.failures_retried' }, async (trx) => {
        await retryItemsNow(trx, id)
        db.afterCommit(trx, () => engine.wake(syncPoller))
      }),
    async remove(principal, id) {
      const { workspaceId } = principal
      await db.transaction(async (trx) => {
        const source = await lockSource(trx, id)
        if (source?.workspaceId !== workspaceId) throw missing(id)
        if (isOpen(source)) await updateSync(trx, source.syncId!, { status: 'cancelled', endedAt: new Date() })
        await updateSource(trx, id, { deletedAt: new Date(), syncId: null, status: 'idle' })
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'source.deleted',
          subject: id,
          detail: { name: source.name },
        })
        db.afterCommit(trx, () => engine.wake(syncPoller))
      })
    },

    async monitoring(workspaceId, ref) {
      return monitoringOf(db.sql, (await integrations.get(workspaceId, ref)).id)
    },
    async setMonitoring(principal, ref, given) {
      const { workspaceId } = principal
      const { id, name } = await integrations.get(workspaceId, ref)
      return db.transaction(async (trx) => {
        const monitoring = await setMonitoring(trx, id, given)
        const detail = { name, ...given }
        await access.audit.record(trx, {
          workspaceId,
          actor: actorOf(principal),
          action: 'integration.monitoring_changed',
          subject: id,
          detail,
        })
        db.afterCommit(trx, () => deps.notices.add(workspaceId, 'integration', id))
        return monitoring
      })
    },

    subscriber: createSyncSubscriber(deps),
    jobs: { [handler]: createSyncJob(deps) },
    pollers: [createSyncPoller(deps)],
    retention: [
      { of: 'hub', drop: (max) => dropSyncs(db.sql, daysAgo(keptDays), max) },
      { of: 'hub', drop: (max) => dropTombstones(db.sql, daysAgo(keptDays), max) },
    ],
  }
}

/** Whether a sync of it runs or waits. */
const isOpen = ({ status }: SourceRow): boolean => status === 'syncing' || status === 'waiting'

function missing(id: string) {
  return hubError('not_found', { detail: `there is no source "${id}" in this workspace` })
}
