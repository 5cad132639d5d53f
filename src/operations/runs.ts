import { z } from 'zod'
import type { RunDefinition, RunDetail, RunRow, SavedStep } from '#flows'
import { sleep } from '#lib/clock'
import { actorNameSchema, named, namedOne, type Named } from './actors.ts'
import { operation, toolOperation, streamOperation, view, type OperationContext, type StreamEvent } from './operation.ts'
import {
  anyObject,
  idKeys,
  iso,
  pageInput,
  pageOf,
  rangeInput,
  rangeOf,
  readPage,
  reference,
  severalOf,
  timestamp,
  valuesOf,
} from './shared.ts'

const statuses = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'skipped', 'quarantined'] as const
const status = z.enum(statuses)

const summarySchema = z.object({
  id: z.string(),
  flow: z.string(),
  flow_id: z.string(),
  version: z.int(),
  status,
  trigger: anyObject,
  event_id: z.string().nullable(),
  error: anyObject.nullable(),
  actor: z.string(),
  actor_name: actorNameSchema,
  dry_run: z.boolean(),
  replay_of: z.string().nullable(),
  parent_run: z.string().nullable(),
  parent_path: z.string().nullable(),
  wake_at: timestamp.nullable().describe('When a waiting run continues at the latest.'),
  deadline_at: timestamp.nullable(),
  created_at: timestamp,
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
})

export const runSchema = summarySchema.extend({ parameters: anyObject, outputs: z.unknown() })
export const startedSchema = z.object({ run_id: z.string(), status: z.string() })

const stepSchema = z.object({
  path: z.string().describe('Where in the run: each/3/comment.'),
  step: z.string(),
  kind: z.string(),
  status: z.enum(['running', 'waiting', 'completed', 'failed', 'skipped']),
  input: z.unknown(),
  output: z.unknown(),
  error: anyObject.nullable(),
  attempts: z.int(),
  invocation_id: z.string().nullable(),
  waits_until: timestamp.nullable(),
  started_at: timestamp,
  finished_at: timestamp.nullable(),
  ms: z.int().nullable(),
})

