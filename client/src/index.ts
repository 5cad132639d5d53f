import { agentFunctions, type AgentFunctions } from './agent.ts'
import { operationsOf, type Operations } from './generated/hub.ts'
import { routes } from './generated/routes.ts'
import { createSend } from './send.ts'
import type { HubSettings } from './types.ts'
import { createWatch } from './watch.ts'

export type { AgentFunctions, Definitions, RunToolOptions, ToolText } from './agent.ts'
export { HubError, type ClientErrorCode, type HubErrorFields } from './errors.ts'
export type { Operations } from './generated/hub.ts'
export type * from './generated/types.ts'
export { everyItem } from './pages.ts'
export type { HubSettings, Options, RunEvent } from './types.ts'

export interface Hub extends Operations, AgentFunctions {}

/** A hub’s API as functions: `hub.tools.call({ name, input })`. */
export function createHub(settings: HubSettings): Hub {
  const transport = { send: createSend(settings), watch: createWatch(settings) }
  return { ...operationsOf(transport), ...agentFunctions(transport, { list: routes['tools.list'], call: routes['tools.call'] }) }
}
