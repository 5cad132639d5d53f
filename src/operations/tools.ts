import { z } from 'zod'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import {
  callLimit,
  definitionFor,
  informationFlow,
  mayCall,
  policyRule,
  sanitize,
  toolFormats,
  unknownIn,
  type PolicyDocument,
  type Tool,
  type Tools,
} from '#tools'
import { operation, plain, type OperationContext, view } from './operation.ts'
import { outcomeSchema, outcomeView } from './outcome.ts'
import { anyObject, decodeCursor, encodeCursor, pageInput, pageOf, reference } from './shared.ts'
import { definitionSchema } from './tool-formats.ts'

const effect = z.enum(['read', 'write', 'destroy'])

export const toolSchema = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  connector: z.string(),
  effect,
  idempotent: z.boolean(),
  aliases: z.array(z.string()),
  input_schema: anyObject,
  output_schema: anyObject,
  digest: z.string(),
})

const describe = ({ registry }: Tools, tool: Tool): z.output<typeof toolSchema> => {
  const description = registry.describe(tool)
  return { ...description, aliases: [...description.aliases] }
}

export const listTools = operation({
  name: 'tools.list',
  scope: 'tools:read',
  effect: 'read',
  summary: 'Find tools',
  input: z.strictObject({
    ...pageInput,
    query: z.string().max(200).optional().describe('Words of what you want to do.'),
    connector: z.string().optional(),
    effect: effect.optional(),
    toolset: z.string().max(2000).optional().describe('Only these connectors and tools, separated by commas: github,slack_send_message.'),
    format: z
      .enum(toolFormats)
      .optional()
      .describe(
        'Definitions as this API takes them: OpenAI Responses, OpenAI Chat Completions, Anthropic Messages, MCP, or the Vercel AI SDK.',
      ),
  }),
  output: pageOf(plain(z.union([toolSchema, definitionSchema]))),
  http: { method: 'GET', path: '/api/v1/tools' },
  example: { query: 'create issue', limit: 5 },
  run: async (context, { limit, cursor, format, toolset, ...filter }) => {
    const { tools, principal } = context
    const from = Number(decodeCursor(cursor, /^\d{1,9}$/) ?? 0)
    const found = await tools.list(principal, { ...filter, toolset: await toolsetOf(context, toolset) })
    return {
      rows: found
        .slice(from, from + limit)
        .map((tool) => (format === undefined ? describe(tools, tool) : definitionFor(format, tools.registry.describe(tool), tool))),
      next: found.length > from + limit ? encodeCursor(String(from + limit)) : null,
    }
  },
})

/** A name that nothing has is a mistake that would otherwise leave out tools without a word. */
async function toolsetOf({ tools, principal }: OperationContext, text: string | undefined): Promise<ReadonlySet<string> | undefined> {
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => name.trim())
  const toolset = new Set(names.filter(Boolean))
  const problem = unknownIn(toolset, await tools.all(principal.workspaceId))
  if (problem !== undefined) throw hubError('invalid_input', { errors: [{ path: 'toolset', message: problem.replace(/^toolset: /, '') }] })
  return toolset
}

const detailSchema = toolSchema.extend({
  example: anyObject.describe('Arguments as they may be.'),
  may_call: z.boolean().describe('Whether the caller has the scope for it.'),
})

export const getTool = operation({
  name: 'tools.get',
  scope: 'tools:read',
  effect: 'read',
  summary: 'Get one tool with its schemas and an example',
  input: z.strictObject({ name: z.string() }),
  output: plain(detailSchema),
  http: { method: 'GET', path: '/api/v1/tools/:name' },
  example: { name: 'github_create_issue' },
  run: async ({ tools, principal }, { name }) => {
    const tool = await tools.find(principal.workspaceId, name)
    return { ...describe(tools, tool), example: tool.action.example as Record<string, unknown>, may_call: mayCall(principal, tool) }
  },
})

