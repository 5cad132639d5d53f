import { specTypeSchemas, type Server } from '@modelcontextprotocol/server'
import { deadline, within } from '#lib/clock'
import { mayCall } from '#tools'
import { sessionOf } from './call-tool.ts'
import type { McpCaller, McpDeps } from './types.ts'
import type { Resources } from './resources.ts'
import { isVisible } from './view.ts'

/** Completes what a person types: the keys of resources, and names of repositories, projects and channels where a connector looks them up. */
export interface Completion {
  serve(server: Server, caller: McpCaller): void
}

interface Deps extends Pick<McpDeps, 'tools'> {
  readonly resources: Pick<Resources, 'keys'>
}

interface Typed {
  readonly argument: string
  readonly typed: string
  readonly session: string | undefined
}

/** A person who types does not wait longer. */
const lookupMs = 3000
const maxValues = 100

export function createCompletion({ tools, resources }: Deps): Completion {
  /** The names that all connected systems give for the argument. A system that fails or is slow gives none. */
  const lookedUp = async ({ principal, view }: McpCaller, { argument, typed, session }: Typed): Promise<string[]> => {
    const found = tools.registry.all.flatMap((tool) => {
      const lookup = tool.origin.kind === 'action' ? tool.origin.action.lookup : undefined
      if (!lookup?.arguments.includes(argument) || !mayCall(principal, tool) || !isVisible(view, tool)) return []
      return [{ tool, lookup }]
    })
    const ask = async ({ tool, lookup }: (typeof found)[number]): Promise<readonly string[]> => {
      using limit = deadline(lookupMs)
      const asked = tools.invoke(principal, tool.name, lookup.input(typed), { transport: 'mcp', session, signal: limit.signal })
      return lookup.values((await asked).output)
    }
    const values = await Promise.all(
      found.map((one) =>
        within(
          lookupMs,
          ask(one).catch(() => []),
          [],
        ),
      ),
    )
    return values.flat()
  }

  return {
    serve(server, caller) {
      // With a schema of its own, what does not fit is answered as invalid parameters and not as a fault of the hub.
      const params = specTypeSchemas.CompleteRequestParams
      server.setRequestHandler('completion/complete', { params }, async ({ ref, argument }, { mcpReq: { _meta: meta = {} } }) => {
        const { name, value } = argument
        const known =
          ref.type === 'ref/resource'
            ? await resources.keys(caller, ref.uri)
            : await lookedUp(caller, { argument: name, typed: value, session: sessionOf(meta) })
        const fitting = [...new Set(known)].filter((one) => one.toLowerCase().includes(value.toLowerCase()))
        const startsSo = (one: string): number => Number(!one.toLowerCase().startsWith(value.toLowerCase()))
        const values = fitting.toSorted((a, b) => startsSo(a) - startsSo(b) || a.localeCompare(b)).slice(0, maxValues)
        return { completion: { values, total: fitting.length, hasMore: fitting.length > values.length } }
      })
    },
  }
}
