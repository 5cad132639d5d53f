import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server'
import type { Principal } from '#access'
import { HubError } from '#errors'
import { digest } from '#lib/canonical'
import { newId } from '#lib/ids'
import type { Telemetry } from '#telemetry'
import type { InvokeOptions, Tool, Tools } from '#tools'
import { failureOf, resultOf } from './results.ts'

/** What a client may say about a call beside its arguments, in `_meta`. */
const metaNames = {
  idempotencyKey: 'integrationhub/idempotency-key',
  integration: 'integrationhub/integration',
  approval: 'integrationhub/approval',
  session: 'integrationhub/session',
} as const

/** Of what is said in `_meta`. */
const longest = 255

/** For this time the same call of the same client counts as a repetition, which acts once. */
const repetitionMs = 60_000

export interface ToolCall {
  readonly principal: Principal
  readonly tool: Tool
  readonly args: Record<string, unknown>
  readonly meta: Readonly<Record<string, unknown>>
  /** Whether the tool's results have structure. A client checks it, so what is not as documented is in the text only. */
  readonly hasStructure: boolean
  /** The id that the client gave the request. */
  readonly requestId: string | number
  readonly signal: AbortSignal
  readonly onProgress?: InvokeOptions['onProgress']
}

export interface CallTool {
  /** Calls a tool for a model: every failure that the model can react to is a result that says what to do. */
  (call: ToolCall): Promise<CallToolResult>
}

type Deps = Pick<Telemetry, 'logger'> & { readonly tools: Pick<Tools, 'invoke'> & KnownKeys }
export type KnownKeys = Pick<Tools, 'isKnownKey'>

export function createCallTool({ tools, logger }: Deps): CallTool {
  return async (call) => {
    try {
      const { principal, tool, args } = call
      return resultOf(await tools.invoke(principal, tool.name, args, await optionsOf(tools, call)), call)
    } catch (error) {
      return failed(logger, error)
    }
  }
}

/** The result of a call that failed; other errors than those of the hub are thrown again. */
export function failed(logger: Telemetry['logger'], error: unknown): CallToolResult {
  if (!(error instanceof HubError)) throw error
  return failureOf(error, reported(logger, error))
}

/** Logs an internal error and returns the id under which it is found. */
export function reported(logger: Telemetry['logger'], error: HubError): string | undefined {
  if (error.entry.kind !== 'internal') return undefined
  const id = newId('req')
  logger.error({ request_id: id, err: error, code: error.code }, 'a tool call over MCP failed')
  return id
}

export async function optionsOf(tools: KnownKeys, call: ToolCall): Promise<InvokeOptions> {
  const { tool, meta, signal, onProgress } = call
  return {
    transport: 'mcp',
    integration: textIn(meta, metaNames.integration),
    approval: textIn(meta, metaNames.approval),
    session: sessionOf(meta),
    idempotencyKey: tool.action.effect === 'read' ? statedKey(meta) : await keyOf(tools, { ...call, name: tool.name }),
    signal,
    onProgress,
  }
}

interface Asked extends Pick<ToolCall, 'principal' | 'args' | 'meta' | 'requestId'> {
  /** Of the tool. */
  readonly name: string
  /** What the first key that the journal has of it ends with, if it makes several calls. */
  readonly part?: string
}

/**
 * The key that the client states. Without one: a client that gets no answer sends the same request again, with the same id, and this key makes
 * that harmless. It holds for a minute, because a new connection of the same client counts its requests from the beginning.
 */
export async function keyOf(tools: KnownKeys, { principal, name, args, meta, requestId, part = '' }: Asked): Promise<string> {
  const stated = statedKey(meta)
  if (stated !== undefined) return stated
  const { workspaceId, kind } = principal
  // Each app of a person counts its requests by itself.
  const id = principal.app?.grantId ?? principal.id
  const integration = textIn(meta, metaNames.integration) ?? null
  const request = digest({ kind, id, tool: name, args, integration, requestId })
  const minute = Math.floor(Date.now() / repetitionMs)
  const before = `mcp:${request}:${minute - 1}`
  return (await tools.isKnownKey(workspaceId, before + part)) ? before : `mcp:${request}:${minute}`
}

/** Of the conversation, where the hub follows what sessions read. */
export function sessionOf(meta: ToolCall['meta']): string | undefined {
  return textIn(meta, metaNames.session)
}

function statedKey(meta: ToolCall['meta']): string | undefined {
  return textIn(meta, metaNames.idempotencyKey)
}

function textIn(meta: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = meta[name]
  if (typeof value !== 'string' || value === '') return undefined
  // Two keys must not become one.
  if (value.length > longest)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${name} in _meta has more than ${longest} characters`)
  return value
}
