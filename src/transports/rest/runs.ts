import { Readable } from 'node:stream'
import { z } from 'zod'
import type { RunRow, SavedStep } from '#flows'
import { bearer } from './access-hook.ts'
import { progressEvents } from './run-stream.ts'
import type { RestApp, RestDeps } from './server.ts'
import { decodeCursor, iso, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'

const values = z.record(z.string(), z.unknown())
const status = z.enum(['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'skipped', 'parked'])

const summaryShape = z.object({
  id: z.string(),
  flow: z.string(),
  flow_id: z.string(),
  version: z.int(),
  status,
  trigger: values,
  event_id: z.string().nullable(),
  error: values.nullable(),
  actor: z.string(),
  dry_run: z.boolean(),
  replay_of: z.string().nullable(),
  parent_run: z.string().nullable(),
  parent_path: z.string().nullable(),
  wake_at: timestamp.nullable().describe('When a waiting run goes on at the latest.'),
  deadline_at: timestamp.nullable(),
  created_at: timestamp,
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
})

export const runShape = summaryShape.extend({ parameters: values, outputs: z.unknown() })

const stepShape = z.object({
  path: z.string().describe('Where in the run: each/3/comment.'),
  step: z.string(),
  kind: z.string(),
  status: z.enum(['running', 'waiting', 'completed', 'failed', 'skipped']),
  input: z.unknown(),
  output: z.unknown(),
  error: values.nullable(),
  attempts: z.int(),
  invocation_id: z.string().nullable(),
  waits_until: timestamp.nullable(),
  started_at: timestamp,
  finished_at: timestamp.nullable(),
  ms: z.int().nullable(),
})

export function runRoutes(app: RestApp, deps: RestDeps): void {
  lookRoutes(app, deps)
  changeRoutes(app, deps)
  streamRoute(app, deps)
}

const tags = ['Runs']
const params = z.object({ id: z.string().max(100) })

function lookRoutes(app: RestApp, { flows }: RestDeps): void {
  app.get('/api/v1/runs', {
    config: { access: 'flows:read' },
    schema: {
      tags,
      summary: 'Runs, the newest first',
      querystring: pageQuery.extend({
        flow: z.string().max(100).optional(),
        status: status.optional(),
        event: z.string().max(100).optional().describe('Only those that this event started.'),
        parent: z.string().max(100).optional().describe('Only those that this run started.'),
      }),
      response: { 200: pageOf(summaryShape) },
    },
    handler: async ({ principal, query: { limit, cursor, ...filter } }) => {
      const before = decodeCursor(cursor, /^run_[0-9a-f-]{36}$/)
      const rows = await flows.runs(principal.workspaceId, filter, { before, limit: limit + 1 })
      return toPage(rows, limit, renderSummary, ({ id }) => id)
    },
  })
  app.get('/api/v1/runs/:id', {
    config: { access: 'flows:read' },
    schema: {
      tags,
      summary: 'One run with its steps',
      params,
      response: { 200: runShape.extend({ steps: z.array(stepShape) }) },
    },
    handler: async ({ principal, params: { id } }) => {
      const run = await flows.run(principal.workspaceId, id)
      return { ...renderRun(run), steps: run.steps.map((step) => ({ ...renderStep(step), input: step.input, output: step.output })) }
    },
  })
}

function changeRoutes(app: RestApp, { flows }: RestDeps): void {
  app.post('/api/v1/runs/:id/cancel', {
    config: { access: 'flows:run' },
    schema: { tags, summary: 'Cancel it: the step under way is the last', params, response: { 200: runShape } },
    handler: async ({ principal, params: { id } }) => renderRun(await flows.cancel(principal, id)),
  })
  app.post('/api/v1/runs/:id/retry', {
    config: { access: 'flows:run' },
    schema: { tags, summary: 'Let it go on from the step that failed; what is done stays done', params, response: { 200: runShape } },
    handler: async ({ principal, params: { id } }) => renderRun(await flows.retry(principal, id)),
  })
  app.post('/api/v1/runs/:id/replay', {
    config: { access: 'flows:run' },
    schema: {
      tags,
      summary: 'Run the same once more from the start, as a run of its own',
      params,
      body: z
        .strictObject({
          version: z.enum(['same', 'latest']).default('same').describe('By the definition of then, or that of now.'),
          dry_run: z.boolean().default(false).describe('With the outputs of then instead of calls.'),
        })
        .nullish(),
      response: { 202: z.object({ run_id: z.string(), status: z.string() }) },
    },
    handler: async ({ principal, params: { id }, body }, reply) => {
      const made = await flows.replay(principal, id, { version: body?.version, dryRun: body?.dry_run })
      return reply.code(202).send({ run_id: made.id, status: made.status })
    },
  })
}

function streamRoute(app: RestApp, { flows, access, isStopping }: RestDeps): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.get('/api/v1/runs/:id/stream', {
    config: { access: 'flows:read' },
    schema: {
      tags,
      summary: 'A run as it goes: server-sent events',
      description:
        'Sends `run` and `step` events with the state of each whenever it changes, and ends with the run. An event may come twice; Last-Event-ID goes on where a connection broke off.',
      params,
      headers: z.looseObject({ 'last-event-id': z.string().max(100).optional() }),
    },
    handler: async (request, reply) => {
      const {
        principal,
        params: { id },
        headers,
      } = request
      // Before the answer begins: what is not there is a problem, not an empty stream.
      const first = await flows.run(principal.workspaceId, id)
      const since = Number(headers['last-event-id'] ?? 0) || 0
      const events = progressEvents({
        first,
        since,
        read: () => flows.run(principal.workspaceId, id),
        render: renderSummary,
        renderStep,
        // A token that is revoked meanwhile sees no more.
        isOpen: async () => {
          await access.authenticate(bearer(request), request.ip)
          return !closing && !isStopping()
        },
      })
      return (
        reply
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          // Otherwise it would be kept for another request, and hold up a stop.
          .header('connection', 'close')
          .type('text/event-stream; charset=utf-8')
          .send(Readable.from(events))
      )
    },
  })
}

function renderSummary(run: RunRow) {
  const { id, flow, version, actor, error } = run
  const { outputs: _, ...trigger } = run.trigger
  return {
    id,
    flow,
    version,
    actor,
    trigger,
    status: run.status,
    flow_id: run.flowId,
    event_id: run.eventId,
    error: error && { ...error },
    dry_run: run.dryRun,
    replay_of: run.replayOf,
    parent_run: run.parentRun,
    parent_path: run.parentPath,
    wake_at: iso(run.wakeAt),
    deadline_at: iso(run.deadlineAt),
    created_at: run.createdAt.toISOString(),
    started_at: iso(run.startedAt),
    finished_at: iso(run.finishedAt),
  }
}

export function renderRun(run: RunRow) {
  return { ...renderSummary(run), parameters: run.parameters, outputs: run.outputs ?? null }
}

function renderStep({ path, step, kind, status, error, attempts, invocationId, until, startedAt, finishedAt }: SavedStep) {
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    path,
    step,
    kind,
    status,
    attempts,
    error: error ? { ...error } : null,
    invocation_id: invocationId ?? null,
    waits_until: until ? time(until) : null,
    started_at: time(startedAt),
    finished_at: finishedAt ? time(finishedAt) : null,
    ms: finishedAt ? Math.round(finishedAt - startedAt) : null,
  }
}
