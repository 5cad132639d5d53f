import { z } from 'zod'
import type { Database } from '#db'
import { defineConnector } from '#kit'
import { hubError } from '#errors'
import type { Tool, ToolRunner, ToolSource } from '#tools'
import { findFlowTool, flowToolNames, listFlows, type FlowWithVersion } from '../definitions/flow-store.ts'
import { parametersSchema } from '../definitions/parameters.ts'
import { isToolName, toolNameOf } from '../definitions/queries.ts'
import type { Flows } from '../types.ts'

/** Shorter than the time limit of a tool call. */
const waitMs = 90_000

/** The enabled flows of a workspace that declare `tool`, as tools. */
export function flowTools({ sql }: Database): ToolSource {
  return {
    connector: flowConnector,
    tools: async (workspaceId) => (await listFlows(sql, workspaceId)).flatMap((flow) => toolOf(flow) ?? []),
    async find(workspaceId, name) {
      const flow = isToolName(name) ? await findFlowTool(sql, workspaceId, name) : undefined
      return flow && toolOf(flow)
    },
    names: (workspaceId) => flowToolNames(sql, workspaceId),
  }
}

function toolOf(flow: FlowWithVersion): Tool | undefined {
  const { tool, description, name, id } = flow.definition
  if (!tool || !flow.enabled) return undefined
  const declared = tool === true ? {} : tool
  return {
    name: toolNameOf(flow.definition),
    aliases: [],
    connector: flowConnector,
    action: {
      title: name ?? id,
      description: declared.description ?? description ?? `Runs the flow ${id}. Returns what it gives.`,
      effect: declared.effect ?? 'write',
      idempotent: false,
      long: true,
      words: '',
      aliases: [],
      example: {},
      input: z.record(z.string(), z.unknown()),
      inputSchema: { ...parametersSchema(flow.definition) },
      output: z.unknown(),
    },
    origin: { kind: 'flow', flow: flow.id },
  }
}

/** Runs a flow that is called as a tool, and waits for its end. */
export function createFlowToolRunner(flows: Pick<Flows, 'trigger' | 'wait'>): ToolRunner<'flow'> {
  return async ({ flow }, { input, principal, idempotencyKey, step }) => {
    const started = await flows.trigger(principal, flow, {
      parameters: input as Record<string, unknown>,
      from: step,
      detail: { transport: 'tool', key: idempotencyKey ?? null },
    })
    const run = await flows.wait(principal.workspaceId, started.id, waitMs)
    if (run.status === 'completed') return run.outputs
    if (run.error) throw hubError('flow_failed', { detail: `the flow failed: ${run.error.message}`, hint: `GET /api/v1/runs/${run.id}` })
    return { run_id: run.id, status: run.status, outputs: run.outputs ?? null, error: null }
  }
}

const flowConnector = defineConnector({
  name: 'flow',
  title: 'Flow',
  description: 'Flows of this workspace that are tools.',
  connect: 'Nothing has to be connected.',
  builtIn: true,
  sendsTo: 'private',
  config: z.object({}),
  auth: [],
}).withActions({})
