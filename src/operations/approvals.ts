import { z } from 'zod'
import { allows, type Principal } from '#access'
import type { ActorNames } from '#actors'
import type { ApprovalRow, Review, Tools } from '#tools'
import { actorNameSchema } from './actors.ts'
import { operation, plain, view } from './operation.ts'
import { idKeys, iso, pageInput, pageOf, readPage, reference, severalOf, timestamp, valuesOf } from './shared.ts'

const statuses = ['pending', 'approved', 'rejected', 'expired', 'used'] as const
const status = z.enum(statuses)

const approvalView = view(
  z.object({
    id: z.string(),
    status,
    message: z.string(),
    deciders: z.array(z.string()).nullable().describe('Actors, names of tokens, or scopes; null: whoever has approvals:write.'),
    call: z
      .object({ tool: z.string(), integration: z.string().nullable(), input: z.unknown() })
      .nullable()
      .describe('The one call that the approval covers.'),
    preview: z
      .object({
        request: z.unknown(),
        request_error: z.string().nullable(),
        current: z
          .unknown()
          .describe('What the call would change, as it was when the approval was requested. Shown to those who may decide.'),
        current_error: z.string().nullable(),
      })
      .nullable()
      .describe('What the call would send, and what it would change.'),
    effect: z.enum(['read', 'write', 'destroy']).nullable().describe('Null where no tool is called, or where it does not exist any more.'),
    connector: z.string().nullable(),
    target: z.string().nullable().describe('What a call that destroys is about; a person types it to confirm.'),
    digest: z.string().describe('Of what is shown here. Give it to the decision, which is refused if that has changed since.'),
    may_decide: z.boolean().describe('Whether the caller may decide.'),
    refusal: z.string().nullable().describe('Why the caller may not decide.'),
    run_id: z.string().nullable(),
    path: z.string().nullable(),
    asked_by: z.string(),
    asked_by_name: actorNameSchema,
    decided_by: z.string().nullable(),
    decided_by_name: actorNameSchema,
    comment: z.string().nullable(),
    expires_at: timestamp,
    created_at: timestamp,
    decided_at: timestamp.nullable(),
  }),
  ({ row, review, names }: Reviewed) => ({
    id: row.id,
    status: row.status,
    message: row.message,
    path: row.path,
    comment: row.comment,
    deciders: row.deciders && [...row.deciders],
    call: row.call && { tool: row.call.tool, integration: row.call.integration, input: row.call.input },
    preview: row.preview && { ...row.preview },
    effect: review.effect,
    connector: review.connector,
    target: review.target,
    digest: review.digest,
    may_decide: review.refusal === null,
    refusal: review.refusal,
    run_id: row.runId,
    asked_by: row.askedBy,
    asked_by_name: names.get(row.askedBy) ?? null,
    decided_by: row.decidedBy,
    decided_by_name: row.decidedBy === null ? null : (names.get(row.decidedBy) ?? null),
    expires_at: row.expiresAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    decided_at: iso(row.decidedAt),
  }),
)

interface Reviewed {
  readonly row: ApprovalRow
  readonly review: Review
  /** Of those who asked and decided. */
  readonly names: ReadonlyMap<string, string>
}

async function reviewed(
  { tools, actorNames, principal }: { readonly tools: Tools; readonly actorNames: ActorNames; readonly principal: Principal },
  rows: readonly ApprovalRow[],
): Promise<Reviewed[]> {
  const actors = rows.flatMap(({ askedBy, decidedBy }) => (decidedBy === null ? [askedBy] : [askedBy, decidedBy]))
  const [reviews, names] = await Promise.all([tools.approvals.review(principal, rows), actorNames.of(principal.workspaceId, actors)])
  return rows.map((row, index) => ({ row: shownTo(principal, row), review: reviews[index]!, names }))
}

