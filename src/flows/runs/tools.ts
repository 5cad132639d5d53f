import { z } from 'zod'
import { defineConnector } from '#kit'
import { hubError } from '#errors'
import type { Tool } from '#tools'
import type { FlowWithVersion } from '../definitions/flow-store.ts'
import type { Flows } from '../types.ts'

/** Shorter than the time limit of a tool call. */
const waitMs = 90_000

/** The enabled flows that declare `tool`, as tools. */
export function flowTools(flows: Flows, rows: readonly FlowWithVersion[]): Tool[] {
  return rows.flatMap((flow) => {
    const { tool, description, name, parameters, id } = flow.definition
    if (!tool || !flow.enabled) return []
    const declared = tool === true ? {} : tool
    const own: Tool = {
      name: declared.name ?? `flow_${id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`,
      aliases: [],
      connector: flowConnector,
      action: {
        title: name ?? id,
        description: declared.description ?? description ?? `Runs the flow ${id}. Returns what it gives.`,
        effect: declared.effect ?? 'write',
        idempotent: false,
        aliases: [],
        example: {},
        input: z.record(z.string(), z.unknown()),
        inputSchema: { type: 'object', ...parameters },
        output: z.unknown(),
      },
      run: async ({ input, principal: { workspaceId }, idempotencyKey }) => {
        const started = await flows.launch(workspaceId, flow.id, {
          parameters: input as Record<string, unknown>,
          trigger: { kind: 'call', transport: 'tool', key: idempotencyKey ?? null },
        })
        const run = await flows.wait(workspaceId, started.id, waitMs)
        if (run.status === 'completed') return run.outputs
        if (run.error)
          throw hubError('flow_failed', { detail: `the flow failed: ${run.error.message}`, hint: `GET /api/v1/runs/${run.id}` })
        return { run_id: run.id, status: run.status, outputs: run.outputs ?? null, error: null }
      },
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