export const callTool = operation({
  name: 'tools.call',
  scope: 'tools:call:*',
  effect: 'write',
  summary: 'Call a tool',
  input: z.strictObject({
    name: z.string(),
    input: anyObject.default({}).describe('The tool’s arguments.'),
    integration: reference.optional().describe('Name or id; needed when several fit.'),
    dry_run: z.boolean().default(false).describe('Show the request that would be sent, and send nothing that writes.'),
    mode: z.enum(['sync', 'async']).default('sync').describe('async: answer 202 at once; the call is made even if the hub dies meanwhile.'),
    fields: z.array(z.string().max(200)).max(100).optional().describe('Only these parts of the output: title, user.login, items.name.'),
    max_tokens: z
      .int()
      .min(100)
      .max(1_000_000)
      .optional()
      .describe('Budget of the output, 25,000 by default; what is left out says how to get the rest.'),
    idempotency_key: z.string().min(1).max(255).optional().describe('Makes the call repeatable: the same key never acts twice.'),
    approval: reference.optional().describe('Id of the approval that covers this call.'),
    session: z.string().min(1).max(255).optional().describe('Your name for the conversation, where the hub follows what sessions read.'),
  }),
  output: outcomeView,
  http: {
    method: 'POST',
    path: '/api/v1/tools/:name/invoke',
    headers: { 'idempotency-key': 'idempotency_key', 'hub-approval': 'approval', 'hub-session': 'session' },
    responses: { 200: outcomeSchema, 202: outcomeSchema },
    statusOf: (json) => ((json as z.output<typeof outcomeSchema>).status === 'queued' ? 202 : 200),
  },
  example: { name: 'github_create_issue', input: { owner: 'octocat', repo: 'hello-world', title: 'Bug' } },
  run: ({ tools, principal, transport }, call) =>
    (call.mode === 'async' && !call.dry_run ? tools.invokeLater : tools.invoke)(principal, call.name, call.input, {
      transport,
      integration: call.integration,
      idempotencyKey: call.idempotency_key,
      approval: call.approval,
      session: call.session,
      dryRun: call.dry_run,
      fields: call.fields,
      maxTokens: call.max_tokens,
    }),
})

export const toolRegistry = operation({
  name: 'tools.registry',
  scope: 'tools:read',
  effect: 'read',
  summary: 'List all tools and their aliases, in the older form of the API',
  input: z.strictObject({}),
  output: plain(
    z.object({
      items: z.array(
        z.object({
          name: z.string(),
          description: z.string(),
          service: z.literal('integrations'),
          endpoint: z.string(),
          parameters_schema: anyObject,
        }),
      ),
    }),
  ),
  http: { method: 'GET', path: '/api/integrations/tools' },
  example: {},
  run: async ({ tools, integrations, principal }) => ({
    items: (await tools.list(principal, {})).flatMap((tool) => {
      const { description, input_schema: parameters_schema } = tools.registry.describe(tool)
      const endpoint = legacyPathOf(integrations.connectors, tool.name) ?? `/api/v1/tools/${tool.name}/invoke`
      return [tool.name, ...tool.aliases].map((name) => ({
        name,
        description,
        service: 'integrations' as const,
        endpoint,
        parameters_schema,
      }))
    }),
  }),
})

/** The older path of a tool, where its connector declares one. */
function legacyPathOf(connectors: readonly Connector[], tool: string): string | undefined {
  for (const { name, legacyPaths = [] } of connectors) {
    const found = legacyPaths.find(({ action, ifQuery }) => [action, ifQuery?.action].some((verb) => tool === `${name}_${verb}`))
    if (found) return found.path
  }
  return undefined
}

const policyFields = {
  rules: z.array(policyRule).max(200),
  limits: z.array(callLimit).max(100),
  information_flow: informationFlow.nullable().describe('Whether the hub follows what sessions have read; off when it is null.'),
  sanitize: sanitize.describe(
    'For whom outputs are cleaned of what people do not see, such as comments and invisible characters: agents (over MCP, and scripts), always, or never.',
  ),
}

const policyView = view(
  z.object({
    ...policyFields,
    limits: policyFields.limits.optional(),
    information_flow: informationFlow.optional(),
    sanitize: sanitize.optional(),
  }),
  ({ rules, limits, informationFlow: flow, sanitize: cleaning }: PolicyDocument) => ({
    rules: [...rules],
    ...(limits.length > 0 ? { limits: [...limits] } : {}),
    ...(flow ? { information_flow: flow } : {}),
    ...(cleaning === 'agents' ? {} : { sanitize: cleaning }),
  }),
)

export const getPolicies = operation({
  name: 'policies.get',
  scope: 'admin',
  effect: 'read',
  summary: 'Get the rules for tool calls',
  input: z.strictObject({}),
  output: policyView,
  http: { method: 'GET', path: '/api/v1/policies' },
  example: {},
  run: ({ tools, principal }) => tools.policies.read(principal.workspaceId),
})

export const setPolicies = operation({
  name: 'policies.set',
  scope: 'admin',
  effect: 'write',
  summary: 'Set the rules for tool calls: the first rule that matches decides. Parts that are left out stay as they are',
  input: z.strictObject({
    rules: policyFields.rules.optional(),
    limits: policyFields.limits.optional(),
    information_flow: policyFields.information_flow.optional(),
    sanitize: policyFields.sanitize.optional(),
  }),
  output: policyView,
  http: { method: 'PUT', path: '/api/v1/policies' },
  example: {
    rules: [{ effects: ['destroy'], decision: 'ask', reason: 'Deleting needs a person.' }],
    limits: [{ calls_per_minute: 300, destructive_per_day: 20 }],
  },
  run: ({ tools, principal }, { rules, limits, information_flow: flow, sanitize: cleaning }) =>
    tools.policies.write(principal, {
      ...(rules ? { rules } : {}),
      ...(limits ? { limits } : {}),
      ...(flow === undefined ? {} : { informationFlow: flow }),
      ...(cleaning ? { sanitize: cleaning } : {}),
    }),
})
