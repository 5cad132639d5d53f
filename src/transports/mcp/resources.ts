import {
  specTypeSchemas,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type Resource,
  type Server,
} from '@modelcontextprotocol/server'
import { allows } from '#access'
import { HubError } from '#errors'
import { digest } from '#lib/canonical'
import { withoutHidden } from '#lib/hidden-text'
import { operations, type Caller } from '#operations'
import { sessionOf } from './call-tool.ts'
import type { McpCaller, McpDeps } from './types.ts'

/** A kind of thing in the hub: a list of the newest, and each of them. */
interface Kind {
  readonly title: string
  readonly description: string
  readonly scope: string
  /** The field of an item that its URI names. */
  readonly key: 'id' | 'name'
  list(caller: Caller): Promise<{ readonly items: readonly object[] }>
  get(caller: Caller, key: string): Promise<unknown>
}

export interface Resources {
  serve(server: Server, caller: McpCaller): void
  /** Differs when the resource, or without a URI the list of resources, has changed. */
  fingerprint(caller: McpCaller, uri?: string): Promise<string>
  /** The keys that may stand in the URI of a template. */
  keys(caller: McpCaller, template: string): Promise<readonly string[]>
}

const scheme = 'hub://'
const mimeType = 'application/json'
const shown = 50

export function createResources({ execute, tools }: Pick<McpDeps, 'execute' | 'tools'>): Resources {
  const kinds: Readonly<Record<string, Kind>> = {
    integrations: {
      title: 'Integrations',
      description: 'The connected systems, with their settings and health.',
      scope: operations.listIntegrations.scope,
      key: 'name',
      list: (caller) => execute(caller, operations.listIntegrations, {}),
      get: (caller, id) => execute(caller, operations.getIntegration, { id }),
    },
    approvals: {
      title: 'Approvals',
      description: 'Calls that wait for the decision of a person, and decisions of the past.',
      scope: operations.listApprovals.scope,
      key: 'id',
      list: (caller) => execute(caller, operations.listApprovals, { limit: shown }),
      get: (caller, id) => execute(caller, operations.getApproval, { id }),
    },
    runs: {
      title: 'Runs',
      description: 'The newest runs of flows, and how far each has come.',
      scope: operations.listRuns.scope,
      key: 'id',
      list: (caller) => execute(caller, operations.listRuns, { limit: shown }),
      get: (caller, id) => execute(caller, operations.getRun, { id }),
    },
    events: {
      title: 'Events',
      description: 'The newest events from outside and of the hub itself.',
      scope: operations.listEvents.scope,
      key: 'id',
      list: (caller) => execute(caller, operations.listEvents, { limit: shown }),
      get: (caller, id) => execute(caller, operations.getEvent, { id }),
    },
  }
  const visible = ({ principal }: McpCaller): [string, Kind][] => Object.entries(kinds).filter(([, { scope }]) => allows(principal, scope))

  const listed = (caller: McpCaller): Resource[] =>
    visible(caller).map(([name, { title, description }]) => ({
      uri: `${scheme}${name}`,
      name,
      title,
      description,
      mimeType,
    }))

  const read = async ({ principal }: McpCaller, uri: string): Promise<unknown> => {
    const [, name = '', key] = /^hub:\/\/([a-z]+)(?:\/([^/?#]+))?$/.exec(uri) ?? []
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (!kind) throw new ResourceNotFoundError(uri)
    const caller: Caller = { principal, transport: 'mcp' }
    try {
      return key === undefined ? await kind.list(caller) : await kind.get(caller, decoded(key))
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      const { kind: problem } = error.entry
      if (problem === 'not_found' || problem === 'validation') throw new ResourceNotFoundError(uri)
      throw new ProtocolError(problem === 'internal' ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams, error.message)
    }
  }

  return {
    serve(server, caller) {
      server.setRequestHandler('resources/list', () => ({ resources: listed(caller) }))
      server.setRequestHandler('resources/templates/list', () => ({
        resourceTemplates: visible(caller).map(([name, { title, description, key }]) => ({
          uriTemplate: templateOf(name, key),
          name: `${name}-one`,
          title: `${title}: one of them`,
          description,
          mimeType,
        })),
      }))
      // With a schema of its own, what does not fit is answered as invalid parameters and not as a fault of the hub.
      const params = specTypeSchemas.ReadResourceRequestParams
      server.setRequestHandler('resources/read', { params }, async ({ uri }, { mcpReq: { _meta: meta = {} } }) => {
        const found = await read(caller, uri)
        // Events, runs and approvals repeat what others wrote.
        await tools.recordRead({ principal: caller.principal, session: sessionOf(meta) }, {})
        return { contents: [{ uri, mimeType, text: JSON.stringify(withoutHidden(found).value) }] }
      })
    },

    fingerprint: async (caller, uri) => digest(uri === undefined ? listed(caller) : await stateOf(read(caller, uri))),

    async keys(caller, template) {
      const found = visible(caller).find(([name, { key }]) => templateOf(name, key) === template)
      if (!found) return []
      const [, { key, list }] = found
      const { items } = await list({ principal: caller.principal, transport: 'mcp' })
      return items.map((item) => String((item as Readonly<Record<string, unknown>>)[key]))
    },
  }
}

function templateOf(name: string, key: string): string {
  return `${scheme}${name}/{${key}}`
}

/** What does not exist may come to exist, and what exists may vanish. */
async function stateOf(reading: Promise<unknown>): Promise<unknown> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof ResourceNotFoundError) return null
    throw error
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
