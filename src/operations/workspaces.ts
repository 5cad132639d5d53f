import { z } from 'zod'
import { workspaceName, type AuditRow, type Workspace } from '#access'
import { actorNameSchema, named, type Named } from './actors.ts'
import { operation, view } from './operation.ts'
import { allOf, pageInput, pageOf, readPage, timestamp } from './shared.ts'

const workspaceView = view(
  z.object({ id: z.string(), number: z.int(), name: z.string(), created_at: timestamp }),
  ({ id, number, name, createdAt }: Workspace) => ({ id, number, name, created_at: createdAt.toISOString() }),
)

const auditView = view(
  z.object({
    seq: z.int(),
    at: timestamp,
    actor: z.string(),
    actor_name: actorNameSchema,
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string(),
  }),
  ({ seq, at, actor, actorName, action, subject, detail, hash }: Named<AuditRow>) => ({
    seq,
    at: at.toISOString(),
    actor,
    actor_name: actorName,
    action,
    subject,
    detail,
    hash,
  }),
)

export const listWorkspaces = operation({
  name: 'workspaces.list',
  scope: 'admin',
  effect: 'read',
  summary: 'List the workspaces that this token may see',
  input: z.strictObject({}),
  output: pageOf(workspaceView),
  http: { method: 'GET', path: '/api/v1/workspaces' },
  example: {},
  run: async ({ access, principal }) => allOf(await access.workspaces.list(principal)),
})

export const createWorkspace = operation({
  name: 'workspaces.create',
  scope: 'hub:admin',
  effect: 'write',
  summary: 'Create a workspace',
  input: z.strictObject({
    name: z.string().regex(workspaceName, 'must be lower case letters, digits and dashes').describe('Unique name.'),
  }),
  output: workspaceView,
  http: { method: 'POST', path: '/api/v1/workspaces', status: 201 },
  example: { name: 'marketing' },
  run: ({ access, flows, principal }, { name }) => access.workspaces.create(principal, name, flows.addBundled),
})

export const listAudit = operation({
  name: 'audit.list',
  scope: 'audit:read',
  effect: 'read',
  summary: 'Read the audit log, newest first',
  input: z.strictObject(pageInput),
  output: pageOf(auditView),
  http: { method: 'GET', path: '/api/v1/audit' },
  example: { limit: 20 },
  run: (context, input) =>
    readPage(input, { pattern: /^\d{1,15}$/, keyOf: ({ seq }: Named<AuditRow>) => String(seq) }, async ({ before, limit }) => {
      const page = { before: before === undefined ? undefined : Number(before), limit }
      return named(context, await context.access.audit.list(context.principal.workspaceId, page))
    }),
})
