import { operations, type Operation } from '#operations'
import type { Schema } from './values.ts'

export interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly schema: Schema
}

export interface Route {
  readonly method: string
  /** With `{name}` where a parameter stands. */
  readonly path: string
  /** Routes of one subject are asked as often as those of another. */
  readonly subject: string
  readonly parameters: readonly Parameter[]
  readonly body?: { readonly schema: Schema; readonly example: unknown } | undefined
}

interface Described {
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema & { readonly example?: unknown } } } }
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: { readonly Problem: Record<string, unknown> } }
}

/** What `/openapi.json` does not describe. */
const hidden = [
  '/openapi.json',
  '/asyncapi.json',
  '/docs',
  '/docs/',
  '/docs/js/scalar.js',
  '/docs/errors',
  '/',
  '/nothing',
  '/api/v1',
  '/api/v1/nothing/{id}',
]

/** Its messages are made in `mcp.ts`. */
const mcp: Route = { method: 'POST', path: '/mcp', subject: 'MCP', parameters: [] }

/** Every route of the hub: the operations, a path for each tool, the webhooks, the older paths and what serves operators. */
export function routesOf({ paths }: Document): Route[] {
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags, parameters = [], requestBody }]): Route => {
      const schema = requestBody?.content['application/json'].schema
      return {
        method: method.toUpperCase(),
        path,
        subject: tags[0]!.startsWith('Tools of') ? 'every tool' : tags[0]!,
        parameters,
        body: schema && { schema, example: schema.example },
      }
    }),
  )
  return [...described, ...hidden.map((path): Route => ({ method: 'GET', path, subject: 'not described', parameters: [] })), mcp]
}

/** Which routes of operations are not among these. */
export function missingOperations(routes: readonly Route[]): string[] {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`))
  const all: readonly Operation[] = Object.values(operations)
  return all
    .flatMap(({ http }) => http.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`))
    .filter((route) => !known.has(route))
}
