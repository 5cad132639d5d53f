import { z } from 'zod'
import type { ItemRow, Monitoring, SourceReport, SyncRow } from '#sync'
import { inWorkspace } from './in-workspace.ts'
import { operation, plain, view } from './operation.ts'
import {
  anyObject,
  decodeCursor,
  deleted,
  encodeCursor,
  idKeys,
  iso,
  line,
  pageInput,
  pageOf,
  readPage,
  reference,
  timestamp,
} from './shared.ts'

const id = z.string().max(100)
const syncError = z.object({ code: z.string(), detail: z.string() })

const syncView = view(
  z.object({
    id: z.string(),
    reason: z.string().describe('created, manual, poll, event, retry, rescan or access.'),
    status: z.enum(['running', 'waiting', 'completed', 'failed', 'cancelled']),
    phase: z.enum(['pull', 'items', 'sweep']),
    pages: z.int(),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    removed: z.int(),
    failed: z.int(),
    remaining: z.int().nullable().describe('Items that are still to come, as far as the outside system says.'),
    per_second: z.number().nullable(),
    error: syncError.nullable(),
    started_at: timestamp,
    ended_at: timestamp.nullable(),
  }),
  (sync: SyncRow) => ({
    id: sync.id,
    reason: sync.reason,
    status: sync.status,
    phase: sync.phase,
    pages: sync.pages,
    added: sync.added,
    changed: sync.changed,
    unchanged: sync.unchanged,
    removed: sync.removed,
    failed: sync.failed,
    remaining: sync.remaining,
    per_second: rateOf(sync),
    error: sync.error,
    started_at: sync.startedAt.toISOString(),
    ended_at: iso(sync.endedAt),
  }),
)

function rateOf({ added, changed, unchanged, startedAt, endedAt }: SyncRow): number | null {
  const seconds = ((endedAt ?? new Date()).getTime() - startedAt.getTime()) / 1000
  return seconds < 0.1 ? null : Math.round(((added + changed + unchanged) / seconds) * 10) / 10
}

const sourceView = view(
  z.object({
    id: z.string(),
    name: z.string(),
    integration: z.string(),
    integration_id: z.string(),
    connector: z.string(),
    kind: z.string(),
    config: anyObject,
    status: z.enum(['idle', 'syncing', 'waiting', 'failed', 'paused']),
    documents: z.int(),
    failing: z.int().describe('Items that could not be read, and are tried again.'),
    notice: z.string().nullable().describe('Why everything is read again, why nothing was deleted, or whose access is not known.'),
    last_error: syncError.nullable(),
    continues_at: timestamp.nullable(),
    synced_at: timestamp.nullable(),
    swept_at: timestamp.nullable().describe('When it was last looked for deletions.'),
    sync: syncView.schema.nullable().describe('The latest one.'),
    created_at: timestamp,
  }),
  (source: SourceReport) => ({
    id: source.id,
    name: source.name,
    integration: source.integration,
    integration_id: source.integrationId,
    connector: source.connector,
    kind: source.kind,
    config: source.config,
    status: source.pausedAt !== null && source.status !== 'syncing' ? ('paused' as const) : source.status,
    documents: source.documents,
    failing: source.failing,
    notice: source.notice,
    last_error: source.lastError,
    continues_at: iso(source.continueAt),
    synced_at: iso(source.syncedAt),
    swept_at: iso(source.sweptAt),
    sync: source.sync && syncView.render(source.sync),
    created_at: source.createdAt.toISOString(),
  }),
)

const itemView = view(
  z.object({ item: z.string(), attempts: z.int(), error: syncError.nullable(), next_attempt_at: timestamp }),
  ({ externalId, attempts, error, dueAt }: ItemRow) => ({ item: externalId, attempts, error, next_attempt_at: dueAt.toISOString() }),
)

