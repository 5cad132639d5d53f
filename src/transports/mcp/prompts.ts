import { specTypeSchemas, ProtocolError, ProtocolErrorCode, type Prompt, type Server } from '@modelcontextprotocol/server'
import { allows } from '#access'
import { digest } from '#lib/canonical'
import { operations } from '#operations'
import type { McpCaller, McpDeps } from './types.ts'

/** A flow of the hub as a prompt: it asks the agent to run the flow with these parameters, and to report. */
export interface Prompts {
  serve(server: Server, caller: McpCaller): void
  /** Differs when the list of prompts has changed. */
  fingerprint(caller: McpCaller): Promise<string>
}

interface PromptFlow {
  readonly id: string
  readonly name: string | null
  readonly description: string | null
  readonly parameters: Readonly<Record<string, unknown>> | null
}

interface Parameter {
  readonly name: string
  readonly type?: unknown
  readonly description?: unknown
  readonly required: boolean
}

export function createPrompts({ execute }: Pick<McpDeps, 'execute'>): Prompts {
  /** The flows that come with the hub. Those of users are tools where they want that. */
  const flowsOf = async ({ principal }: McpCaller): Promise<readonly PromptFlow[]> => {
    if (!allows(principal, operations.listFlows.scope)) return []
    const { items } = await execute({ principal, transport: 'mcp' }, operations.listFlows, {})
    return items.filter(({ origin, enabled }) => origin === 'bundled' && enabled)
  }
  const list = async (caller: McpCaller): Promise<Prompt[]> => (await flowsOf(caller)).map(promptOf)

  return {
    serve(server, caller) {
      server.setRequestHandler('prompts/list', async () => ({ prompts: await list(caller) }))
      // With a schema of its own, what does not fit is answered as invalid parameters and not as a fault of the hub.
      const params = specTypeSchemas.GetPromptRequestParams
      server.setRequestHandler('prompts/get', { params }, async ({ name, arguments: given = {} }) => {
        const flow = (await flowsOf(caller)).find(({ id }) => id === name)
        if (!flow) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no prompt "${name}"`)
        const problem = problemWith(flow, given)
        if (problem !== undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, problem)
        return {
          description: flow.description ?? flow.id,
          messages: [{ role: 'user', content: { type: 'text', text: textOf(flow, given) } }],
        }
      })
    },
    fingerprint: async (caller) => digest(await list(caller)),
  }
}

/** Of the JSON Schema that a flow declares. */
function parametersOf({ parameters }: PromptFlow): Parameter[] {
  const { properties = {}, required = [] } = (parameters ?? {}) as { properties?: Record<string, unknown>; required?: readonly string[] }
  return Object.entries(properties).map(([name, schema]) => {
    const { type, description, default: preset } = (schema ?? {}) as Readonly<Record<string, unknown>>
    return { name, type, description, required: required.includes(name) && preset === undefined }
  })
}

function promptOf(flow: PromptFlow): Prompt {
  const { id, name, description } = flow
  return {
    name: id,
    ...(name === null ? {} : { title: name }),
    ...(description === null ? {} : { description }),
    arguments: parametersOf(flow).map(({ name: parameter, description: meaning, required }) => ({
      name: parameter,
      ...(typeof meaning === 'string' ? { description: meaning } : {}),
      required,
    })),
  }
}

function problemWith(flow: PromptFlow, given: Readonly<Record<string, string>>): string | undefined {
  const parameters = parametersOf(flow)
  const unknown = Object.keys(given).find((name) => !parameters.some((parameter) => parameter.name === name))
  if (unknown !== undefined) return `the prompt "${flow.id}" has no argument "${unknown}"`
  const missing = parameters.find(({ name, required }) => required && given[name] === undefined)
  return missing && `the prompt "${flow.id}" needs the argument "${missing.name}"`
}

function textOf(flow: PromptFlow, given: Readonly<Record<string, string>>): string {
  const types = new Map(parametersOf(flow).map(({ name, type }) => [name, type]))
  const parameters = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, valueOf(text, types.get(name))]))
  return [
    `Run the flow "${flow.id}"${flow.description === null ? '.' : `: ${flow.description}`}`,
    `Call the tool hub_trigger_flow with ${JSON.stringify({ flow_id: flow.id, parameters })}.`,
    'Then call hub_get_run with the id of the run until the run has ended, and report its outputs, or the step that failed and its error.',
  ].join('\n')
}

/** Arguments of prompts are texts; a parameter may be a number or a list. */
function valueOf(text: string, type: unknown): unknown {
  if (type === undefined || type === 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
