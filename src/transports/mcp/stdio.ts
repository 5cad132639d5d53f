import { serverSentEvents } from '#lib/server-sent-events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { ProtocolErrorCode } from '@modelcontextprotocol/server'
import { hubError } from '#errors'
import type { McpMessage } from './handler.ts'

/** Answers a message as an HTTP server would: the hub of this process, or one that runs elsewhere. */
export type Send = (message: McpMessage) => Promise<Response>

export interface Stdio {
  readonly input: Readable
  readonly output: Writable
}

interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: {
    readonly requestId?: string | number
    readonly name?: string
    readonly uri?: string
    readonly taskId?: string
    readonly _meta?: Readonly<Record<string, unknown>>
  }
}

const versionKey = 'io.modelcontextprotocol/protocolVersion'
/** A client that has closed its side waits for no more than this. */
const endMs = 5000

/**
 * Serves a client that writes one message in a line. Each is sent as a request of its own, so that both ways in behave alike. Returns when the
 * client has closed its side.
 */
export async function serveStdio({ input, output }: Stdio, send: Send): Promise<void> {
  const waiting = new Map<string | number, AbortController>()
  const answering = new Set<Promise<void>>()
  // What a client of 2025 agreed on at the beginning; newer ones say it in each message.
  let agreed: string | undefined

  const write = (message: unknown): void => void output.write(`${JSON.stringify(message)}\n`)
  const fail = (id: string | number | undefined, code: number, message: string): void => {
    if (id !== undefined) write({ jsonrpc: '2.0', id, error: { code, message } })
  }

  const answer = async (message: Message, body: string): Promise<void> => {
    const { id, method } = message
    const controller = new AbortController()
    if (id !== undefined) waiting.set(id, controller)
    try {
      const response = await send({ headers: headersOf(message, agreed), body, signal: controller.signal })
      for await (const reply of messagesOf(response)) {
        if (method === 'initialize') agreed = versionIn(reply) ?? agreed
        if (!controller.signal.aborted) write(reply)
      }
    } catch (error) {
      // A client that cancelled expects no answer.
      if (!controller.signal.aborted)
        fail(id, ProtocolErrorCode.InternalError, error instanceof Error ? error.message : 'the hub did not answer')
    } finally {
      if (id !== undefined) waiting.delete(id)
    }
  }

  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line.trim() === '') continue
    const message = parsed(line)
    if (message === undefined) {
      write({ jsonrpc: '2.0', id: null, error: { code: ProtocolErrorCode.ParseError, message: 'a line is not one JSON-RPC message' } })
      continue
    }
    if (message.method === 'notifications/cancelled') waiting.get(message.params?.requestId ?? '')?.abort()
    const work = answer(message, line)
    answering.add(work)
    void work.finally(() => answering.delete(work))
    // The version that follows from it holds for the next message.
    if (message.method === 'initialize') await work
  }
  const ended = setTimeout(() => [...waiting.values()].forEach((controller) => controller.abort()), endMs)
  await Promise.all(answering)
  clearTimeout(ended)
}

/** Sends messages to a hub that runs elsewhere. */
export function sendTo(url: string, token: string): Send {
  return async ({ headers, body, signal }) => {
    headers.set('authorization', `Bearer ${token}`)
    return await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' }).catch((error: unknown) => {
      throw signal.aborted ? error : hubError('not_found', { detail: `the hub at ${url} cannot be reached`, cause: error })
    })
  }
}

function parsed(line: string): Message | undefined {
  const message = jsonIn(line)
  return Array.isArray(message) ? undefined : message
}

function jsonIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function headersOf({ method, params }: Message, agreed: string | undefined): Headers {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' })
  const { _meta: meta = {}, name, uri, taskId } = params ?? {}
  const stated = meta[versionKey]
  const version = typeof stated === 'string' ? stated : agreed
  if (version !== undefined && method !== 'initialize') headers.set('mcp-protocol-version', inHeader(version))
  if (typeof stated !== 'string' || method === undefined) return headers
  headers.set('mcp-method', inHeader(method))
  const subject = name ?? uri ?? taskId
  if (typeof subject === 'string') headers.set('mcp-name', inHeader(subject))
  return headers
}

/** As the specification says for values that a header cannot hold. */
function inHeader(value: string): string {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?base64?')
    ? value
    : `=?base64?${Buffer.from(value).toString('base64')}?=`
}

function versionIn(reply: unknown): string | undefined {
  const version = (reply as { result?: { protocolVersion?: unknown } }).result?.protocolVersion
  return typeof version === 'string' ? version : undefined
}

/** The messages of an answer: one, or those of a stream. */
async function* messagesOf(response: Response): AsyncGenerator {
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    if (response.body) for await (const { data } of serverSentEvents(response.body)) yield JSON.parse(data)
    return
  }
  const text = await response.text()
  if (text === '') return
  const reply: { readonly jsonrpc?: unknown; readonly code?: unknown; readonly detail?: unknown } | undefined = jsonIn(text)
  // A proxy may answer with a page of its own.
  if (reply === undefined) throw new Error(`the hub answered ${response.status} without JSON`)
  if (reply.jsonrpc !== undefined) yield reply
  else throw new Error(`${String(reply.code)}: ${String(reply.detail)}`)
}
