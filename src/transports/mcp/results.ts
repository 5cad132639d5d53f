import type { CallToolResult } from '@modelcontextprotocol/server'
import type { HubError } from '#errors'
import type { Outcome } from '#tools'

/** What a tool gave, for a model and for its client. */
export function resultOf({ invocationId, output, replayed, truncated, warning }: Outcome, hasStructure: boolean): CallToolResult {
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

/** A failure that the model can react to: it says what to do. */
export function failureOf({ code, message, entry, details }: HubError, loggedAs: string | undefined): CallToolResult {
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