function renderSummary(run: Named<RunRow>): z.output<typeof summarySchema> {
  const { outputs: _, ...trigger } = run.trigger
  return {
    id: run.id,
    flow: run.flow,
    version: run.version,
    actor: run.actor,
    actor_name: run.actorName,
    trigger,
    status: run.status,
    flow_id: run.flowId,
    event_id: run.eventId,
    error: run.error && { ...run.error },
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

export function renderRun(run: Named<RunRow>): z.output<typeof runSchema> {
  return { ...renderSummary(run), parameters: run.parameters, outputs: run.outputs ?? null }
}

function renderStep(step: SavedStep) {
  const { path, kind, attempts, error, invocationId, until, startedAt, finishedAt } = step
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    path,
    step: step.step,
    kind,
    status: step.status,
    attempts,
    error: error ? { ...error } : null,
    invocation_id: invocationId ?? null,
    waits_until: until ? time(until) : null,
    started_at: time(startedAt),
    finished_at: finishedAt ? time(finishedAt) : null,
    ms: finishedAt ? Math.round(finishedAt - startedAt) : null,
  }
}

const runView = view(runSchema, renderRun)
export const detailView = view(runSchema.extend({ steps: z.array(stepSchema) }), (run: Named<RunDetail>) => ({
  ...renderRun(run),
  steps: run.steps.map((step) => ({ ...renderStep(step), input: step.input, output: step.output })),
}))
const id = reference.describe('Id of the run.')
const exampleId = 'run_0197f3d2-0000-7000-8000-000000000000'

export const listRuns = operation({
  name: 'runs.list',
  scope: 'flows:read',
  effect: 'read',
  summary: 'List runs, newest first',
  input: z.strictObject({
    ...pageInput,
    flow: reference.optional(),
    status: severalOf(statuses).optional().describe('Only those in one of these states, separated by commas.'),
    event: reference.optional().describe('Only those that this event started.'),
    parent: reference.optional().describe('Only those that this run started.'),
    actor: z.string().max(200).optional().describe('Only those that run with the rights of this actor.'),
    error: reference.optional().describe('Only those that failed with this error code.'),
    ...rangeInput('time of creation'),
  }),
  output: pageOf(view(summarySchema, renderSummary)),
  http: { method: 'GET', path: '/api/v1/runs' },
  example: { status: ['failed', 'cancelled'], from: '-24h' },
  run: (context, { limit, cursor, status: asked, ...rest }) => {
    const filter = { ...rest, ...rangeOf(rest), statuses: valuesOf(asked) }
    return readPage({ limit, cursor }, idKeys('run'), async (page) =>
      named(context, await context.flows.runs(context.principal.workspaceId, filter, page)),
    )
  },
})

export const getRun = toolOperation({
  name: 'runs.get',
  scope: 'flows:read',
  effect: 'read',
  summary: 'Get one run with its steps',
  input: z.strictObject({ id }),
  output: detailView,
  http: { method: 'GET', path: '/api/v1/runs/:id' },
  example: { id: exampleId },
  own: {
    scope: 'tools:call:*',
    isOwn: ({ flows, principal }, input) => flows.isCausedBy(principal, input.id),
  },
  tool: {
    name: 'get_run',
    repeatsOutside: true,
    title: 'Get a run',
    description:
      'Returns the state of a run of a flow: its status, its outputs, or why it failed and at which step. Use it after triggering a flow without waiting. Returns run_id, status, outputs and error.',
    words:
      'run status, did the flow succeed, is the flow finished, is the run finished, why did the run fail, where is the run stuck, result of a run, progress of a flow, outcome of the automation, did the automation work, which step failed, flow errors, how did the run end, is my automation still running, is it done yet, what came out of the run, output of the run, run result, error of the run, state of the run, did it finish, how is the run doing, check the run, why did the flow stop, why did the flow crash, which step is it at',
    rename: { id: 'run_id' },
    example: { run_id: 'run_…' },
    result: view(
      z.object({ run_id: z.string(), status: z.string(), outputs: z.unknown(), error: z.unknown() }),
      (run: z.output<typeof runSchema>) => ({
        run_id: run.id,
        status: run.status,
        outputs: run.outputs ?? null,
        error: run.error,
      }),
    ),
  },
  run: async (context, input) => namedOne(context, await context.flows.run(context.principal.workspaceId, input.id)),
})

const definitionView = view(
  z.object({
    id: z.string(),
    flow: z.string(),
    flow_id: z.string(),
    version: z.int().nullable().describe('Null for a dry run of a flow that is not saved.'),
    definition: anyObject,
  }),
  ({ id: run, flow, flowId, version, definition }: RunDefinition) => ({
    id: run,
    flow,
    flow_id: flowId,
    version,
    definition: { ...definition },
  }),
)

export const getRunDefinition = operation({
  name: 'runs.definition',
  scope: 'flows:read',
  effect: 'read',
  summary: 'Get the definition that a run carries out',
  input: z.strictObject({ id }),
  output: definitionView,
  http: { method: 'GET', path: '/api/v1/runs/:id/definition' },
  example: { id: exampleId },
  run: ({ flows, principal }, input) => flows.definitionOf(principal.workspaceId, input.id),
})

export const cancelRun = operation({
  name: 'runs.cancel',
  scope: 'flows:run',
  effect: 'write',
  summary: 'Cancel a run: the step that is running is the last',
  input: z.strictObject({ id }),
  output: runView,
  http: { method: 'POST', path: '/api/v1/runs/:id/cancel' },
  example: { id: exampleId },
  run: async (context, input) => namedOne(context, await context.flows.cancel(context.principal, input.id)),
})

export const retryRun = operation({
  name: 'runs.retry',
  scope: 'flows:run',
  effect: 'write',
  summary: 'Continue a run from the step that failed; completed steps stay as they are',
  input: z.strictObject({ id }),
  output: runView,
  http: { method: 'POST', path: '/api/v1/runs/:id/retry' },
  example: { id: exampleId },
  run: async (context, input) => namedOne(context, await context.flows.retry(context.principal, input.id)),
})

export const replayRun = operation({
  name: 'runs.replay',
  scope: 'flows:run',
  effect: 'write',
  summary: 'Run the same again from the start, as a new run',
  input: z.strictObject({
    id,
    version: z.enum(['same', 'latest']).default('same').describe('By the definition of then, or of now.'),
    dry_run: z.boolean().default(false).describe('With the outputs of then instead of calls.'),
  }),
  output: view(startedSchema, (run: RunRow) => ({ run_id: run.id, status: run.status })),
  http: { method: 'POST', path: '/api/v1/runs/:id/replay', status: 202 },
  example: { id: exampleId, version: 'latest' },
  run: ({ flows, principal }, { id: run, version, dry_run: dryRun }) => flows.replay(principal, run, { version, dryRun }),
})

export const watchRun = streamOperation({
  name: 'runs.watch',
  scope: 'flows:read',
  effect: 'read',
  summary: 'Follow a run as it changes',
  description:
    'Sends `run` and `step` events with the state of each whenever it changes, and ends with the run. An event may come twice; Last-Event-ID continues where a connection was cut.',
  input: z.strictObject({ id, after: z.string().max(100).optional().describe('The id of the last event that was received.') }),
  http: { method: 'GET', path: '/api/v1/runs/:id/stream', headers: { 'last-event-id': 'after' } },
  example: { id: exampleId },
  run: async (context, input) => {
    // Before the stream begins: a run that does not exist is a problem, not an empty stream.
    const first = await context.flows.run(context.principal.workspaceId, input.id)
    return changesOf(context, first, Number(input.after ?? 0) || 0)
  },
})

const pollMs = 250
/** Clocks of processes differ, and a step's change is visible a little later than its time. */
const overlapMs = 10_000

/**
 * Reads the run from the database, where every process can, whichever one it runs on. An event's id is a time: who comes back with it gets
 * again what may have changed since, so nothing is missed.
 */
async function* changesOf(context: OperationContext, first: RunDetail, since: number): AsyncGenerator<StreamEvent | undefined> {
  const { flows, principal, isActive } = context
  const { actorName } = await namedOne(context, first)
  const sent = new Map<string, string>()
  let tookMs = 0
  for (let run = first; ;) {
    const at = String(Date.now())
    const changes: StreamEvent[] = []
    const add = (event: string, key: string, data: unknown): void => {
      const json = JSON.stringify(data)
      if (sent.get(key) === json) return
      sent.set(key, json)
      changes.push({ id: at, event, data })
    }
    for (const step of run.steps) {
      const isOld = run === first && (step.finishedAt ?? Number.POSITIVE_INFINITY) < since - overlapMs
      if (isOld) sent.set(step.path, JSON.stringify(renderStep(step)))
      else add('step', step.path, renderStep(step))
    }
    add('run', '', renderSummary({ ...run, actorName }))
    if (changes.length === 0) yield undefined
    else yield* changes
    if (run.finishedAt !== null) return
    // A run of many large steps is read less often, so that a stream never takes more than a tenth of a connection.
    await sleep(Math.max(pollMs, 10 * tookMs))
    if (isActive && !(await isActive())) return
    const began = performance.now()
    run = await flows.run(principal.workspaceId, run.id)
    tookMs = performance.now() - began
  }
}
