import type { Credentials } from '#credentials'
import type { Expressions } from '#expressions'
import { hubError, HubError } from '#errors'
import type { Egress } from '#http'
import { deadline, type Clock } from '#lib/clock'
import { retryAfterMs } from '#lib/retry-after'
import { timeoutMs } from './schedule.ts'
import { liveSecrets, signedHeaders } from './signing.ts'

/** What is sent, and to where. */
export interface Message {
  /** The same for all attempts, so that receivers recognize a repeated delivery. */
  readonly id: string
  readonly workspaceId: string
  readonly url: string
  readonly credential: string
  readonly transform: string | null
  /** The CloudEvent, as JSON. */
  readonly event: string
}

export interface Sent {
  readonly ok: boolean
  readonly at: Date
  readonly ms: number
  readonly status?: number
  readonly error?: string
  readonly retryAfterMs?: number
  /** False if the hub failed before it sent a request. */
  readonly asked: boolean
  readonly request: Record<string, unknown>
  readonly response?: Record<string, unknown>
}

export interface SendDeps {
  readonly credentials: Pick<Credentials, 'read'>
  readonly egress: Pick<Egress, 'dispatcher' | 'assertUrl'>
  readonly expressions: Pick<Expressions, 'evaluate'>
  readonly clock: Clock
}

export type Send = (message: Message, signal?: AbortSignal) => Promise<Sent>

const transformMs = 1000
/** How much of request and response bodies is stored. */
const shownBytes = 16 * 1024
const maxHeaders = 50
const longestHeader = 1000

/**
 * Makes one attempt. Problems of the receiver or of the endpoint's settings are returned as a result. Problems of the hub (no database, no
 * Vault, a shutdown) are thrown and do not count as an attempt.
 */
export function createSend({ credentials, egress, expressions, clock }: SendDeps): Send {
  const bodyOf = async ({ workspaceId, transform, event }: Message): Promise<{ body: Buffer; type: string }> => {
    if (transform === null) return { body: Buffer.from(event), type: 'application/cloudevents+json; charset=utf-8' }
    const made: unknown = await expressions.evaluate(
      transform,
      { event: JSON.parse(event) as unknown },
      { workspaceId, timeoutMs: transformMs },
    )
    if (made === undefined) throw hubError('expression_failed', { detail: 'the transformation returned nothing for this event' })
    return { body: Buffer.from(JSON.stringify(made)), type: 'application/json; charset=utf-8' }
  }

  return async (message, signal) => {
    const at = clock.now()
    const began = performance.now()
    const since = (): number => Math.round(performance.now() - began)
    const request: Record<string, unknown> = { method: 'POST', url: message.url }
    let headers: Record<string, string>
    let body: Buffer
    try {
      const made = await bodyOf(message)
      body = made.body
      request['body'] = shown(body)
      const secrets = liveSecrets(await credentials.read(message.workspaceId, message.credential), at.getTime())
      if (secrets.length === 0)
        throw hubError('credential_missing', { detail: 'the signing secret is missing; rotate it to create a new one' })
      headers = {
        'content-type': made.type,
        'user-agent': 'integration-hub',
        accept: '*/*',
        ...signedHeaders(secrets, { id: message.id, body, now: at.getTime() }),
      }
      request['headers'] = headers
    } catch (error) {
      if (!(error instanceof HubError) || error.entry.retryable || error.entry.kind === 'internal') throw error
      return { ok: false, at, ms: since(), error: error.message, asked: false, request }
    }

    const url = new URL(message.url)
    using limit = deadline(timeoutMs, signal)
    try {
      egress.assertUrl(url)
      const answer = await egress.dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers,
        body,
        signal: limit.signal,
      })
      const { statusCode: status } = answer
      const flat = flatten(answer.headers)
      const said = await beginningOf(answer.body)
      const response = { status, headers: shownHeaders(flat), body: said }
      const wait = retryAfterMs(flat['retry-after'], clock.millis())
      const known = { at, ms: since(), status, asked: true, request, response }
      if (status >= 200 && status < 300) return { ok: true, ...known }
      return { ok: false, ...known, error: `it answered ${status}${more(status)}`, ...(wait === undefined ? {} : { retryAfterMs: wait }) }
    } catch (error) {
      if (signal?.aborted) throw error
      return { ok: false, at, ms: since(), error: whyNot(error, limit.expired), asked: true, request }
    }
  }
}

function more(status: number): string {
  if (status >= 300 && status < 400) return ': redirects are not followed; set the endpoint to the address of the redirect'
  return status === 410 ? ': the receiver wants no more deliveries' : ''
}

function whyNot(error: unknown, expired: boolean): string {
  const cause = (error as Error).cause
  const known = error instanceof HubError ? error : cause instanceof HubError ? cause : undefined
  if (known) return `${known.code}: ${known.message}`
  if (expired) return `it did not answer within ${timeoutMs / 1000} s`
  const code = (error as NodeJS.ErrnoException).code ?? (cause as NodeJS.ErrnoException | undefined)?.code
  return `it cannot be reached (${code ?? 'the connection failed'})`
}

/** Reads the beginning of the body only, because the status alone decides whether the attempt succeeded. */
async function beginningOf(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown; on(name: 'error', listener: () => void): unknown },
): Promise<string> {
  // A body that is destroyed on purpose emits an error later.
  body.on('error', () => undefined)
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of body) {
      parts.push(part)
      size += part.length
      if (size >= shownBytes) break
    }
  } catch {
    // The part that was received is shown.
  }
  if (size >= shownBytes) body.destroy()
  return shown(Buffer.concat(parts))
}

/** Converts to text that PostgreSQL can store: without NUL and lone surrogates. */
function shown(bytes: Buffer): string {
  const text = bytes.subarray(0, shownBytes).toString('utf8').replaceAll('\0', '\uFFFD').toWellFormed()
  return bytes.length > shownBytes ? `${text}…` : text
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat().join(', ')]))
}

function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).slice(0, maxHeaders)
  return Object.fromEntries(kept.map(([name, value]) => [name, shown(Buffer.from(value.slice(0, longestHeader)))]))
}