export const createSource = operation({
  name: 'sources.create',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Keep content of an integration in sync, such as the issues of a repository',
  description: 'The first sync starts at once. What an integration has to sync, with its settings, is in `GET /api/v1/connectors/{name}`.',
  input: z.strictObject({
    integration: reference.describe('Id, name or number.'),
    kind: z.string().max(60).describe('What to sync: `issues`, `files` …'),
    config: anyObject.default({}).describe('The settings of this kind, such as the repository.'),
    name: line(200).optional(),
  }),
  output: sourceView,
  http: { method: 'POST', path: '/api/v1/sources', status: 201 },
  example: { integration: 'github', kind: 'issues', config: { repository: 'octocat/hello-world' } },
  run: ({ sync, principal }, input) => sync.create(principal, input),
})

export const listSourcesOperation = operation({
  name: 'sources.list',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'List what is kept in sync, newest first',
  input: z.strictObject({ integration: reference.optional(), ...pageInput }),
  output: pageOf(sourceView),
  http: { method: 'GET', path: '/api/v1/sources' },
  example: {},
  run: ({ sync, principal }, { integration, ...page }) =>
    readPage(page, idKeys('src'), (range) => sync.list(principal.workspaceId, { integration, ...range })),
})

export const getSource = operation({
  name: 'sources.get',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'Get a source with the state of its latest sync',
  input: z.strictObject({ id }),
  output: sourceView,
  http: { method: 'GET', path: '/api/v1/sources/:id' },
  example: { id: 'src_…' },
  run: ({ sync, principal }, { id: of }) => sync.get(principal.workspaceId, of),
})

export const listSyncsOperation = operation({
  name: 'sources.syncs',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'List the syncs of a source, newest first',
  input: z.strictObject({ id, ...pageInput }),
  output: pageOf(syncView),
  http: { method: 'GET', path: '/api/v1/sources/:id/syncs' },
  example: { id: 'src_…' },
  run: ({ sync, principal }, { id: of, ...page }) => readPage(page, idKeys('syn'), (range) => sync.syncs(principal.workspaceId, of, range)),
})

export const listFailures = operation({
  name: 'sources.failures',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'List the items of a source that could not be read',
  input: z.strictObject({ id, ...pageInput, cursor: z.string().max(3000).optional().describe('`next_cursor` of the page before.') }),
  output: pageOf(itemView),
  http: { method: 'GET', path: '/api/v1/sources/:id/failures' },
  example: { id: 'src_…' },
  run: async ({ sync, principal }, { id: of, limit, cursor }) => {
    const rows = await sync.failures(principal.workspaceId, of, { after: decodeCursor(cursor, /^/), limit: limit + 1 })
    const shown = rows.slice(0, limit)
    return { rows: shown, next: rows.length > limit ? encodeCursor(shown.at(-1)!.externalId) : null }
  },
})

export const syncSource = operation({
  name: 'sources.sync',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Sync a source now',
  input: z.strictObject({
    id,
    sweep: z.boolean().optional().describe('Also look for what was deleted; by default when that is due.'),
    rescan: z.boolean().optional().describe('Read everything again.'),
    confirm_deletions: z.boolean().optional().describe('Delete what is not listed any more, however much it is.'),
  }),
  output: sourceView,
  http: { method: 'POST', path: '/api/v1/sources/:id/sync', status: 202 },
  example: { id: 'src_…' },
  run: ({ sync, principal }, { id: of, confirm_deletions: confirmDeletions, ...request }) =>
    sync.start(principal, of, { ...request, confirmDeletions }),
})

const onSource = <const Name extends string, const Verb extends string>(
  name: Name,
  verb: Verb,
  { summary, method }: { readonly summary: string; readonly method: 'pause' | 'resume' | 'cancel' | 'retryFailures' },
) =>
  operation({
    name,
    scope: 'integrations:write',
    effect: 'write',
    summary,
    input: z.strictObject({ id }),
    output: sourceView,
    http: { method: 'POST', path: `/api/v1/sources/:id/${verb}` },
    example: { id: 'src_…' },
    run: ({ sync, principal }, { id: of }) => sync[method](principal, of),
  })

export const pauseSource = onSource('sources.pause', 'pause', {
  summary: 'Pause a source: a running sync stops after its page',
  method: 'pause',
})
export const resumeSource = onSource('sources.resume', 'resume', { summary: 'Let a paused source go on', method: 'resume' })
export const cancelSync = onSource('sources.cancel', 'cancel', {
  summary: 'End the sync of a source; what it has read stays',
  method: 'cancel',
})
export const retryFailures = onSource('sources.retryFailures', 'failures/retry', {
  summary: 'Try the items that could not be read again now',
  method: 'retryFailures',
})

