import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Principal } from '#access'
import { HubError } from '#errors'
import { digest } from '#lib/canonical'
import type { Invoke, Outcome, Tool, Tools } from '#tools'

/** What a client may say about a call beside its arguments, in `_meta`. */
const metaNames = {
  idempotencyKey: 'integrationhub/idempotency-key',
  integration: 'integrationhub/integration',
  approval: 'integrationhub/approval',
} as const

/** For this time the same call of the same client counts as a repetition, which acts once. */
const repetitionMs = 60_000

export interface ToolCallRequest {
  readonly principal: Principal
  readonly tool: Tool
  readonly args: Record<string, unknown>
  readonly meta: Readonly<Record<string, unknown>>
  /** Whether the tool's results have structure. A client checks it, so what is not as documented is in the text only. */
  readonly hasStructure: boolean
  /** The id that the client gave the request. */
  readonly requestId: string | number
  readonly signal: AbortSignal
}

export interface CallToolDeps {
  readonly invoke: Invoke
  readonly isKnownKey: Tools['isKnownKey']
  readonly now: () => number
  /** Logs an internal error and returns the id under which it is found. */
  report(error: HubError): string
}

/** Calls a tool for a model: every failure that the model can react to is a result that says what to do. */
export function createCallTool(deps: CallToolDeps) {
  return async (request: ToolCallRequest): Promise<CallToolResult> => {
    const { principal, tool, args, meta, signal } = request
    try {
      const outcome = await deps.invoke(principal, tool.name, args, {
        transport: 'mcp',
        integration: textIn(meta, metaNames.integration),
        approval: textIn(meta, metaNames.approval),
        idempotencyKey: textIn(meta, metaNames.idempotencyKey) ?? (await defaultKey(request)),
        signal,
      })
      return resultOf(outcome, request.hasStructure)
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      return failure(error, error.entry.kind === 'internal' ? deps.report(error) : undefined)
    }
  }

  /**
   * A client that gets no answer sends the same request again, with the same id. The key makes that harmless. It holds for a minute, because a
   * new connection of the same client counts its requests from the beginning.
   */
  async function defaultKey({ principal, tool, args, meta, requestId }: ToolCallRequest): Promise<string | undefined> {
    if (tool.action.effect === 'read') return undefined
    const { workspaceId, kind, id } = principal
    const integration = textIn(meta, metaNames.integration) ?? null
    const request = digest({ kind, id, tool: tool.name, args, integration, requestId })
    const minute = Math.floor(deps.now() / repetitionMs)
    const before = `mcp:${request}:${minute - 1}`
    return (await deps.isKnownKey(workspaceId, before)) ? before : `mcp:${request}:${minute}`
  }
}

function textIn(meta: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = meta[name]
  return typeof value === 'string' && value !== '' ? value.slice(0, 255) : undefined
}

function resultOf({ invocationId, output, replayed, truncated, warning }: Outcome, hasStructure: boolean): CallToolResult {
  const notes = [
    ...(replayed ? ['Nothing was done now: this is the result of the same call, made a moment ago. To do it again, wait a minute.'] : []),
    ...(warning === undefined ? [] : [`Warning: ${warning}.`]),
    ...(truncated
      ? [
          `The result has about ${truncated.totalTokens} tokens and was shortened at: ${truncated.parts.map(({ path }) => path).join(', ')}. ` +
            `hub_read_result returns the rest for the handle ${truncated.handle} and one of these paths.`,
        ]
      : []),
  ]
  return {
    content: [
      { type: 'text', text: typeof output === 'string' ? output : JSON.stringify(output ?? null) },
      ...notes.map((text) => ({ type: 'text' as const, text })),
    ],
    ...(hasStructure ? { structuredContent: warning === undefined && isRecord(output) ? output : {} } : {}),
    _meta: { 'integrationhub/invocation': invocationId, ...(replayed ? { 'integrationhub/replayed': true } : {}) },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function failure({ code, message, entry, details }: HubError, loggedAs: string | undefined): CallToolResult {
  const { hint, errors, retryAfter, approvalId, invocationId } = details
  const lines = [
    `${code} (${entry.kind}): ${loggedAs === undefined ? message : entry.title}`,
    ...(errors ?? []).map(({ path, message: problem }) => `- ${path}: ${problem}`),
    ...(retryAfter === undefined ? [] : [`Try again in ${retryAfter} s.`]),
    ...(hint === undefined ? [] : [`Next: ${hint}.`]),
    ...(loggedAs === undefined ? [] : [`The log of the hub has the reason under ${loggedAs}.`]),
  ]
  return {
    isError: true,
    content: [{ type: 'text', text: lines.join('\n') }],
    _meta: {
      'integrationhub/error': {
        code,
        kind: entry.kind,
        retryable: entry.retryable,
        ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
        ...(approvalId === undefined ? {} : { approval_id: approvalId }),
        ...(invocationId === undefined ? {} : { invocation_id: invocationId }),
      },
    },
  }
}
