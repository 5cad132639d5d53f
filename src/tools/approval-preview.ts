import type { Principal } from '#access'
import { hubError, HubError } from '#errors'
import { DryRun, shownError } from '#http'
import type { Connection, IntegrationRow, Integrations } from '#integrations'
import type { Action, WebhookTarget } from '#kit'
import { deadline, within } from '#lib/clock'
import { storable } from '#lib/json-values'
import type { SecretValues } from '#lib/secret-values'
import type { ApprovalRow } from './approval-store.ts'
import { mayCall } from './registry.ts'
import type { Tool } from './tool.ts'
import { truncate } from './truncate.ts'

export type ApprovalPreview = NonNullable<ApprovalRow['preview']>

interface PreviewedCall {
  readonly principal: Principal
  readonly tool: Tool
  readonly integration: IntegrationRow | undefined
  readonly input: unknown
  /** Where a webhook that it sets up goes. */
  readonly webhookTarget?: WebhookTarget | undefined
  /** What of the call is stored nowhere. */
  readonly secrets: SecretValues
}

/** What a call would send, and what it would change as it is now. Null for tools of the hub itself. It never fails. */
export type PreviewCall = (call: PreviewedCall) => Promise<ApprovalPreview | null>

interface Reading {
  readonly signal: AbortSignal
  /** With this, a dry run sends no reads either. */
  readonly readOnly: boolean
  readonly work: (connection: Connection) => Promise<unknown>
}

type Part = { readonly value: unknown } | { readonly error: string }

/** Whoever asks waits for it. */
const previewMs = 3000
const maxTokens = 5000
const late: Part = { error: `it took longer than ${previewMs / 1000} s` }

export function createPreviewCall({ integrations }: { readonly integrations: Pick<Integrations, 'connect'> }): PreviewCall {
  return async (call) => {
    const { principal, tool, integration } = call
    const { origin } = tool
    // A flow may ask about a call that it may not make itself; then nothing is read for it.
    if (origin.kind !== 'action' || tool.connector.builtIn || !integration || !mayCall(principal, tool)) return null
    const { action } = origin
    // Without its secrets, which an action may send in another form, such as base64, in which they would not be recognised.
    const input = call.secrets.hide(call.input)
    using limit = deadline(previewMs)
    const read = (part: Omit<Reading, 'signal'>) => within(previewMs, partOf(call, { ...part, signal: limit.signal }), late)
    const [request, current] = await Promise.all([
      // A read is what somebody has to approve, so it is shown and not sent.
      read({ readOnly: action.effect === 'read', work: (connection) => requestOf(action, connection.context(input)) }),
      action.current ? read({ readOnly: false, work: (connection) => action.current!(connection.context(input)) }) : { value: null },
    ])
    return {
      request: 'value' in request ? request.value : null,
      request_error: 'error' in request ? request.error : null,
      current: 'value' in current ? current.value : null,
      current_error: 'error' in current ? current.error : null,
    }
  }

  async function partOf(call: PreviewedCall, { signal, readOnly, work }: Reading): Promise<Part> {
    const { principal, tool, integration, secrets, webhookTarget } = call
    let hide = <T>(value: T): T => secrets.hide(value)
    try {
      // As in a dry run, nothing that writes is sent.
      const scope = { workspaceId: principal.workspaceId, signal, dryRun: true, readOnly, webhookTarget }
      const connection = await integrations.connect(integration, tool.connector, scope)
      hide = (value) => connection.hide(secrets.hide(value))
      return { value: truncate(storable(hide(await work(connection)) ?? null), { maxTokens }).output }
    } catch (thrown) {
      if (thrown instanceof DryRun) return { error: 'reading it would have changed something' }
      const error = thrown instanceof HubError ? thrown : hubError('internal', { cause: thrown })
      return { error: `${error.code}: ${shownError(error, hide).message}` }
    }
  }
}

async function requestOf(action: Action, context: Parameters<Action['run']>[0]): Promise<unknown> {
  try {
    await action.run(context)
    return null
  } catch (thrown) {
    if (thrown instanceof DryRun) return thrown.request
    throw thrown
  }
}
