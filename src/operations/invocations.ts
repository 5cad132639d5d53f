import { z } from 'zod'
import type { InvocationRow } from '#tools'
import { actorNameSchema, named, namedOne, type Named } from './actors.ts'
import { operation, toolOperation, plain, view } from './operation.ts'
import { outcomeView } from './outcome.ts'
import {
  anyObject,
  iso,
  labelsSchema,
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
import { undoInput } from './undo-tool.ts'

const statuses = ['queued', 'running', 'completed', 'failed', 'outcome_unknown'] as const
const status = z.enum(statuses)

const invocationSchema = z.object({
  id: z.string(),
  tool: z.string(),
  connector: z.string(),
  effect: z.string(),
  integration: z.string().nullable(),
  transport: z.string(),
  actor: z.string(),
  actor_name: actorNameSchema,
  app: z.string().nullable().describe('The app through which the person acted.'),
  idempotency_key: z.string().nullable(),
  status,
  attempts: z.int(),
  error: anyObject.nullable(),
  run_id: z.string().nullable().describe('The run whose step made it.'),
  step: z.string().nullable().describe('The path of that step in the run: each/3/comment.'),
  approval_id: z.string().nullable().describe('The approval that covers it.'),
  undoes: z.string().nullable().describe('The call that this one undoes.'),
  undone_by: z.string().nullable().describe('The call that undid this one.'),
  sanitized: z
    .object({ removed: z.number(), kinds: z.array(z.string()) })
    .nullable()
    .describe('What people would not have seen in its output, and was removed from it.'),
  started_at: timestamp,
  finished_at: timestamp.nullable(),
})

function renderInvocation(row: Named<InvocationRow>): z.output<typeof invocationSchema> {
  const { id, tool, connector, effect, integration, transport, actor, attempts, error, undoes } = row
  return {
    id,
    tool,
    connector,
    effect,
    integration,
    transport,
    actor,
    actor_name: row.actorName,
    app: row.app,
    idempotency_key: row.key,
    status: row.status,
    attempts,
    error,
    run_id: row.runId,
    step: row.step,
    approval_id: row.approvalId,
    undoes,
    undone_by: row.undoneBy,
    sanitized: row.sanitized && { removed: row.sanitized.removed, kinds: [...row.sanitized.kinds] },
    started_at: row.startedAt.toISOString(),
    finished_at: iso(row.finishedAt),
  }
}

const requestSchema = z.object({
  method: z.string().describe('SEND for what is not HTTP, such as mail.'),
  host: z.string().nullable(),
  path: z.string().nullable().describe('Null where the outside system named the address.'),
  query: z.array(z.string()).describe('The names in the query, without their values.'),
  purpose: z
    .enum(['call', 'authorization', 'state'])
    .describe('authorization: a token was fetched for the call. state: what it changes was read.'),
  attempt: z.int().describe('Counts the times that the same request was sent.'),
  began_at: timestamp,
  ms: z.int(),
  status: z.int().nullable().describe('Null when no answer came.'),
  bytes_sent: z.int(),
  bytes_received: z.int().nullable(),
  vendor_id: z.string().nullable().describe('What the outside system calls the request in its own log.'),
  error: z.string().nullable().describe('An error code of the hub.'),
})

const summarySchema = invocationSchema.pick({
  id: true,
  tool: true,
  integration: true,
  status: true,
  error: true,
  started_at: true,
  finished_at: true,
})

export const listInvocations = toolOperation({
  name: 'invocations.list',
  scope: 'invocations:read',
  effect: 'read',
  summary: 'List tool calls, newest first',
  input: z.strictObject({
    ...pageInput,
    tool: z.string().optional().describe('Only calls of this tool.'),
    connector: z.string().optional().describe('Only calls of tools of this connector.'),
    status: severalOf(statuses).optional().describe('Only calls in one of these states, separated by commas.'),
    integration: reference.optional().describe('Only calls by this integration: its name or id.'),
    run: reference.optional().describe('Only calls that this run made.'),
    effect: z.enum(['read', 'write', 'destroy']).optional().describe('Only calls of tools with this effect.'),
    transport: reference.optional().describe('Only calls that came this way: rest, mcp, flow …'),
    actor: z.string().max(200).optional().describe('Only calls that this actor made.'),
    error: reference.optional().describe('Only calls that ended with this error code.'),
    ...rangeInput('start'),
  }),
  output: pageOf(view(invocationSchema, renderInvocation)),
  http: { method: 'GET', path: '/api/v1/invocations' },
  example: { status: ['failed', 'outcome_unknown'], from: '-24h' },
  tool: {
    name: 'list_invocations',
    repeatsOutside: true,
    title: 'List tool calls',
    description:
      'Lists recent tool calls of this workspace, newest first: which tool, on which integration, how it ended. Use it to check whether something was done already, or to find the reason of a failure. Returns id, tool, integration, status, error and times, without inputs and outputs.',
    words:
      'call history, past calls, recent actions, what did the agent do, what was done, activity log, audit trail, history of tool calls, did I already do it, was it sent already, failed calls, log of actions, what happened today, what have I done, was it sent by you, did you already, did we already, was it actually sent, has it been done, what have you done so far, which tools were called, recent activity, show the log, history of actions, everything you did, what calls were made, who called the tool, errors of calls, trace of calls, last calls, what went wrong earlier, what has been called, journal',
    omit: ['cursor', 'connector', 'run', 'effect', 'transport', 'actor', 'error', 'from', 'to', 'integration'],
    fields: { status: status.optional().describe('Only calls in this state.') },
    example: { status: 'failed' },
    result: view(z.object({ items: z.array(summarySchema) }), ({ items }: { items: readonly z.output<typeof invocationSchema>[] }) => ({
      items: items.map(({ id, tool, integration, status: state, error, started_at, finished_at }) => ({
        id,
        tool,
        integration,
        status: state,
        error,
        started_at,
        finished_at,
      })),
    })),
  },
  run: (context, { limit, cursor, status: asked, ...rest }) => {
    const filter = { ...rest, ...rangeOf(rest), statuses: valuesOf(asked) }
    return readPage({ limit, cursor }, { pattern: /^[\x20-\x7e]+$/, keyOf: ({ id }: Named<InvocationRow>) => id }, async (page) =>
      named(context, await context.invocations.list(context.principal.workspaceId, { ...filter, ...page })),
    )
  },
})

export const getInvocation = operation({
  name: 'invocations.get',
  scope: 'invocations:read',
  effect: 'read',
  summary: 'Get one tool call with its input and outcome',
  input: z.strictObject({ id: z.string() }),
  output: view(
    invocationSchema.extend({
      input: z.unknown(),
      output: z.unknown(),
      labels: labelsSchema.nullable(),
      requests: z.array(requestSchema).describe('What was sent to the outside system, oldest first: 50 requests at most.'),
      requests_left_out: z.int().describe('How many requests there were beyond those.'),
    }),
    (row: Named<InvocationRow>) => ({
      ...renderInvocation(row),
      input: row.input,
      output: row.output,
      labels: row.labels && { ...row.labels },
      requests: (row.requests?.items ?? []).map((request) => ({ ...request, query: [...request.query] })),
      requests_left_out: row.requests?.left_out ?? 0,
    }),
  ),
  http: { method: 'GET', path: '/api/v1/invocations/:id' },
  example: { id: 'inv_0197f3d2-0000-7000-8000-000000000000' },
  run: async (context, { id }) => namedOne(context, await context.invocations.get(context.principal.workspaceId, id)),
})

export const readResult = toolOperation({
  name: 'invocations.read_result',
  scope: 'invocations:read',
  effect: 'read',
  summary: 'Read the rest of a result that was truncated',
  input: z.strictObject({
    id: z.string().min(1).describe('The handle in `truncated` of the earlier result.'),
    path: z.string().max(500).default('').describe('Which part, as named in `parts`: items, body, items[3].body; empty for the whole.'),
    offset: z.number().int().min(0).default(0).describe('Where to begin: an item of a list, or a character of a text.'),
    limit: z.number().int().min(1).max(100_000).default(50).describe('How many items, or thousands of characters, at most.'),
  }),
  output: plain(
    z.object({
      part: z.unknown(),
      total: z.number(),
      unit: z.enum(['items', 'characters', 'value']),
      next_offset: z.number().nullable(),
    }),
  ),
  http: { method: 'GET', path: '/api/v1/invocations/:id/result' },
  example: { id: 'inv_0197f3d2-0000-7000-8000-000000000000', path: 'items', offset: 20 },
  own: {
    scope: 'tools:call:*',
    isOwn: ({ invocations, principal }, { id }) => invocations.isCausedBy(principal, id),
  },
  tool: {
    name: 'read_result',
    repeatsOutside: true,
    title: 'Read the rest of a result',
    description:
      'Continues where the result of an earlier tool call was truncated. Use it with the handle and a path that the truncated result names, e.g. path "items" with offset 20. Returns the part, its total size, and the offset of what follows.',
    words:
      'rest of the result, continue reading, show more, output was cut off, truncated output, next part, remaining output, the answer is incomplete, rest of the answer, load more, full result, missing part of the response, keep going, you stopped in the middle, it stops halfway, where is the rest, go on with the output, next page of the result, the list is incomplete, page two of the answer, give me everything, see the remaining items, continue the output, get the remainder, the answer was too long, result is truncated, other half',
    rename: { id: 'handle' },
    example: { handle: 'inv_…', path: 'items', offset: 20 },
  },
  run: ({ invocations, principal }, { id, ...part }) => invocations.readResult(principal.workspaceId, id, part),
})

export const cancelInvocation = operation({
  name: 'invocations.cancel',
  scope: 'admin',
  effect: 'write',
  summary: 'Cancel a tool call that was queued',
  description:
    'A call that has not begun ends as `failed` with `cancelled`. One that is running is aborted: a write that was sent already ends `outcome_unknown`. One that has ended stays as it is.',
  input: z.strictObject({ id: z.string() }),
  output: view(invocationSchema, renderInvocation),
  http: { method: 'POST', path: '/api/v1/invocations/:id/cancel' },
  example: { id: 'inv_0197f3d2-0000-7000-8000-000000000000' },
  own: {
    scope: 'tools:call:*',
    isOwn: ({ invocations, principal }, { id }) => invocations.isCausedBy(principal, id),
  },
  run: async (context, { id }) => {
    const { tools, invocations, principal } = context
    await tools.cancel(principal, id)
    return namedOne(context, await invocations.get(principal.workspaceId, id))
  },
})

export const undoInvocation = operation({
  name: 'invocations.undo',
  scope: 'tools:call:*',
  effect: 'write',
  summary: 'Undo a tool call',
  description:
    'Makes the call that reverses it, with the rights of whoever asks: policies, approvals and limits apply to that call, and the journal has it with `undoes`. A token undoes its own calls, and with `invocations:read` those of others. Undoing twice acts once. `undo_impossible` says why a call cannot be undone, `undo_conflict` what was changed since.',
  input: undoInput.extend({
    dry_run: z.boolean().default(false).describe('Show the request that would be sent, and send nothing that writes.'),
    approval: reference.optional().describe('Id of the approval that covers the call that undoes.'),
    session: z.string().min(1).max(255).optional().describe('Your name for the conversation, where the hub follows what sessions read.'),
  }),
  output: outcomeView,
  http: {
    method: 'POST',
    path: '/api/v1/invocations/:id/undo',
    headers: { 'hub-approval': 'approval', 'hub-session': 'session' },
  },
  example: { id: 'inv_0197f3d2-0000-7000-8000-000000000000' },
  run: ({ tools, principal, transport }, { id, force, dry_run: dryRun, approval, session }) =>
    tools.undo(principal, { id, force }, { transport, dryRun, approval, session }),
})