export const deleteSource = operation({
  name: 'sources.delete',
  scope: 'integrations:write',
  effect: 'destroy',
  summary: 'Delete a source: its content is in no answer any more, and is deleted in the background',
  input: z.strictObject({ id }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/sources/:id', status: 204 },
  example: { id: 'src_…' },
  run: async ({ sync, principal }, { id: of }) => {
    await sync.remove(principal, of)
    return null
  },
})

const monitoringView = view(
  z.object({
    monitor_changes: z.boolean().describe('Whether events and polls lead to syncs.'),
    polling_enabled: z.boolean(),
    polling_interval: z.int().nullable().describe('In minutes.'),
    last_polled_at: timestamp.nullable(),
    next_poll_at: timestamp.nullable(),
    change_count: z.int().describe('How many documents were added, changed or removed.'),
    error_count: z.int(),
    last_error: anyObject.nullable(),
  }),
  (monitoring: Monitoring) => ({
    monitor_changes: monitoring.monitorChanges,
    polling_enabled: monitoring.pollingEnabled,
    polling_interval: monitoring.pollingInterval,
    last_polled_at: iso(monitoring.lastPolledAt),
    next_poll_at: iso(monitoring.nextPollAt),
    change_count: monitoring.changeCount,
    error_count: monitoring.errorCount,
    last_error: monitoring.lastError,
  }),
)

export const getMonitoring = operation({
  name: 'integrations.monitoring',
  scope: 'integrations:read',
  effect: 'read',
  summary: 'See how changes of an integration’s content are noticed',
  input: z.strictObject({ id: reference }),
  output: monitoringView,
  http: { method: 'GET', path: '/api/v1/integrations/:id/monitoring' },
  example: { id: 'github' },
  run: ({ sync, principal }, { id: of }) => sync.monitoring(principal.workspaceId, of),
})

export const setMonitoring = operation({
  name: 'integrations.setMonitoring',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Change how changes of an integration’s content are noticed',
  input: z.strictObject({
    id: reference,
    monitor_changes: z.boolean().optional(),
    polling_enabled: z.boolean().optional(),
    polling_interval: z.int().min(1).max(10_080).optional().describe('In minutes.'),
  }),
  output: monitoringView,
  http: { method: 'PATCH', path: '/api/v1/integrations/:id/monitoring' },
  example: { id: 'github', polling_interval: 5 },
  run: (
    { sync, principal },
    { id: of, monitor_changes: monitorChanges, polling_enabled: pollingEnabled, polling_interval: pollingInterval },
  ) =>
    sync.setMonitoring(principal, of, {
      ...(monitorChanges === undefined ? {} : { monitorChanges }),
      ...(pollingEnabled === undefined ? {} : { pollingEnabled }),
      ...(pollingInterval === undefined ? {} : { pollingInterval }),
    }),
})

const started = plain(z.object({ sources: z.int().describe('How many sources are syncing now.') }))

export const syncIntegration = operation({
  name: 'integrations.syncIntegration',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Sync all sources of an integration now',
  input: z.strictObject({ id: reference }),
  output: started,
  http: { method: 'POST', path: '/api/v1/integrations/:id/sync', status: 202 },
  example: { id: 'github' },
  run: async ({ sync, principal }, { id: of }) => ({ sources: await sync.startAll(principal, of) }),
})

export const syncAllIntegrations = operation({
  name: 'integrations.syncAllIntegrations',
  scope: 'integrations:write',
  effect: 'write',
  summary: 'Sync all sources of the workspace now',
  input: z.strictObject({
    workspaceId: z.string().min(1).max(100).optional().describe('Id or name; the workspace of the caller when left out.'),
  }),
  output: started,
  http: { method: 'POST', path: '/api/v1/sources/sync', status: 202 },
  example: {},
  run: async (given, { workspaceId }) => {
    const { sync, principal } = workspaceId === undefined ? given : await inWorkspace(given, workspaceId, 'integrations:write')
    return { sources: await sync.startAll(principal) }
  },
})
