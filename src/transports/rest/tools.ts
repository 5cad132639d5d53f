import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { policyRule, type InvocationRow, type Outcome, type Tool } from '#tools'
import { decodeCursor, iso, pageOf, pageQuery, timestamp, toPage } from './shapes.ts'
import type { RestApp, RestDeps } from './server.ts'

const schema = z.record(z.string(), z.unknown())
const effect = z.enum(['read', 'write', 'destroy'])

const toolShape = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  connector: z.string(),
  effect,
  idempotent: z.boolean(),
  aliases: z.array(z.string()),
  input_schema: schema,
  output_schema: schema,
  digest: z.string(),
})

const callBody = z.strictObject({
  input: schema.default({}).describe('The tool’s arguments.'),
  integration: z.string().max(100).optional().describe('Name or id; needed when several fit.'),
  dry_run: z.boolean().default(false).describe('Show the request that would go out, and send nothing that writes.'),
  mode: z.enum(['sync', 'async']).default('sync').describe('async: answer 202 at once; the call is made even if the hub dies meanwhile.'),
  fields: z.array(z.string().max(200)).max(100).optional().describe('Only these parts of the output: title, user.login, items.name.'),
  max_tokens: z
    .int()
    .min(100)
    .max(1_000_000)
    .optional()
    .describe('Budget of the output, 25,000 by default; what is cut says how to get the rest.'),
})

const outcomeShape = z.object({
  invocation_id: z.string().nullable(),
  status: z.enum(['completed', 'dry_run', 'queued']),
  output: z.unknown(),
  replayed: z.boolean(),
  cut: z
    .object({
      total_tokens: z.number(),
      handle: z.string(),
      cuts: z.array(z.object({ path: z.string(), shown: z.number(), total: z.number(), unit: z.string() })),
      hint: z.string(),
    })
    .optional(),
  warning: z.string().optional(),
})

const invocationShape = z.object({
  id: z.string(),
  tool: z.string(),
  connector: z.string(),
  effect: z.string(),
  integration: z.string().nullable(),
  transport: z.string(),
  actor: z.string(),
  idempotency_key: z.string().nullable(),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'outcome_unknown']),
  attempts: z.int(),
  error: schema.nullable(),
  started_at: timestamp,
  finished_at: timestamp.nullable(),
})

const headers = z.looseObject({
  'idempotency-key': z.string().min(1).max(255).optional().describe('Makes the call repeatable: the same key never acts twice.'),
  'hub-approval': z.string().max(100).optional().describe('Id of the approval that covers this call.'),
})
const name = z.object({ name: z.string() })

export function toolRoutes(app: RestApp, { tools }: RestDeps): void {
  const tags = ['Tools']
  const { registry } = tools
  const render = (tool: Tool) => {
    const description = registry.describe(tool)
    return { ...description, aliases: [...description.aliases] }
  }

  app.get('/api/v1/tools', {
    config: { access: 'tools:read' },
    schema: {
      tags,
      summary: 'Find tools',
      querystring: pageQuery.extend({
        query: z.string().max(200).optional().describe('Words of what you want to do.'),
        connector: z.string().optional(),
        effect: effect.optional(),
      }),
      response: { 200: pageOf(toolShape) },
    },
    handler: async ({ principal, query }) => {
      const found = await tools.list(principal, query)
      const from = Number(decodeCursor(query.cursor) ?? 0) || 0
      const page = toPage(found.slice(from, from + query.limit + 1), query.limit, render, () => String(from + query.limit))
      return page
    },
  })
  app.get('/api/v1/tools/:name', {
    config: { access: 'tools:read' },
    schema: { tags, summary: 'One tool with its schemas', params: name, response: { 200: toolShape } },
    handler: async ({ principal, params }) => render(await tools.find(principal.workspaceId, params.name)),
  })
  app.post('/api/v1/tools/:name/invoke', {
    config: { access: 'tools:call:*' },
    schema: { tags, summary: 'Call a tool', params: name, headers, body: callBody, response: { 200: outcomeShape, 202: outcomeShape } },
    handler: async ({ principal, params, headers, body }, reply) => {
      const call = body.mode === 'async' && !body.dry_run ? tools.invokeLater : tools.invoke
      const outcome = await call(principal, params.name, body.input, {
        transport: 'rest',
        integration: body.integration,
        idempotencyKey: headers['idempotency-key'],
        approval: headers['hub-approval'],
        dryRun: body.dry_run,
        fields: body.fields,
        maxTokens: body.max_tokens,
      })
      return sendOutcome(reply, outcome)
    },
  })
  app.get('/api/v1/invocations', {
    config: { access: 'tools:read' },
    schema: {
      tags,
      summary: 'The journal of tool calls, newest first',
      querystring: pageQuery.extend({
        tool: z.string().optional(),
        connector: z.string().optional(),
        status: invocationShape.shape.status.optional(),
      }),
      response: { 200: pageOf(invocationShape) },
    },
    handler: async ({ principal, query }) => {
      const { tool, connector, status, limit } = query
      const rows = await tools.invocations(principal.workspaceId, {
        tool,
        connector,
        status,
        before: decodeCursor(query.cursor),
        limit: limit + 1,
      })
      return toPage(rows, limit, renderInvocation, (row) => row.id)
    },
  })
  app.get('/api/v1/invocations/:id', {
    config: { access: 'tools:read' },
    schema: {
      tags,
      summary: 'One call with its input and outcome',
      params: z.object({ id: z.string() }),
      response: { 200: invocationShape.extend({ input: z.unknown(), output: z.unknown() }) },
    },
    handler: async ({ principal, params }) => {
      const row = await tools.invocation(principal.workspaceId, params.id)
      return { ...renderInvocation(row), input: row.input, output: row.output }
    },
  })

  const rules = z.strictObject({ rules: z.array(policyRule).max(200) })
  app.get('/api/v1/policies', {
    config: { access: 'admin' },
    schema: { tags, summary: 'The rules for tool calls', response: { 200: rules } },
    handler: async ({ principal }) => ({ rules: await tools.policies.read(principal.workspaceId) }),
  })
  app.put('/api/v1/policies', {
    config: { access: 'admin' },
    schema: { tags, summary: 'Set the rules: the first that fits decides', body: rules, response: { 200: rules } },
    handler: async ({ principal, body }) => {
      await tools.policies.write(principal, body.rules)
      return body
    },
  })
}

export function sendOutcome(reply: FastifyReply, outcome: Outcome): FastifyReply {
  return reply.code(outcome.status === 'queued' ? 202 : 200).send(renderOutcome(outcome))
}

export function renderOutcome({ invocationId, status, output, replayed, cut, warning }: Outcome) {
  return {
    invocation_id: invocationId || null,
    status,
    output,
    replayed,
    ...(cut
      ? {
          cut: {
            total_tokens: cut.totalTokens,
            handle: cut.handle,
            cuts: [...cut.cuts],
            hint: 'hub_read_result reads on with this handle and a path of the cuts; `fields` asks for less',
          },
        }
      : {}),
    ...(warning ? { warning } : {}),
  }
}

function renderInvocation(row: InvocationRow) {
  const { id, tool, connector, effect, integration, transport, actor, status, attempts, error } = row
  return {
    id,
    tool,
    connector,
    effect,
    integration,
    transport,
    actor,
    idempotency_key: row.key,
    status,
    attempts,
    error,
    started_at: row.startedAt.toISOString(),
    finished_at: iso(row.finishedAt),
  }
}
