import { z } from 'zod'
import type { ApprovalRow } from '#tools'
import type { RestApp, RestDeps } from './server.ts'
import { decodeCursor, iso, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'

const status = z.enum(['pending', 'approved', 'rejected', 'expired', 'used'])

const approvalShape = z.object({
  id: z.string(),
  status,
  message: z.string(),
  deciders: z.array(z.string()).nullable().describe('Actors, names of tokens, or scopes; null: whoever has approvals:write.'),
  call: z
    .object({ tool: z.string(), integration: z.string().nullable(), input: z.unknown() })
    .nullable()
    .describe('The one call that a yes covers.'),
  run_id: z.string().nullable(),
  path: z.string().nullable(),
  asked_by: z.string(),
  decided_by: z.string().nullable(),
  comment: z.string().nullable(),
  expires_at: timestamp,
  created_at: timestamp,
  decided_at: timestamp.nullable(),
})

export function approvalRoutes(app: RestApp, { tools }: RestDeps): void {
  const tags = ['Approvals']
  const params = z.object({ id: z.string().max(100) })

  app.get('/api/v1/approvals', {
    config: { access: 'approvals:read' },
    schema: {
      tags,
      summary: 'What people were asked, newest first',
      querystring: pageQuery.extend({ status: status.optional(), run: z.string().max(100).optional().describe('Only those of this run.') }),
      response: { 200: pageOf(approvalShape) },
    },
    handler: async ({ principal, query: { limit, cursor, ...filter } }) => {
      const before = decodeCursor(cursor, /^apr_[0-9a-f-]{36}$/)
      const rows = await tools.approvals.list(principal.workspaceId, filter, { before, limit: limit + 1 })
      return toPage(rows, limit, renderApproval, ({ id }) => id)
    },
  })
  app.get('/api/v1/approvals/:id', {
    config: { access: 'approvals:read' },
    schema: { tags, summary: 'One approval with the call that it is about', params, response: { 200: approvalShape } },
    handler: async ({ principal, params: { id } }) => renderApproval(await tools.approvals.get(principal.workspaceId, id)),
  })
  app.post('/api/v1/approvals/:id', {
    config: { access: 'approvals:write' },
    schema: {
      tags,
      summary: 'Say yes or no',
      params,
      body: z.strictObject({ decision: z.enum(['approve', 'reject']), comment: z.string().max(2000).optional() }),
      response: { 200: approvalShape },
    },
    handler: async ({ principal, params: { id }, body: { decision, comment } }) =>
      renderApproval(await tools.approvals.decide(principal, id, decision, comment)),
  })
}

export function renderApproval(row: ApprovalRow) {
  const { id, message, deciders, call, path, comment } = row
  return {
    id,
    status: row.status,
    message,
    path,
    comment,
    deciders: deciders && [...deciders],
    call: call && { tool: call.tool, integration: call.integration, input: call.input },
    run_id: row.runId,
    asked_by: row.askedBy,
    decided_by: row.decidedBy,
    expires_at: row.expiresAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    decided_at: iso(row.decidedAt),
  }
}
