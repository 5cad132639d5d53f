import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server'
import type { HubError } from '#errors'
import type { Part } from '#kit'
import { withoutHidden } from '#lib/hidden-text'
import { isRecord } from '#lib/is-record'
import { givesParts, type Outcome, type Tool } from '#tools'

/** Where programs find what failed. */
export const errorMetaName = 'integrationhub/error'

interface Form {
  readonly tool: Pick<Tool, 'action'> | undefined
  readonly hasStructure: boolean
}

/** What a tool gave, for a model and for its client. */
export function resultOf(
  { invocationId, output, replayed, truncated, warning, labels, sanitized }: Outcome,
  { tool, hasStructure }: Form,
): CallToolResult {
  const notes = [
    ...(replayed ? ['Nothing was done now: this is the result of the same call, made a moment ago. To do it again, wait a minute.'] : []),
    ...(warning === undefined ? [] : [`Warning: ${warning}.`]),
    ...(sanitized
      ? [
          `Removed from the result, because people do not see it: ${sanitized.removed} (${sanitized.kinds.join(', ')}). ` +
            'A text that is written back as it is here loses that.',
        ]
      : []),
    ...(truncated
      ? [
          `The result has about ${truncated.totalTokens} tokens and was shortened at: ${truncated.parts.map(({ path }) => path).join(', ')}. ` +
            `hub_read_result returns the rest for the handle ${truncated.handle} and one of these paths.`,
        ]
      : []),
  ]
  return {
    content: [
      ...contentOf(output, givesParts(tool) && !truncated && warning === undefined),
      ...notes.map((text) => ({ type: 'text' as const, text })),
    ],
    ...(hasStructure ? { structuredContent: warning === undefined && isRecord(output) ? output : {} } : {}),
    _meta: {
      'integrationhub/invocation': invocationId,
      ...(replayed ? { 'integrationhub/replayed': true } : {}),
      ...(labels ? { 'integrationhub/labels': labels } : {}),
      ...(sanitized ? { 'integrationhub/sanitized': sanitized } : {}),
    },
  }
}

function contentOf(output: unknown, asParts: boolean): ContentBlock[] {
  if (asParts) return (output as { parts: readonly Part[] }).parts.map(blockOf)
  return [{ type: 'text', text: typeof output === 'string' ? output : JSON.stringify(output ?? null) }]
}

function blockOf(part: Part): ContentBlock {
  switch (part.type) {
    case 'text':
      return part
    case 'image':
    case 'audio':
      return { type: part.type, data: part.data, mimeType: part.media_type }
    case 'file': {
      const { uri, media_type: mimeType, text, data } = part
      return { type: 'resource', resource: { uri, mimeType, ...(text === undefined ? { blob: data ?? '' } : { text }) } }
    }
  }
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
    // An error may quote what others wrote.
    content: [{ type: 'text', text: String(withoutHidden(lines.join('\n')).value) }],
    _meta: {
      [errorMetaName]: {
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