/** Whoever asks for a change may lack the right to read what would be changed, so only those who decide see it. */
function shownTo(principal: Principal, row: ApprovalRow): ApprovalRow {
  if (row.preview === null || allows(principal, 'approvals:write')) return row
  return { ...row, preview: { ...row.preview, current: null, current_error: 'only shown to those who have approvals:write' } }
}

const id = reference.describe('Id of the approval.')
const exampleId = 'apr_0197f3d2-0000-7000-8000-000000000000'

export const listApprovals = operation({
  name: 'approvals.list',
  scope: 'approvals:read',
  effect: 'read',
  summary: 'List approvals, newest first',
  input: z.strictObject({
    ...pageInput,
    status: severalOf(statuses).optional().describe('One or more, separated by commas.'),
    run: reference.optional().describe('Only those of this run.'),
    tool: z.string().max(200).optional().describe('Only those of calls of this tool.'),
    order: z.enum(['newest', 'oldest']).default('newest').describe('Which come first.'),
  }),
  output: pageOf(approvalView),
  http: { method: 'GET', path: '/api/v1/approvals' },
  example: { status: 'pending' },
  run: (context, { limit, cursor, status: asked, ...filter }) =>
    readPage({ limit, cursor }, { ...idKeys('apr'), keyOf: ({ row }: Reviewed) => row.id }, async (page) =>
      reviewed(context, await context.tools.approvals.list(context.principal.workspaceId, { ...filter, statuses: valuesOf(asked) }, page)),
    ),
})

export const getApproval = operation({
  name: 'approvals.get',
  scope: 'approvals:read',
  effect: 'read',
  summary: 'Get one approval with the call that it is about',
  input: z.strictObject({ id }),
  output: approvalView,
  http: { method: 'GET', path: '/api/v1/approvals/:id' },
  example: { id: exampleId },
  run: async (context, input) =>
    (await reviewed(context, [await context.tools.approvals.get(context.principal.workspaceId, input.id)]))[0]!,
})

const settings = z.strictObject({
  involved_may_decide: z
    .boolean()
    .describe(
      'Whether those who caused a call may decide on its approval: who made it, triggered or saved its flow, and tokens that come from theirs.',
    ),
})

export const getApprovalSettings = operation({
  name: 'approvals.settings',
  scope: 'approvals:read',
  effect: 'read',
  summary: 'Get who may decide on approvals in this workspace',
  input: z.strictObject({}),
  output: plain(settings),
  http: { method: 'GET', path: '/api/v1/approval-settings' },
  example: {},
  run: async ({ tools, principal }) => ({
    involved_may_decide: await tools.approvals.involvedMayDecide.get(principal.workspaceId),
  }),
})

export const setApprovalSettings = operation({
  name: 'approvals.set_settings',
  scope: 'admin',
  effect: 'write',
  summary: 'Set who may decide on approvals in this workspace',
  input: settings,
  output: plain(settings),
  http: { method: 'PUT', path: '/api/v1/approval-settings' },
  example: { involved_may_decide: false },
  run: async ({ tools, principal }, input) => {
    await tools.approvals.involvedMayDecide.set(principal, input.involved_may_decide)
    return input
  },
})

export const decideApproval = operation({
  name: 'approvals.decide',
  scope: 'approvals:write',
  effect: 'write',
  summary: 'Approve or reject',
  input: z.strictObject({
    id,
    decision: z.enum(['approve', 'reject']),
    comment: z.string().max(2000).optional(),
    digest: z
      .string()
      .max(100)
      .optional()
      .describe('Of what you were shown: approving is refused with `approval_changed` if that has changed since.'),
  }),
  output: approvalView,
  http: { method: 'POST', path: '/api/v1/approvals/:id' },
  example: { id: exampleId, decision: 'approve', comment: 'Checked with Ada.' },
  run: async (context, { id: approval, ...decision }) =>
    (await reviewed(context, [await context.tools.approvals.decide(context.principal, approval, decision)]))[0]!,
})
