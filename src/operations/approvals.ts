import { z } from 'zod'
import { allows, type Principal } from '#access'
import type { ApprovalRow } from '#tools'
import { operation, plain, view } from './operation.ts'
import { idKeys, iso, pageInput, pageOf, readPage, reference, timestamp } from './shared.ts'

const status = z.enum(['pending', 'approved', 'rejected', 'expired', 'used'])

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
    run_id: z.string().nullable(),
    path: z.string().nullable(),
    asked_by: z.string(),
    decided_by: z.string().nullable(),
    comment: z.string().nullable(),
    expires_at: timestamp,
    created_at: timestamp,
    decided_at: timestamp.nullable(),
  }),
  (row: ApprovalRow) => ({
    id: row.id,
    status: row.status,
    message: row.message,
    path: row.path,
    comment: row.comment,
    deciders: row.deciders && [...row.deciders],
    call: row.call && { tool: row.call.tool, integration: row.call.integration, input: row.call.input },
    preview: row.preview && { ...row.preview },
    run_id: row.runId,
    asked_by: row.askedBy,
    decided_by: row.decidedBy,
    expires_at: row.expiresAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    decided_at: iso(row.decidedAt),
  }),
)

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
    status: status.optional(),
    run: reference.optional().describe('Only those of this run.'),
    tool: z.string().max(200).optional().describe('Only those of calls of this tool.'),
    order: z.enum(['newest', 'oldest']).default('newest').describe('Which come first.'),
  }),
  output: pageOf(approvalView),
  http: { method: 'GET', path: '/api/v1/approvals' },
  example: { status: 'pending' },
  run: ({ tools, principal }, { limit, cursor, ...filter }) =>
    readPage({ limit, cursor }, idKeys('apr'), async (page) =>
      (await tools.approvals.list(principal.workspaceId, filter, page)).map((row) => shownTo(principal, row)),
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
  run: async ({ tools, principal }, input) => shownTo(principal, await tools.approvals.get(principal.workspaceId, input.id)),
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
  input: z.strictObject({ id, decision: z.enum(['approve', 'reject']), comment: z.string().max(2000).optional() }),
  output: approvalView,
  http: { method: 'POST', path: '/api/v1/approvals/:id' },
  example: { id: exampleId, decision: 'approve', comment: 'Checked with Ada.' },
  run: ({ tools, principal }, { id: approval, ...decision }) => tools.approvals.decide(principal, approval, decision),
})
