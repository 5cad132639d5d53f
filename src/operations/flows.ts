import { z } from 'zod'
import { requireScope } from '#access'
import type { FlowWithVersion, RunRow, ScheduleRow, VersionRow } from '#flows'
import { actorNameSchema, named, namedOne, type Named } from './actors.ts'
import { operation, toolOperation, plain, view, type ToolOperationContext } from './operation.ts'
import { detailView, renderRun, runSchema, startedSchema } from './runs.ts'
import { allOf, anyObject, deleted, iso, pageOf, reference, timestamp } from './shared.ts'

const flowSchema = z.object({
  id: z.string().describe('As its definition says.'),
  flow_id: z.string(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  version: z.int(),
  enabled: z.boolean(),
  origin: z.enum(['user', 'bundled']),
  actor: z.string().describe('Who saved or adopted it last: it runs with their rights.'),
  actor_name: actorNameSchema,
  blocked: z.string().nullable().describe('Why nothing starts it: who saved it has lost their rights. Null while it runs.'),
  parameters: anyObject.nullable(),
  on: z.array(anyObject),
  tool: z.string().nullable().describe('The name under which it is a tool.'),
  digest: z.string(),
  created_at: timestamp,
  updated_at: timestamp,
})

type FlowContext = Pick<ToolOperationContext, 'flows' | 'actorNames' | 'principal'>

/** A flow, and why it does not run. */
type ShownFlow = Named<FlowWithVersion> & { readonly blocked: string | null }

async function shown(context: FlowContext, flow: FlowWithVersion): Promise<ShownFlow> {
  return withBlocked(context, await namedOne(context, flow))
}

async function withBlocked({ flows }: FlowContext, flow: Named<FlowWithVersion>): Promise<ShownFlow> {
  return { ...flow, blocked: await flows.blocked(flow) }
}

function renderFlow(flow: ShownFlow): z.output<typeof flowSchema> {
  const { definition, version, enabled, actor, digest } = flow
  return {
    id: flow.name,
    flow_id: flow.id,
    version,
    enabled,
    actor,
    actor_name: flow.actorName,
    digest,
    blocked: flow.blocked,
    name: definition.name ?? null,
    description: definition.description ?? null,
    origin: flow.origin === 'bundled' ? 'bundled' : 'user',
    parameters: definition.parameters ? { ...definition.parameters } : null,
    on: (definition.on ?? []).map((trigger) => ({ ...trigger })),
    tool: flow.toolName,
    created_at: flow.createdAt.toISOString(),
    updated_at: flow.updatedAt.toISOString(),
  }
}

const wholeSchema = flowSchema.extend({
  definition: anyObject,
  source: z.string(),
  next_starts: z
    .array(z.object({ trigger: z.int().describe('Its place in `on`, from 0.'), at: timestamp.nullable() }))
    .describe('When its schedules start it next; empty while it is disabled.'),
})
const wholeView = view(wholeSchema, ({ schedules, ...flow }: WholeFlow) => ({
  ...renderFlow(flow),
  definition: { ...flow.definition },
  source: flow.source,
  next_starts: schedules.map(({ place, nextAt }) => ({ trigger: place, at: iso(nextAt) })),
}))

type WholeFlow = ShownFlow & { readonly schedules: readonly Pick<ScheduleRow, 'place' | 'nextAt'>[] }

async function whole(context: FlowContext, flow: FlowWithVersion): Promise<WholeFlow> {
  const [known, schedules] = await Promise.all([shown(context, flow), context.flows.schedules(flow)])
  return { ...known, schedules }
}

const versionView = view(
  z.object({
    version: z.int(),
    actor: z.string(),
    actor_name: actorNameSchema,
    digest: z.string(),
    definition: anyObject,
    source: z.string(),
    created_at: timestamp,
  }),
  ({ version, actor, actorName, digest, definition, source, createdAt }: Named<VersionRow>) => ({
    version,
    actor,
    actor_name: actorName,
    digest,
    source,
    definition: { ...definition },
    created_at: createdAt.toISOString(),
  }),
)

const id = reference.describe('Id of the flow.')
const definitionFields = {
  definition: anyObject.optional().describe('The definition; its schema is at /schemas/flow.json.'),
  source: z.string().optional().describe('The same as a text, in YAML or JSON.'),
}
const basedOn = z
  .int()
  .min(0)
  .optional()
  .describe('The version that was edited, 0 for a new flow: if the flow has another one by now, it is not saved (409 `flow_changed`).')
type Written = { readonly definition?: Record<string, unknown> | undefined; readonly source?: string | undefined }

const hasOneForm = ({ definition, source }: Written): boolean => (definition === undefined) !== (source === undefined)
const needsOneForm = 'needs either `definition` or `source`'
const yaml = { types: ['application/yaml', 'application/x-yaml', 'text/yaml'], field: 'source' }
const yamlHint = 'The definition may also be the body itself, as application/yaml.'

function sourceOf({ definition, source }: Written): { source: string; format?: 'json' } {
  return source === undefined ? { source: JSON.stringify(definition, null, 2), format: 'json' } : { source }
}

const exampleDefinition = { id: 'hello', steps: [{ id: 'text', transform: 'Hello' }] }

export const saveFlow = operation({
  name: 'flows.save',
  scope: 'flows:write',
  effect: 'write',
  summary: 'Save a flow: a new one, or a new version of the one with this id',
  description: yamlHint,
  input: z.strictObject({ ...definitionFields, based_on: basedOn }).refine(hasOneForm, needsOneForm),
  output: wholeView,
  http: {
    method: 'POST',
    path: '/api/v1/flows',
    text: yaml,
    responses: { 200: wholeSchema, 201: wholeSchema },
    statusOf: (json) => ((json as z.output<typeof wholeSchema>).version === 1 ? 201 : 200),
  },
  example: { definition: exampleDefinition },
  run: async (context, input) => {
    const { source, format } = sourceOf(input)
    return whole(context, await context.flows.save(context.principal, source, { format, basedOn: input.based_on }))
  },
})

export const replaceFlow = operation({
  name: 'flows.replace',
  scope: 'flows:write',
  effect: 'write',
  summary: 'Save a new version of this flow',
  description: yamlHint,
  input: z.strictObject({ id, ...definitionFields, based_on: basedOn }).refine(hasOneForm, needsOneForm),
  output: wholeView,
  http: { method: 'PUT', path: '/api/v1/flows/:id', text: yaml },
  example: { id: 'hello', definition: exampleDefinition },
  run: async (context, input) => {
    const { source, format } = sourceOf(input)
    return whole(context, await context.flows.save(context.principal, source, { format, id: input.id, basedOn: input.based_on }))
  },
})

export const checkFlow = operation({
  name: 'flows.check',
  scope: 'flows:read',
  effect: 'read',
  summary: 'List the problems of a definition without saving it',
  description: yamlHint,
  input: z.strictObject(definitionFields).refine(hasOneForm, needsOneForm),
  output: plain(
    z.object({
      ok: z.boolean(),
      problems: z.array(z.object({ line: z.int(), column: z.int(), path: z.string(), message: z.string(), remedy: z.string() })),
    }),
  ),
  http: { method: 'POST', path: '/api/v1/flows/check', text: yaml },
  example: { definition: exampleDefinition },
  run: async ({ flows, principal }, input) => {
    const { source, format } = sourceOf(input)
    const found = await flows.check(principal.workspaceId, source, format)
    return 'problems' in found ? { ok: false, problems: [...found.problems] } : { ok: true, problems: [] }
  },
})

export const listFlows = toolOperation({
  name: 'flows.list',
  scope: 'flows:read',
  effect: 'read',
  summary: 'List flows',
  input: z.strictObject({}),
  output: pageOf(view(flowSchema, renderFlow)),
  http: { method: 'GET', path: '/api/v1/flows' },
  example: {},
  tool: {
    name: 'list_flows',
    title: 'List flows',
    description:
      'Lists the flows of this workspace with what they do and the schema of their parameters. Use it to find one to trigger. Returns id, description, whether it is enabled, and parameters of each.',
    words:
      'flows, automations, list automations, which flows exist, which workflows do we have, what can be automated, playbooks, recipes, available routines, scheduled jobs, routines, which jobs can I automate here, what routines are there, what flows can I start, do we have a flow for, list of workflows, processes, canned procedures, stored procedures, predefined tasks, what can the hub do by itself, macros, automated processes',
    example: {},
    result: view(
      z.object({ items: z.array(z.object({ id: z.string(), description: z.string(), enabled: z.boolean(), parameters: anyObject })) }),
      ({ items }: { items: readonly z.output<typeof flowSchema>[] }) => ({
        items: items.map((flow) => ({
          id: flow.id,
          enabled: flow.enabled,
          description: flow.description ?? flow.name ?? '',
          parameters: flow.parameters ?? {},
        })),
      }),
    ),
  },
  run: async (context) => {
    const found = await named(context, await context.flows.list(context.principal.workspaceId))
    return allOf(await Promise.all(found.map((flow) => withBlocked(context, flow))))
  },
})

export const getFlow = operation({
  name: 'flows.get',
  scope: 'flows:read',
  effect: 'read',
  summary: 'Get one flow with its definition',
  input: z.strictObject({ id }),
  output: wholeView,
  http: { method: 'GET', path: '/api/v1/flows/:id' },
  example: { id: 'send-summary-email' },
  run: async (context, input) => whole(context, await context.flows.get(context.principal.workspaceId, input.id)),
})

export const listFlowVersions = operation({
  name: 'flows.versions',
  scope: 'flows:read',
  effect: 'read',
  summary: 'List the versions of a flow, newest first',
  input: z.strictObject({ id }),
  output: pageOf(versionView),
  http: { method: 'GET', path: '/api/v1/flows/:id/versions' },
  example: { id: 'send-summary-email' },
  run: async (context, input) => allOf(await named(context, await context.flows.versions(context.principal.workspaceId, input.id))),
})

export const updateFlow = operation({
  name: 'flows.update',
  scope: 'flows:write',
  effect: 'write',
  summary: 'Enable or disable a flow',
  input: z.strictObject({ id, enabled: z.boolean() }),
  output: view(flowSchema, renderFlow),
  http: { method: 'PATCH', path: '/api/v1/flows/:id' },
  example: { id: 'send-summary-email', enabled: false },
  run: async (context, input) => shown(context, await context.flows.setEnabled(context.principal, input.id, input.enabled)),
})

export const adoptFlow = operation({
  name: 'flows.adopt',
  scope: 'flows:write',
  effect: 'write',
  summary: 'Let a flow run with your rights from now on, for example because the token of whoever saved it was revoked',
  input: z.strictObject({ id }),
  output: view(flowSchema, renderFlow),
  http: { method: 'POST', path: '/api/v1/flows/:id/adopt' },
  example: { id: 'hello' },
  run: async (context, input) => shown(context, await context.flows.adopt(context.principal, input.id)),
})

export const deleteFlow = operation({
  name: 'flows.delete',
  scope: 'flows:write',
  effect: 'destroy',
  summary: 'Delete a flow and cancel its unfinished runs; the records of its runs stay',
  input: z.strictObject({ id }),
  output: deleted,
  http: { method: 'DELETE', path: '/api/v1/flows/:id', status: 204 },
  example: { id: 'hello' },
  run: async ({ flows, principal }, input) => {
    await flows.remove(principal, input.id)
    return null
  },
})

const longestWaitSeconds = 120

export const dryRunFlow = operation({
  name: 'flows.dry_run',
  scope: 'flows:run',
  effect: 'write',
  summary: 'Dry run of a definition that is not saved',
  description:
    'Runs with the rights of the caller: makes reads, and shows the request of each write with what the policies say, without sending it. No version is stored. The run is kept like others, and nothing is started by its end. With `event`, needs `events:read` too.',
  input: z
    .strictObject({
      ...definitionFields,
      parameters: anyObject.default({}).describe('What the flow is started with.'),
      event: reference.optional().describe('Id of a stored event that it runs for.'),
      outputs: anyObject.optional().describe('Outputs by path, which it takes instead of running those steps.'),
      wait: z.number().min(0).max(longestWaitSeconds).default(30).describe('How many seconds to wait for its end.'),
    })
    .refine(hasOneForm, needsOneForm),
  output: detailView,
  http: { method: 'POST', path: '/api/v1/flows/dry-run' },
  example: { definition: exampleDefinition },
  run: async (context, input) => {
    const { flows, principal, signal } = context
    if (input.event !== undefined) requireScope(principal, 'events:read')
    const { source, format } = sourceOf(input)
    const { parameters, event, outputs } = input
    const { id: run } = await flows.dryRun(principal, source, { format, parameters, event, outputs })
    if (input.wait > 0) await flows.wait(principal.workspaceId, run, input.wait * 1000, signal)
    return namedOne(context, await flows.run(principal.workspaceId, run))
  },
})
const toolResult = z.object({ run_id: z.string(), status: z.string(), outputs: z.unknown(), error: z.unknown() })

export const triggerFlow = toolOperation({
  name: 'flows.trigger',
  scope: 'flows:run',
  effect: 'write',
  summary: 'Start a run of a flow',
  input: z.strictObject({
    id,
    parameters: anyObject.default({}).describe('What the flow is started with.'),
    dry_run: z.boolean().default(false).describe('Run what only reads, and show what would be written.'),
    outputs: anyObject.optional().describe('Outputs by path, which a dry run takes instead of running those steps.'),
    wait: z
      .number()
      .min(0)
      .max(longestWaitSeconds)
      .default(0)
      .describe('How many seconds to wait for its end: the answer is the run if it ended, or its id if it takes longer.'),
  }),
  output: view(z.union([runSchema, startedSchema]), (run: Named<RunRow>) =>
    run.finishedAt === null ? { run_id: run.id, status: run.status } : renderRun(run),
  ),
  http: {
    method: 'POST',
    path: '/api/v1/flows/:id/trigger',
    query: ['wait'],
    responses: { 200: runSchema, 202: startedSchema },
    statusOf: (json) => ('run_id' in (json as object) ? 202 : 200),
  },
  example: { id: 'send-summary-email', parameters: { to: 'ada@example.com', subject: 'Summary', body: '<p>Done.</p>' } },
  tool: {
    name: 'trigger_flow',
    repeatsOutside: true,
    title: 'Trigger a flow',
    description:
      'Starts a flow, such as send-summary-email, with its parameters. Use it for work of several steps that the hub has a flow for; hub_list_flows lists them and their parameters. Returns the id of the run and, with wait, how it ended and its outputs.',
    words:
      'run a flow, start a flow, trigger an automation, run the automation, execute a flow, kick off the flow, launch the routine, run the report, run the playbook, start the onboarding, run a saved procedure, fire a flow, start the automation, start the invoice routine, run the process, run the nightly routine, begin the procedure, run it with these parameters, run our onboarding flow, use the flow, let the automation do it, run the macro, start the workflow, execute the automation, invoke a flow, do the usual procedure',
    aliases: ['trigger_integration_flow'],
    rename: { id: 'flow_id' },
    startsFlow: 'id',
    omit: ['dry_run', 'outputs'],
    fields: { wait: z.number().min(0).max(90).default(0).describe('Seconds to wait for its end.') },
    result: view(toolResult, (json: z.output<typeof runSchema> | z.output<typeof startedSchema>) =>
      'run_id' in json
        ? { ...json, outputs: null, error: null }
        : { run_id: json.id, status: json.status, outputs: json.outputs ?? null, error: json.error },
    ),
    example: { flow_id: 'send-summary-email', parameters: { to: 'ada@example.com', subject: 'Summary', body: '<p>Done.</p>' } },
  },
  run: async (context, input) => {
    const { flows, principal, signal, step } = context
    const started = await flows.trigger(principal, input.id, {
      from: step,
      parameters: input.parameters,
      dryRun: input.dry_run,
      outputs: input.outputs,
    })
    if (input.wait === 0) return namedOne(context, started)
    const run = await flows.wait(principal.workspaceId, started.id, input.wait * 1000, signal).catch((error: unknown) => {
      // The run goes on when the caller has gone away.
      if (signal?.aborted) return started
      throw error
    })
    return namedOne(context, run)
  },
})
