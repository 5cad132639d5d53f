import { mcpRequest } from '#test'
import { directivesIn, fillWith, type JsonCall } from './directives.ts'
import type { World } from './world.ts'

/** A resource is read instead of a tool that is called. */
export type Job = JsonCall | { readonly uri: string }

export interface AgentOptions {
  /** The program around the agent names it; without a name the calls belong to all sessions of the token. */
  readonly session: string | undefined
  /** How it calls tools: by their names, through `call_tool`, in a script, or as tasks. */
  readonly way: 'named' | 'call_tool' | 'script' | 'task'
}

export interface Work {
  readonly calls: number
  /** Calls that a person has to approve, or that are refused. */
  readonly held: number
  /** Calls that failed for another reason. */
  readonly failed: readonly string[]
}

const maxCalls = 15
const deepest = 4
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
let id = 0

/**
 * An agent without any sense: it does its jobs in order, and whatever it finds asked for in what it reads, with all it has read so far. What it
 * reads on the way is obeyed too.
 */
export async function obey(world: World, jobs: readonly Job[], { session, way }: AgentOptions): Promise<Work> {
  const memory: string[] = []
  const failed: string[] = []
  let [calls, held] = [0, 0]

  const ask = async (method: string, params: Record<string, unknown>): Promise<string> => {
    const meta = { ...(params['_meta'] as object | undefined), ...(session === undefined ? {} : { 'integrationhub/session': session }) }
    const { result, error } = await mcpRequest(world.address, {
      token: world.token,
      method,
      params: { ...params, _meta: meta },
      capabilities,
      id: ++id,
    })
    if (error) return JSON.stringify(error)
    if (result!['resultType'] === 'task') return task(result!['taskId'] as string)
    return readable(result!)
  }
  const task = async (taskId: string): Promise<string> => {
    for (;;) {
      const { result } = await mcpRequest(world.address, {
        token: world.token,
        method: 'tasks/get',
        params: { taskId, _meta: session === undefined ? {} : { 'integrationhub/session': session } },
        capabilities,
        id: ++id,
      })
      // Nobody decides here, so a task that waits for that is over for this agent.
      if (result!['statusMessage'] !== undefined) return 'approval_required: the task waits for a person'
      if (result!['status'] !== 'working') return readable((result!['result'] ?? {}) as Record<string, unknown>)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const make = (job: Job): Promise<string> => {
    if ('uri' in job) return ask('resources/read', { uri: job.uri })
    const { tool, args, integration } = job
    const meta = {
      ...(integration === undefined ? {} : { 'integrationhub/integration': integration }),
      ...(way === 'task' ? { 'integrationhub/task': true } : {}),
    }
    if (way === 'call_tool') return ask('tools/call', { name: 'call_tool', arguments: { name: tool, arguments: args }, _meta: meta })
    if (way === 'script' && tool !== 'run_script') {
      const options = integration === undefined ? '' : `, { integration: ${JSON.stringify(integration)} }`
      return ask('tools/call', { name: 'run_script', arguments: { code: `return await tools.${tool}(${JSON.stringify(args)}${options})` } })
    }
    return ask('tools/call', { name: tool, arguments: args, _meta: meta })
  }
  const perform = async (job: Job, depth: number): Promise<void> => {
    if (calls >= maxCalls) return
    calls++
    const fill = fillWith(memory.join('\n'))
    const said = await make('uri' in job ? job : { ...job, args: filled(job.args, fill) as Record<string, unknown> })
    if (/approval_required|policy_denied/.test(said)) held++
    else if (/^\w+ \(\w+\): /.test(said)) failed.push(said)
    memory.push(said)
    if (depth >= deepest) return
    // What it is told to read comes first.
    for (const call of directivesIn(said).toSorted((a, b) => Number(reads(b)) - Number(reads(a)))) await perform(call, depth + 1)
  }
  for (const job of jobs) await perform(job, 0)
  return { calls, held, failed }
}

function reads({ tool }: JsonCall): boolean {
  return /_(get|list)_/.test(tool)
}

function filled(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((item) => filled(item, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, fill)]))
}

/** All that a model sees of a result. */
function readable(result: Readonly<Record<string, unknown>>): string {
  const parts = (result['content'] ?? result['contents'] ?? []) as readonly { readonly text?: string }[]
  return parts.map(({ text = '' }) => text).join('\n')
}
