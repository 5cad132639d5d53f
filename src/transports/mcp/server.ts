import { Server, type McpRequestContext, type SubscriptionFilter } from '@modelcontextprotocol/server'
import { unknownIn } from '#tools'
import { mayCall } from '#tools'
import { maxWatchedResources, type Watched } from './changes.ts'
import { createCompletion } from './completion.ts'
import { createDefinitions } from './definitions.ts'
import { createPrompts } from './prompts.ts'
import { createResources } from './resources.ts'
import { createTasks, tasksExtension } from './tasks.ts'
import { createToolHandlers } from './tools.ts'
import type { McpCaller, McpDeps } from './types.ts'

export interface McpServers {
  /** What is wrong with what a caller asked to see. */
  problemWith(caller: McpCaller): Promise<string | undefined>
  /** The server of one request. What it answers is computed once for all callers with the same rights. */
  serverFor(caller: McpCaller, era: McpRequestContext['era']): Server
  /** What a stream of a caller watches. */
  watchedBy(caller: McpCaller, filter: SubscriptionFilter | undefined): Watched[]
}

const instructions = `The tools act on the systems that are connected to this hub, such as repositories, issue trackers and chats.
A call that needs a person's approval says so: repeat the same call after the approval. hub_list_integrations shows what is connected.`

/** How long a client may keep a list, in milliseconds. */
const kept = { ttlMs: 60_000, cacheScope: 'private' } as const

export function createMcpServer(deps: McpDeps, listTokens: number): McpServers {
  const { version } = deps
  const tasks = createTasks(deps)
  const definitions = createDefinitions(deps.tools)
  const tools = createToolHandlers({ ...deps, tasks, definitions }, listTokens)
  const resources = createResources(deps)
  const prompts = createPrompts(deps)
  const parts = [tools, resources, prompts, createCompletion({ ...deps, resources })]

  return {
    async problemWith({ principal, view }) {
      return view.toolset === undefined
        ? undefined
        : unknownIn(
            view.toolset,
            (await definitions.all(principal.workspaceId)).filter((tool) => mayCall(principal, tool)),
          )
    },

    serverFor(caller, era) {
      const isModern = era === 'modern'
      // A client of 2025 has no stream here on which changes could be told, and no tasks.
      const changes = isModern ? { listChanged: true } : {}
      const server = new Server(
        { name: 'integration-hub', title: 'IntegrationHub', version },
        {
          capabilities: {
            tools: changes,
            prompts: changes,
            resources: isModern ? { ...changes, subscribe: true } : {},
            completions: {},
            ...(isModern ? { extensions: { [tasksExtension]: {} } } : {}),
          },
          instructions,
          cacheHints: { 'tools/list': kept, 'prompts/list': kept, 'resources/templates/list': kept },
        },
      )
      for (const part of parts) part.serve(server, caller)
      if (isModern) tasks.serve(server, caller)
      return server
    },

    watchedBy(caller, filter) {
      if (!filter) return []
      const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions = [] } = filter
      return [
        ...(toolsListChanged ? [{ event: { kind: 'tools_list_changed' as const }, fingerprint: () => tools.fingerprint(caller) }] : []),
        ...(promptsListChanged
          ? [{ event: { kind: 'prompts_list_changed' as const }, fingerprint: () => prompts.fingerprint(caller) }]
          : []),
        ...(resourcesListChanged
          ? [{ event: { kind: 'resources_list_changed' as const }, fingerprint: () => resources.fingerprint(caller) }]
          : []),
        ...resourceSubscriptions
          .slice(0, maxWatchedResources)
          .map((uri) => ({ event: { kind: 'resource_updated' as const, uri }, fingerprint: () => resources.fingerprint(caller, uri) })),
      ]
    },
  }
}
