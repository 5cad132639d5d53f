import { operations, type Operation } from '#operations'
import type { HubUnderTest } from './exercises.ts'

const all: readonly Operation[] = Object.values(operations)
/** Of each list. More would show the same fields. */
const most = 40

/** What has a trace. */
const traced = ['runs', 'events', 'invocations', 'approvals', 'deliveries'].map((name) => `/api/v1/${name}`)

/** The queries of routes that answer nothing without one. */
const needed: ReadonlyMap<string, string> = new Map([
  ['/api/v1/events/since', '?after='],
  ['/api/v1/search', '?q=secret'],
])

/** Asks everything that can be read: every list, and each thing in it. Resolves to the routes that answered with a success. */
export async function readEverything(hub: HubUnderTest): Promise<string[]> {
  const answered = new Set<string>()
  const ids = new Map<string, readonly string[]>()
  const idsOf = async (list: string): Promise<readonly string[]> => {
    const known = ids.get(list)
    if (known) return known
    const { json } = await hub.call('GET', list)
    const items = (json['items'] ?? []) as { id?: string; name?: string }[]
    const found = items.map(({ id, name }) => id ?? name ?? '').slice(0, most)
    ids.set(list, found)
    return found
  }
  for (const { http, stream } of all)
    for (const { method, path } of http) {
      // Runs that are followed have ended by now or wait for days.
      if (method !== 'GET' || stream) continue
      const [before, parameter, after = ''] = path.split(/(:\w+)/)
      const list = parameter === ':hook' || before!.startsWith('/api/integrations/') ? '/api/v1/integrations' : before!.replace(/\/$/, '')
      const lists = before === '/api/v1/traces/' ? traced : [list]
      const found = parameter === undefined ? [] : (await Promise.all(lists.map(idsOf))).flat()
      const paths = parameter === undefined ? [path] : found.map((id) => `${before}${encodeURIComponent(id)}${after}`)
      for (const each of paths) {
        const { status } = await hub.call('GET', `${each}${needed.get(path) ?? ''}`)
        if (status < 300) answered.add(path)
      }
    }
  await readOverTrpc(hub)
  return [...answered]
}

/** The same lists as procedures, and the errors of what asks for one thing. */
async function readOverTrpc(hub: HubUnderTest): Promise<void> {
  for (const { name, http, effect, stream, example } of all) {
    if (effect !== 'read' || stream || http.length === 0) continue
    const { status, json } = await hub.call('GET', `/trpc/${name}?input=${encodeURIComponent(JSON.stringify(example))}`)
    if (status < 300 && !('result' in json)) throw new Error(`/trpc/${name} answered without a result`)
  }
}

/** Nothing lists the first; `oauth.ts` reads it. There are no documents, because the outside system refuses everything. */
const unlisted: ReadonlySet<string> = new Set([
  '/api/v1/connections/:id',
  ...['', '/outline', '/chunks'].map((part) => `/api/v1/documents/:id${part}`),
])

/** The routes that `readEverything` has to reach. */
export const readRoutes: readonly string[] = all.flatMap(({ http, stream }) =>
  http.filter(({ method, path }) => method === 'GET' && !stream && !unlisted.has(path)).map(({ path }) => path),
)
