import type { HubSettings, Route } from './types.ts'

export interface Prepared {
  readonly url: string
  readonly method: Route['method']
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Whether the hub recognises a repetition, or the request changes nothing twice. */
  readonly isRepeatable: boolean
}

type Input = Readonly<Record<string, unknown>>

/** The request of an operation. The token is added when it is sent. */
export function prepare(route: Route, given: object, { url, workspace }: HubSettings): Prepared {
  const { method, key } = route
  const input: Input = key === undefined ? { ...given } : { [key]: newKey(), ...defined({ ...given }) }
  const used = new Set([...route.query, ...Object.values(route.headers)])
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => {
    used.add(name)
    return segment(name, input[name])
  })
  const headers = Object.entries(route.headers).flatMap(([header, field]) =>
    input[field] === undefined ? [] : [[header, String(input[field])]],
  )
  const rest = Object.entries(input).filter(([name]) => !used.has(name))
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  const query = route.query.map((name): [string, unknown] => [name, input[name]])
  return {
    url: `${url.replace(/\/+$/, '')}${path}${queryOf(hasBody ? query : [...query, ...rest])}`,
    method,
    headers: {
      accept: 'application/json',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(workspace === undefined ? {} : { 'hub-workspace': workspace }),
      ...Object.fromEntries(headers),
    },
    body: hasBody ? JSON.stringify(Object.fromEntries(rest)) : undefined,
    isRepeatable: method === 'GET' || method === 'PUT' || key !== undefined,
  }
}

function queryOf(fields: readonly (readonly [string, unknown])[]): string {
  const query = new URLSearchParams()
  for (const [name, value] of fields) for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** A part of a path that cannot lead to another path. */
function segment(name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (text === '' || text === '.' || text === '..') throw new TypeError(`${name} must be a name or an id`)
  return encodeURIComponent(text)
}

function defined(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

/** Browsers have randomUUID only on pages that came over TLS. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
