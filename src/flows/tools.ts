import { z } from 'zod'
import { defineAction, defineConnector, type Connector } from '#kit'
import { hubError } from '#errors'
import type { Tool } from '#tools'
import type { FlowWithVersion } from './flow-store.ts'
import type { Flows } from './index.ts'
import type { RunRow } from './run-store.ts'

const outcome = z.object({ run_id: z.string(), status: z.string(), outputs: z.unknown(), error: z.unknown() })
/** Within what a tool call may take. */
const waitMs = 90_000

const told = ({ id, status, outputs, error }: RunRow) => ({ run_id: id, status, outputs: outputs ?? null, error: error ?? null })

/** Tools of the hub that start flows and look at runs. The flows are built after the tools, so they are asked for when one is called. */
export function createFlowConnector(flows: () => Flows): Connector {
  return defineConnector({
    name: 'hub',
    title: 'IntegrationHub',
    description: 'Flows of the hub and their runs.',
    connect: 'Nothing has to be connected.',
    builtIn: true,
    config: z.object({}),
    auth: [],
  }).withActions({
    trigger_flow: defineAction({
      title: 'Trigger a flow',
      description:
        'Starts a flow, such as send-summary-email, with its parameters. Use it for work of several steps that the hub has a flow for; hub_list_flows tells which there are and what they take. Returns the id of the run and, with wait, how it ended and what it gave.',
      effect: 'write',
      aliases: ['trigger_integration_flow'],
      example: { flow_id: 'send-summary-email', parameters: { to: 'ada@example.com', subject: 'Summary', body: '<p>Done.</p>' } },
      input: z.strictObject({
        flow_id: z.string().min(1).describe('Id of the flow.'),
        parameters: z.record(z.string(), z.unknown()).default({}).describe('What the flow is started with.'),
        wait: z.number().min(0).max(90).default(0).describe('Seconds to wait for its end.'),
      }),
      output: outcome,
      run: async ({ input, workspaceId, idempotencyKey }) => {
        const run = await flows().launch(workspaceId, input.flow_id, {
          parameters: input.parameters,
          trigger: { kind: 'call', transport: 'tool', key: idempotencyKey ?? null },
        })
        return told(input.wait > 0 ? await flows().wait(workspaceId, run.id, input.wait * 1000) : run)
      },
    }),
    list_flows: defineAction({
      title: 'List flows',
      description:
        'Lists the flows of this workspace with what they do and the schema of their parameters. Use it to find one to trigger. Returns id, description, whether it is enabled, and parameters of each.',
      effect: 'read',
      example: {},
      input: z.strictObject({}),
      output: z.object({
        items: z.array(
          z.object({ id: z.string(), description: z.string(), enabled: z.boolean(), parameters: z.record(z.string(), z.unknown()) }),
        ),
      }),
      run: async ({ workspaceId }) => ({
        items: (await flows().list(workspaceId)).map(({ name, enabled, definition }) => ({
          id: name,
          enabled,
          description: definition.description ?? definition.name ?? '',
          parameters: { ...definition.parameters },
        })),
      }),
    }),
    get_run: defineAction({
      title: 'Get a run',
      description:
        'Tells how a run of a flow fares: its status, what it gave, or why it failed and at which step. Use it after triggering a flow without waiting. Returns run_id, status, outputs and error.',
      effect: 'read',
      example: { run_id: 'run_…' },
      input: z.strictObject({ run_id: z.string().min(1).describe('Id of the run.') }),
      output: outcome,
      run: async ({ input, workspaceId }) => told(await flows().run(workspaceId, input.run_id)),
    }),
  })
}

/** Flows that say they are tools of their own. */
export function flowTools(flows: Flows, rows: readonly FlowWithVersion[]): Tool[] {
  return rows.flatMap((flow) => {
    const { tool, description, name, parameters, id } = flow.definition
    if (!tool || !flow.enabled) return []
    const said = tool === true ? {} : tool
    const action = defineAction({
      title: name ?? id,
      description: said.description ?? description ?? `Runs the flow ${id}. Returns what it gives.`,
      effect: said.effect ?? 'write',
      example: {},
      input: z.record(z.string(), z.unknown()),
      output: z.unknown(),
      run: async ({ input, workspaceId, idempotencyKey }) => {
        const started = await flows.launch(workspaceId, flow.id, {
          parameters: input,
          trigger: { kind: 'call', transport: 'tool', key: idempotencyKey ?? null },
        })
        const run = await flows.wait(workspaceId, started.id, waitMs)
        if (run.status === 'completed') return run.outputs
        if (run.error)
          throw hubError('flow_failed', { detail: `the flow failed: ${run.error.message}`, hint: `GET /api/v1/runs/${run.id}` })
        return told(run)
      },
    })
    const own: Tool = {
      name: said.name ?? `flow_${id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`,
      aliases: [],
      connector: flowConnector,
      action: { ...action, inputSchema: { type: 'object', ...parameters } },
    }
    return [own]
  })
}

const flowConnector = defineConnector({
  name: 'flow',
  title: 'Flow',
  description: 'Flows of this workspace that are tools.',
  connect: 'Nothing has to be connected.',
  builtIn: true,
  config: z.object({}),
  auth: [],
}).withActions({})
