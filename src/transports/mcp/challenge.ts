import { z } from 'zod'
import { allows } from '#access'
import { operations } from '#operations'
import type { Tools } from '#tools'
import type { McpCaller } from './types.ts'
import { isVisible } from './view.ts'

/** The scopes that a message needs and its app was not allowed, though its person could. Then the client may ask the person (step-up). */
export interface Missing {
  /** What to ask for: what the app has, and what it needs. */
  readonly scope: string
}

const messageSchema = z.object({
  method: z.enum(['tools/call', 'resources/read', 'prompts/get']),
  params: z.object({
    name: z.string().max(200).optional(),
    uri: z.string().max(2000).optional(),
    arguments: z.object({ name: z.string().max(200).optional() }).optional(),
  }),
})

const resourceScopes: Readonly<Record<string, string>> = {
  integrations: operations.listIntegrations.scope,
  approvals: operations.listApprovals.scope,
  runs: operations.listRuns.scope,
  events: operations.listEvents.scope,
}

type Asking = Pick<McpCaller, 'principal' | 'view'>

/** Looks at a message of an app. */
export async function missingScope(tools: Pick<Tools, 'find'>, asking: Asking, body: string): Promise<Missing | undefined> {
  const { principal } = asking
  const { app } = principal
  const message = app && messageIn(body)
  if (!message) return undefined
  const needed = (await neededBy(tools, asking, message)).filter((scope) => !allows(principal, scope))
  const person = { ...principal, scopes: app.rights }
  if (needed.length === 0 || !needed.every((scope) => allows(person, scope))) return undefined
  return { scope: [...new Set([...principal.scopes, ...needed])].join(' ') }
}

type Message = z.output<typeof messageSchema>

function messageIn(body: string): Message | undefined {
  // Faults in it are answered as JSON-RPC says.
  try {
    return messageSchema.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}

async function neededBy(tools: Pick<Tools, 'find'>, { principal, view }: Asking, { method, params }: Message): Promise<readonly string[]> {
  if (method === 'prompts/get') return [operations.listFlows.scope]
  if (method === 'resources/read') {
    const [, kind = ''] = /^hub:\/\/(\w+)/.exec(params.uri ?? '') ?? []
    return [resourceScopes[kind]].filter((scope) => scope !== undefined)
  }
  const name = params.name === 'call_tool' ? params.arguments?.name : params.name
  // A tool that does not exist is answered as such.
  const tool = name === undefined ? undefined : await tools.find(principal.workspaceId, name).catch(() => undefined)
  if (!tool || !isVisible(view, tool)) return []
  const mayCall = [tool.connector.name, tool.name].some((one) => allows(principal, `tools:call:${one}`))
  return [...(mayCall ? [] : [`tools:call:${tool.name}`]), ...(tool.scope === undefined ? [] : [tool.scope])]
}
