import { z } from 'zod'
import { allows, anyCaller, requireScope } from '#access'
import type { BulkDetail, BulkRow } from '#bulk'
import { hubError } from '#errors'
import { actorNameSchema, named, namedOne, type Named } from './actors.ts'
import { bulkAction, bulkActionNames, checkInput, itemsOf, requireOneTool, scopeToDo, scopeToSee } from './bulk-actions.ts'
import { createExecute } from './execute.ts'
import type { Modules } from './modules.ts'
import { operation, plain, view, type OperationContext } from './operation.ts'
import { anyObject, idKeys, iso, pageInput, pageOf, readPage, reference, timestamp } from './shared.ts'

/** The most that one bulk action takes. */
const most = 1000

const action = z.enum(bulkActionNames)
const status = z.enum(['running', 'completed', 'cancelled', 'stopped'])
const errorSchema = z.object({ code: z.string(), detail: z.string() })

const bulkSchema = z.object({
  id: z.string(),
  action: z.string(),
  status: status.describe('stopped: whoever asked for it lost the right to it, which `error` says.'),
  filter: anyObject.nullable().describe('Null where the ids were given.'),
  input: anyObject,
  actor: z.string(),
  actor_name: actorNameSchema,
  total: z.int(),
  done: z.int().describe('How many went well.'),
  failed: z.int(),
  error: errorSchema.nullable(),
  created_at: timestamp,
  finished_at: timestamp.nullable(),
})

function renderBulk(row: Named<BulkRow>): z.output<typeof bulkSchema> {
  return {
    id: row.id,
    action: row.action,
    status: row.status,
    filter: row.filter,
    input: row.input,
    actor: row.actor,
    actor_name: row.actorName,
    total: row.total,
    done: row.done,
    failed: row.failed,
    error: row.error && { ...row.error },
    created_at: row.createdAt.toISOString(),
    finished_at: iso(row.finishedAt),
  }
}

const bulkView = view(bulkSchema, renderBulk)
const detailView = view(
  bulkSchema.extend({
    failures: z.array(errorSchema.extend({ id: z.string() })).describe('The first 200, in the order in which they were done.'),
  }),
  (row: Named<BulkDetail>) => ({ ...renderBulk(row), failures: row.failures.map(({ itemId, error }) => ({ id: itemId, ...error })) }),
)

const startedSchema = z.object({
  dry_run: z.boolean(),
  total: z.int().describe('How many it acts on.'),
  more: z.boolean().describe('Whether more match, which it does not act on.'),
  bulk: bulkSchema.nullable().describe('Null in a dry run.'),
})

const id = reference.describe('Id of the bulk action.')
const exampleId = 'blk_0197f3d2-0000-7000-8000-000000000000'

const startInput = z
  .strictObject({
    action,
    filter: anyObject
      .optional()
      .describe(
        'What the list of the same subject takes, without `limit` and `cursor`: runs.list, events.list, deliveries.list (dead ones), approvals.list (pending ones, with `tool`).',
      ),
    ids: z.array(reference).min(1).max(most).optional().describe('Instead of a filter.'),
    input: anyObject
      .default({})
      .describe('What the single operation takes beside the id, such as `version` of runs.replay or `comment` of a decision.'),
    expected: z.int().min(0).max(most).optional().describe('What was confirmed: refused when more match than this.'),
    first: z
      .int()
      .min(1)
      .max(most)
      .optional()
      .describe('Act on the newest that many where more match. Without it, more than 1,000 are refused.'),
    dry_run: z.boolean().default(false).describe('Only say how many match.'),
  })
  .refine(({ filter, ids }) => (filter === undefined) !== (ids === undefined), 'needs either a filter or ids')

type Start = z.output<typeof startInput>

type Chosen = Awaited<ReturnType<typeof itemsOf>>['items']

/** What it is about, oldest first, as ids sort by time, so that events keep their order. */
async function chosen(context: OperationContext, asked: Start): Promise<{ items: Chosen; more: boolean }> {
  const execute = createExecute<Modules>(context)
  const call: Parameters<typeof itemsOf>[0] = (operation, input) => execute(context, operation, input as never)
  const doing = bulkAction(asked.action)
  const { filter, ids } = asked
  if (ids) {
    const itemIds = [...new Set(ids)].toSorted()
    if (!doing.ofOneTool || !doing.get) return { items: itemIds.map((item) => ({ id: item })), more: false }
    const approvals: Chosen[number][] = []
    for (const item of itemIds) approvals.push((await call(doing.get, { id: item })) as Chosen[number])
    await requireOneTool(context, approvals, undefined)
    return { items: approvals, more: false }
  }
  if (doing.ofOneTool && typeof filter!['tool'] !== 'string')
    throw hubError('invalid_input', {
      errors: [{ path: 'filter.tool', message: 'is needed: only approvals of one tool are decided together' }],
    })
  const { items, more } = await itemsOf(call, doing, { filter: filter!, most: asked.first ?? most })
  if (doing.ofOneTool) await requireOneTool(context, items, filter!['tool'])
  return { items: items.toSorted((a, b) => (a.id < b.id ? -1 : 1)), more }
}

