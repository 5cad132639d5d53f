import { requireScope, type Principal } from '#access'
import { HubError } from '#errors'
import type { Integrations } from '#integrations'
import { digest } from '#lib/canonical'
import { noSecrets } from '#lib/secret-values'
import type { ApprovalPreview, PreviewCall } from './approval-preview.ts'
import { assertMayDecide, assertPending, differenceOf } from './approval-rules.ts'
import type { ApprovalRow } from './approval-store.ts'
import type { BindCall } from './bind-call.ts'
import type { Catalogue } from './catalogue.ts'
import type { Tool } from './tool.ts'

/** What a person needs to know to decide, beside the approval itself. */
export interface Review {
  readonly effect: Tool['action']['effect'] | null
  readonly connector: string | null
  /** What a call that destroys is about, in the words of its input; null for others. */
  readonly target: string | null
  /** Of everything that the person was shown. */
  readonly digest: string
  /** Why this caller may not decide; null if it may. */
  readonly refusal: string | null
}

/** What is not any more as it was when somebody was asked. */
export interface Change {
  readonly detail: string
  /** As it is now, where that can be shown. */
  readonly preview: ApprovalPreview | null
}

export interface ReviewDeps {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly integrations: Pick<Integrations, 'find'>
  readonly bind: BindCall
  readonly preview: PreviewCall
}

export interface Reviews {
  of(principal: Principal, row: ApprovalRow, involvedMayDecide: boolean): Promise<Review>
  /** Compares the call with how it would be made now. Undefined if nothing has changed, or if that cannot be told. */
  changeSince(principal: Principal, row: ApprovalRow): Promise<Change | undefined>
}

/** The fields of an input that say best what it is about. */
const naming = ['name', 'full_name', 'key', 'issue_key', 'id', 'number', 'path', 'branch', 'ref', 'channel', 'topic', 'stream', 'to', 'url']

export function createReviews({ catalogue, integrations, bind, preview }: ReviewDeps): Reviews {
  const toolOf = (workspaceId: string, name: string): Promise<Tool | undefined> =>
    catalogue.find(workspaceId, name).catch((error: unknown) => {
      if (error instanceof HubError) return undefined
      throw error
    })

  return {
    async of(principal, row, involvedMayDecide) {
      const tool = row.call ? await toolOf(row.workspaceId, row.call.tool) : undefined
      return {
        effect: tool?.action.effect ?? null,
        connector: tool?.connector.name ?? null,
        target: row.call && tool?.action.effect === 'destroy' ? targetOf(row.call.input, tool.name) : null,
        digest: digestOf(row),
        refusal: refusalOf(principal, row, involvedMayDecide),
      }
    },

    async changeSince(principal, row) {
      const { call } = row
      if (!call) return undefined
      const tool = await toolOf(row.workspaceId, call.tool)
      if (!tool) return { detail: `the tool ${call.tool} does not exist any more`, preview: null }
      const integration = call.integrationId === null ? undefined : await integrations.find(row.workspaceId, call.integrationId)
      if (call.integrationId !== null && !integration) return { detail: 'its integration does not exist any more', preview: null }
      const now = await bind({ principal, tool, integration, input: call.input })
      const asked = { ...now, askedBy: call.askedBy }
      if (digest(asked) !== row.callDigest) return { detail: differenceOf(call, asked), preview: null }

      if (!row.preview || row.preview.current_error !== null || row.preview.current === null) return undefined
      // Whoever decides is shown the state without having to be able to call the tool.
      const reader = { ...principal, scopes: [...principal.scopes, 'tools:call'], readOnly: false }
      const seen = await preview({ principal: reader, tool, integration, input: call.input, secrets: noSecrets })
      if (!seen || seen.current_error !== null || digest(seen.current) === digest(row.preview.current)) return undefined
      return { detail: 'what it would change has changed since', preview: seen }
    },
  }
}

export function digestOf({ id, callDigest, preview, message, expiresAt }: ApprovalRow): string {
  return digest({
    id,
    callDigest,
    message,
    current: preview?.current ?? null,
    request: preview?.request ?? null,
    until: expiresAt.toISOString(),
  })
}

function refusalOf(principal: Principal, row: ApprovalRow, involvedMayDecide: boolean): string | null {
  try {
    requireScope(principal, 'approvals:write')
    assertPending(row, new Date())
    assertMayDecide(principal, row, involvedMayDecide)
    return null
  } catch (error) {
    if (error instanceof HubError) return error.message
    throw error
  }
}

function targetOf(input: unknown, tool: string): string {
  const fields = (input ?? {}) as Readonly<Record<string, unknown>>
  const found = naming.map((name) => fields[name]).find((value) => typeof value === 'string' || typeof value === 'number')
  return found === undefined ? tool : String(found)
}
