import type { FastifyRequest, RouteOptions } from 'fastify'
import { hubError, type HubError } from '#errors'

interface Path {
  readonly pattern: RegExp
  readonly methods: Set<string>
}

/** Says why nothing answers a request: there is no such path, or it takes other methods. */
export function createNothingHere(routes: readonly RouteOptions[]): (request: FastifyRequest) => HubError {
  let paths: Path[] | undefined
  return ({ method, url }) => {
    // Made at the first request, when all routes are there.
    paths ??= pathsOf(routes)
    const [path = ''] = url.split('?', 1)
    const allow = [...new Set(paths.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]))].toSorted()
    // A path that takes the method and still has no route has a part that is too long.
    if (allow.length === 0 || allow.includes(method)) return hubError('not_found', { detail: `nothing answers ${method} here` })
    return hubError('method_not_allowed', { detail: `this path takes no ${method}`, hint: `it takes ${allow.join(', ')}`, allow })
  }
}

function pathsOf(routes: readonly RouteOptions[]): Path[] {
  const byUrl = new Map<string, Path>()
  for (const { url, method } of routes) {
    // The preflight requests of browsers, at any path.
    if (url === '*') continue
    const path = byUrl.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    byUrl.set(url, path)
    for (const one of [method].flat()) path.methods.add(one)
  }
  return [...byUrl.values()]
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}