function refuseMore({ expected, first }: Start, { total, more }: { readonly total: number; readonly more: boolean }): void {
  const hint = 'ask again with dry_run for the number, and confirm that'
  if (more && first === undefined)
    throw hubError('bulk_too_many', {
      detail: `more than ${most} match, which is the most at once`,
      hint: `narrow the filter, or give first: ${most}`,
    })
  if (expected !== undefined && total > expected)
    throw hubError('bulk_too_many', { detail: `${total} match now, and ${expected} were expected`, hint })
}

export const startBulk = operation({
  name: 'bulk.start',
  scope: anyCaller,
  effect: 'write',
  summary: 'Do one thing with many runs, events, deliveries or approvals',
  description:
    'What it acts on is fixed when it starts, at most 1,000. A job does them one after the other, oldest first, each with the rights that the caller has then and each once: one during which the process died is reported as `outcome_unknown`. Needs the scope of the single operation and, with a filter, that of the list. Approvals are decided together only for one tool, which must not destroy anything; approving one that has changed since the start fails with `approval_changed`.',
  input: startInput,
  output: plain(startedSchema),
  http: {
    method: 'POST',
    path: '/api/v1/bulk',
    responses: { 200: startedSchema, 202: startedSchema },
    statusOf: (json) => ((json as z.output<typeof startedSchema>).dry_run ? 200 : 202),
  },
  example: { action: 'runs.retry', filter: { status: 'failed' }, dry_run: true },
  run: async (context, asked) => {
    const { bulk, principal } = context
    requireScope(principal, scopeToDo(asked.action))
    checkInput(bulkAction(asked.action), asked.input)
    const { items, more } = await chosen(context, asked)
    const total = items.length
    if (asked.dry_run) return { dry_run: true, total, more, bulk: null }
    refuseMore(asked, { total, more })
    const row = await bulk.start(principal, {
      action: asked.action,
      filter: asked.filter ?? null,
      input: asked.input,
      items: items.map((item) => ({ id: item.id, digest: item.digest ?? null })),
    })
    return { dry_run: false, total, more, bulk: renderBulk(await namedOne(context, row)) }
  },
})

export const listBulk = operation({
  name: 'bulk.list',
  scope: anyCaller,
  effect: 'read',
  summary: 'List bulk actions, newest first',
  description:
    'Those whose subject the caller may list: `flows:read` shows those on runs, `events:read` those on events and deliveries, `approvals:read` decisions.',
  input: z.strictObject({ ...pageInput, action: action.optional(), status: status.optional() }),
  output: pageOf(bulkView),
  http: { method: 'GET', path: '/api/v1/bulk' },
  example: { status: 'running' },
  run: (context, { limit, cursor, action: only, status: state }) => {
    const { bulk, principal } = context
    const actions = bulkActionNames.filter((name) => (only === undefined || only === name) && allows(principal, scopeToSee(name)))
    return readPage({ limit, cursor }, idKeys('blk'), async (page) =>
      named(context, await bulk.list(principal.workspaceId, { actions, status: state }, page)),
    )
  },
})

export const getBulk = operation({
  name: 'bulk.get',
  scope: anyCaller,
  effect: 'read',
  summary: 'Get one bulk action: how far it is, and what failed',
  input: z.strictObject({ id }),
  output: detailView,
  http: { method: 'GET', path: '/api/v1/bulk/:id' },
  example: { id: exampleId },
  run: async (context, input) => {
    const { bulk, principal } = context
    const row = await bulk.get(principal.workspaceId, input.id)
    requireScope(principal, scopeToSee(row.action))
    return namedOne(context, row)
  },
})

export const cancelBulk = operation({
  name: 'bulk.cancel',
  scope: anyCaller,
  effect: 'write',
  summary: 'Cancel a bulk action: what is being done is the last',
  input: z.strictObject({ id }),
  output: bulkView,
  http: { method: 'POST', path: '/api/v1/bulk/:id/cancel' },
  example: { id: exampleId },
  run: async (context, input) => {
    const { bulk, principal } = context
    requireScope(principal, scopeToDo((await bulk.get(principal.workspaceId, input.id)).action))
    return namedOne(context, await bulk.cancel(principal, input.id))
  },
})
