import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { errorCatalogue, hubError, type ErrorCode, type FieldError, type HubError } from '#errors'
import type { loadConfig } from '#config'
import { serverSentEvents } from '#lib/server-sent-events'
import type { Operation, StreamEvent } from '#operations'
import { hubUrl, readLogins } from './stored-logins.ts'

/** A hub elsewhere, and whose rights a command has there. */
export interface RemoteHub {
  readonly url: string
  readonly token: string
  readonly workspace: string | undefined
}

type Loaded = ReturnType<typeof loadConfig>

/**
 * The hub elsewhere on which a command acts: that of `--url` or HUB_URL; or the one of the last `hub login`, where this folder has no hub of its
 * own. Undefined for the hub of this machine.
 */
export function remoteOf(command: Command, { config, origins }: Loaded): RemoteHub | undefined {
  const logins = readLogins(config)
  const isHere = config.DATABASE_URL !== undefined || origins.has('HUB_DATA_DIR') || existsSync(config.HUB_DATA_DIR)
  const named = namedUrl(command) ?? config.HUB_URL ?? (isHere ? undefined : logins.default)
  if (named === undefined) return undefined
  const url = hubUrl(named)
  const token = config.HUB_TOKEN ?? logins.hubs[url]?.token
  if (token === undefined)
    throw hubError('token_missing', { detail: `you are not signed in at ${url}`, hint: `run \`hub login ${url}\`, or set HUB_TOKEN` })
  const isGiven = command.getOptionValueSourceWithGlobals('workspace') === 'cli'
  return { url, token, workspace: isGiven ? command.optsWithGlobals<{ workspace: string }>().workspace : undefined }
}

export function namedUrl(command: Command): string | undefined {
  return command.opts<{ url?: string }>().url
}

/** Calls an operation of a hub elsewhere by its first route. A stream comes as its events. */
export async function callRemote(hub: RemoteHub, operation: Operation, input: object): Promise<unknown> {
  const [route] = operation.http
  if (!route)
    throw hubError('not_found', { detail: `${operation.name} is not offered to other machines; run the command where the hub runs` })
  const { method, path, query: inQuery = [], headers: inHeaders = {} } = route
  const used = new Set<string>()
  const fields = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const text = (name: string): string => String(fields.get(name))
  const place = path.replaceAll(/:(\w+)/g, (_, name: string) => {
    used.add(name)
    return encodeURIComponent(text(name))
  })
  const headers = Object.entries(inHeaders).flatMap(([header, field]) => {
    if (!fields.has(field)) return []
    used.add(field)
    return [[header, text(field)] as const]
  })
  const rest = [...fields].filter(([name]) => !used.has(name))
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  const isInQuery = (name: string): boolean => !hasBody || inQuery.includes(name)
  const query = new URLSearchParams()
  for (const [name, value] of rest) if (isInQuery(name)) for (const one of [value].flat()) query.append(name, String(one))
  const body = Object.fromEntries(rest.filter(([name]) => !isInQuery(name)))
  const response = await request(`${hub.url}${place}${query.size === 0 ? '' : `?${query.toString()}`}`, {
    method,
    headers: {
      accept: operation.stream ? 'text/event-stream' : 'application/json',
      authorization: `Bearer ${hub.token}`,
      ...(hub.workspace === undefined ? {} : { 'hub-workspace': hub.workspace }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...Object.fromEntries(headers),
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
    // A stream ends with the command.
    ...(operation.stream ? { signal: new AbortController().signal } : {}),
  })
  if (operation.stream && response.ok && response.body) return eventsIn(response.body)
  if (response.status === 204) return null
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer
  throw problemOf(hub, response.status, answer)
}

/** A request to a hub, without its redirects: the token goes where it belongs and nowhere else. */
export async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(120_000), ...init, redirect: 'manual' })
  } catch (error) {
    throw hubError('hub_unreachable', {
      detail: `${new URL(url).origin} does not answer`,
      hint: 'is the address right, and the hub running?',
      cause: error,
    })
  }
  if (response.status < 300 || response.status >= 400) return response
  throw hubError('hub_unreachable', { detail: `${new URL(url).origin} redirects; name the address where the hub itself answers` })
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  for await (const event of serverSentEvents(body)) yield { ...event, data: JSON.parse(event.data) as unknown }
}

interface Problem {
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly errors?: readonly FieldError[]
}

function problemOf({ url }: RemoteHub, status: number, answer: unknown): HubError {
  const { code = '', detail, hint, errors } = (answer ?? {}) as Problem
  const isOurs = Object.hasOwn(errorCatalogue, code)
  if (!isOurs) return hubError('hub_unreachable', { detail: `${url} answered ${status}, and not as a hub does` })
  const next = status === 401 ? `run \`hub login ${url}\`` : hint
  return hubError(code as ErrorCode, {
    ...(detail === undefined ? {} : { detail }),
    ...(next === undefined ? {} : { hint: next }),
    ...(errors === undefined ? {} : { errors }),
  })
}
