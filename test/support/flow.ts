import type { RunDetail, RunRow } from '#flows'
import { servedHub, type ServedHub } from './served.ts'

export interface TestFlow {
  readonly id: string
  start(parameters?: Record<string, unknown>): Promise<RunRow>
  /** Starts a run and returns it when it has ended. */
  run(parameters?: Record<string, unknown>): Promise<RunDetail>
}

export interface FlowBench extends ServedHub {
  readonly workspaceId: string
  /** Saves a flow under a new id. */
  flow(yaml: string): Promise<TestFlow>
  /** The run when it has ended. */
  ended(runId: string): Promise<RunDetail>
  /** The run as it is now. */
  current(runId: string): Promise<RunDetail>
  /** The number of writes to the outside system, by path. */
  writes(path: string): number
}

let count = 0

/** Helpers for tests that run their own flows on the shared serving hub. */
export async function flowBench(): Promise<FlowBench> {
  const served = await servedHub()
  const { operator, outside } = served
  const { flows } = served.hub
  const { workspaceId } = operator
  const ended = async (runId: string): Promise<RunDetail> => {
    await flows.wait(workspaceId, runId, 20_000)
    return flows.run(workspaceId, runId)
  }
  return {
    ...served,
    workspaceId,
    ended,
    current: (runId) => flows.run(workspaceId, runId),
    writes: (path) => outside.seen.filter(({ what }) => what === `POST ${path}`).length,
    async flow(yaml) {
      const id = `bench-${(count += 1)}`
      await flows.save(operator, `id: ${id}\n${yaml}`)
      const start = (parameters: Record<string, unknown> = {}): Promise<RunRow> => flows.trigger(operator, id, { parameters })
      return { id, start, run: async (parameters) => ended((await start(parameters)).id) }
    },
  }
}
