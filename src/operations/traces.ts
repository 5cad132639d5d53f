import { z } from 'zod'
import { allows, requireScope } from '#access'
import type { TraceNode, TraceTree } from '#trace'
import { operation, view } from './operation.ts'
import { iso, reference, timestamp } from './shared.ts'

const nodeSchema = z.object({
  id: z.string().describe('Its own id; a step has RUN/PATH, a request CALL#NUMBER.'),
  parent: z.string().nullable().describe('What caused it.'),
  kind: z.enum(['event', 'run', 'step', 'item', 'call', 'request', 'approval', 'delivery']),
  title: z.string(),
  status: z.string(),
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
  wait: z
    .object({ for: z.enum(['time', 'event', 'approval', 'run', 'retry']), until: timestamp.nullable() })
    .nullable()
    .describe('What it waits for.'),
  attempts: z.int().nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  detail: z.string().nullable(),
  version: z.int().nullable().describe('Of a run: the version of its flow, 0 for a dry run of one that is not saved.'),
})

interface Trace extends TraceTree {
  readonly missingScopes: readonly string[]
}

function renderNode({ id, parent, kind, title, status, startedAt, finishedAt, wait, attempts, error, detail, version }: TraceNode) {
  return {
    id,
    parent,
    kind,
    title,
    status,
    attempts,
    detail,
    version,
    started_at: iso(startedAt),
    finished_at: iso(finishedAt),
    wait: wait && { for: wait.for, until: iso(wait.until) },
    error: error && { ...error },
  }
}

const traceView = view(
  z.object({
    root: z.string().describe('What began it all.'),
    selected: z.string().describe('The node that was asked for.'),
    nodes: z.array(nodeSchema).describe('Each after its parent, oldest first; 2,000 at most.'),
    left_out: z.record(z.string(), z.int()).describe('How many were read but are not among the nodes, by kind.'),
    more: z.array(z.string()).describe('Kinds of which there may be more than were read, so that left_out does not count them all.'),
    missing_scopes: z.array(z.string()).describe('Without these the caller does not see everything.'),
  }),
  ({ root, selected, nodes, leftOut, more, missingScopes }: Trace) => ({
    root,
    selected,
    nodes: nodes.map(renderNode),
    left_out: { ...leftOut },
    more: [...more],
    missing_scopes: [...missingScopes],
  }),
)

/** The scope to see each kind of id. */
const scopeOf: Readonly<Record<string, string>> = {
  evt: 'events:read',
  del: 'events:read',
  inv: 'invocations:read',
  apr: 'approvals:read',
}

export const getTrace = operation({
  name: 'traces.get',
  scope: 'flows:read',
  effect: 'read',
  summary: 'Get what caused something and what it caused: events, runs, steps, calls, requests, approvals, deliveries',
  description: 'Takes the id of a run, an event, a tool call, an approval or a delivery. What the caller has no scope for is left out.',
  input: z.strictObject({ id: reference }),
  output: traceView,
  http: { method: 'GET', path: '/api/v1/traces/:id' },
  example: { id: 'run_0197f3d2-0000-7000-8000-000000000000' },
  run: async ({ traceReader, principal }, { id }) => {
    const needed = scopeOf[id.slice(0, id.indexOf('_'))]
    if (needed !== undefined) requireScope(principal, needed)
    const missingScopes = [...new Set(Object.values(scopeOf))].filter((scope) => !allows(principal, scope))
    const may = (scope: string): boolean => !missingScopes.includes(scope)
    const tree = await traceReader.get(principal.workspaceId, id, {
      events: may('events:read'),
      calls: may('invocations:read'),
      approvals: may('approvals:read'),
    })
    return { ...tree, missingScopes }
  },
})
