import { actorOf, type Principal } from '#access'
import type { CallProgress, IntegrationRow } from '#integrations'
import type { WebhookTarget } from '#kit'
import { digest } from '#lib/canonical'
import type { SecretValues } from '#lib/secret-values'
import type { NewEntry } from './journal.ts'
import type { PolicyDecision } from './policy.ts'
import type { CallingStep, Tool } from './tool.ts'
import type { Transport } from './transport.ts'

export interface InvokeOptions {
  readonly transport: Transport
  readonly integration?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly fields?: readonly string[] | undefined
  readonly maxTokens?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** An agent reads the output. By default that is so over MCP. */
  readonly forAgent?: boolean | undefined
  /** Told how far a call has come that reports it. */
  readonly onProgress?: ((progress: CallProgress) => void) | undefined
  /** The id of an approval that covers this call. It is checked even where no policy asks for one. */
  readonly approval?: string | undefined
  /** The client's name for the conversation that the call belongs to. Without it, the call belongs to all of its caller. */
  readonly session?: string | undefined
  /** For a call that is made later: it waits for the decision on an approval that it needs, instead of failing. */
  readonly waitForApproval?: boolean | undefined
  /** For the setup of a webhook. Its secret is part of no input, so it is stored nowhere. */
  readonly webhookTarget?: WebhookTarget | undefined
  /** The step that makes the call: an approval that the call needs belongs to its run. */
  readonly step?: CallingStep | undefined
}

/** One call of a tool that may be made: found, permitted, valid, and with its integration chosen. */
export interface Call {
  readonly principal: Principal
  readonly tool: Tool
  readonly input: unknown
  /** What of the call is stored nowhere. */
  readonly secrets: SecretValues
  readonly decision: PolicyDecision
  /** Undefined for tools of the hub itself. */
  readonly integration: IntegrationRow | undefined
  readonly options: InvokeOptions
  /** The call that this one undoes. */
  readonly undoes?: string | null
  /** The approval that covers it. */
  readonly approvalId?: string | undefined
}

/** What the journal stores of a call. */
export function entryOf({ principal, tool, input: given, secrets, integration, options, undoes = null, approvalId }: Call): NewEntry {
  const input = secrets.hide(given)
  return {
    workspaceId: principal.workspaceId,
    tool: tool.name,
    connector: tool.connector.name,
    effect: tool.action.effect,
    integrationId: integration?.id ?? null,
    integration: integration?.name ?? null,
    transport: options.transport,
    actor: actorOf(principal),
    app: principal.app?.name ?? null,
    key: options.idempotencyKey,
    digest: digest({ tool: tool.name, integration: integration?.id ?? null, input }),
    input,
    undoes,
    runId: options.step?.id ?? null,
    step: options.step?.path ?? null,
    approvalId: approvalId ?? options.approval ?? null,
  }
}
