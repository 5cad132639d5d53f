import { z } from 'zod'
import { workspaceName, type AuditRow, type Workspace } from '#access'
import { decodeCursor, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'
import type { RestApp, RestDeps } from './server.ts'

const workspaceShape = z.object({ id: z.string(), number: z.int(), name: z.string(), created_at: timestamp })

const auditShape = z.object({
  seq: z.int(),
  at: timestamp,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string(),
})

export function workspaceRoutes(app: RestApp, { access }: RestDeps): void {
  const tags = ['Access']

  app.get('/api/v1/workspaces', {
    config: { access: 'admin' },
    schema: { tags, summary: 'List the workspaces this token may see', response: { 200: pageOf(workspaceShape) } },
    handler: async ({ principal }) => ({ items: (await access.workspaces.list(principal)).map(renderWorkspace), next_cursor: null }),
  })
  app.post('/api/v1/workspaces', {
    config: { access: 'hub:admin' },
    schema: {
      tags,
      summary: 'Make a workspace',
      body: z.strictObject({
        name: z.string().regex(workspaceName, 'must be lower case letters, digits and dashes').describe('Unique name.'),
      }),
      response: { 201: workspaceShape },
    },
    handler: async ({ principal, body }, reply) =>
      reply.code(201).send(renderWorkspace(await access.workspaces.create(principal, body.name))),
  })
  app.get('/api/v1/audit', {
    config: { access: 'audit:read' },
    schema: { tags, summary: 'The audit log, newest first', querystring: pageQuery, response: { 200: pageOf(auditShape) } },
    handler: async ({ principal, query }) => {
      const cursor = decodeCursor(query.cursor, /^\d{1,15}$/)
      const rows = await access.audit.list(principal.workspaceId, {
        before: cursor === undefined ? undefined : Number(cursor),
        limit: query.limit + 1,
      })
      return toPage(rows, query.limit, renderAudit, (row) => String(row.seq))
    },
  })
}

function renderWorkspace({ id, number, name, createdAt }: Workspace) {
  return { id, number, name, created_at: createdAt.toISOString() }
}

function renderAudit({ seq, at, actor, action, subject, detail, hash }: AuditRow) {
  return { seq, at: at.toISOString(), actor, action, subject, detail, hash }
}
