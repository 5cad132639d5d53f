import { actorOf, requireScope, type Principal } from '#access'
import type { Transaction } from '#db'
import type { Caller, IntegrationRow, Integrations } from '#integrations'
import { DryRun } from '#http'
import { hubError, HubError } from '#errors'
import { digest } from '#lib/canonical'
import { deadline } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { callOf, howToGoOn, type Approvals } from './approvals.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './input.ts'
import { restoreError, type Entry, type Journal, type NewEntry, type Result } from './journal.ts'
import { refuse, type Policies, type Verdict } from './policy.ts'
import { mayCall, type Registry, type Tool } from './registry.ts'
import { shape, type Cut } from './truncate.ts'
import type { InvocationRow } from './store.ts'

export type Transport = 'rest' | 'trpc' | 'mcp' | 'amqp' | 'pulsar' | 'cli' | 'flow'

export interface InvokeOptions {
  readonly transport: Transport
  readonly integration?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly fields?: readonly string[] | undefined
  readonly maxTokens?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** The invocation's id, where it was given out before the call began. */
  readonly invocationId?: string | undefined
  /** Has the call made later instead of now, in the transaction that stores it. */
  readonly later?: ((trx: Transaction, invocationId: string) => Promise<void>) | undefined
  /** A person's yes to this call. Checked also where no policy asks for one. */
  readonly approval?: string | undefined
  /** The run whose step makes the call: an approval that it comes to need belongs to that. */
  readonly run?: { readonly id: string; readonly path: string } | undefined
}

export interface Outcome {
  readonly invocationId: string
  readonly status: 'completed' | 'dry_run' | 'queued'
  readonly output: unknown
  /** The call had been made under this key; nothing was sent now. */
  readonly replayed: boolean
  readonly cut?: { readonly totalTokens: number; readonly cuts: readonly Cut[]; readonly handle: string }
  readonly warning?: string
}

export interface InvokeDeps extends Telemetry {
  readonly registry: Registry
  readonly catalogue: Catalogue
  readonly policies: Policies
  readonly approvals: Approvals
  readonly integrations: Integrations
  readonly journal: Journal
}

export type Invoke = (principal: Principal, name: string, input: unknown, options: InvokeOptions) => Promise<Outcome>

export const defaultMaxTokens = 25_000
/** The longest a call may take, every retry and wait included. */
const callMs = 120_000
const approvableMs = 7 * 86_400_000

/** The waist: every transport ends here. */
export function createInvoke(deps: InvokeDeps): Invoke {
  const { catalogue, policies, integrations, journal, traces } = deps

  return (principal, name, rawInput, options) =>
    traces.span(`tool ${name}`, { 'hub.tool': name, 'hub.transport': options.transport }, async () => {
      const tool = await catalogue.find(principal.workspaceId, name)
      authorize(principal, tool)
      const input = validate(tool, rawInput)
      const verdict = await policies.judge(principal.workspaceId, tool, input)
      if (options.dryRun !== true) refuse(verdict, tool)
      const integration = tool.connector.builtIn
        ? undefined
        : await integrations.choose(principal.workspaceId, tool.connector, options.integration)
      if (options.dryRun === true) return dryRun(tool, input, integration, verdict, principal, options)
      if (verdict.decision === 'ask' || options.approval !== undefined)
        await requireApproval(principal, tool, input, integration, verdict, options)

      const call = entryOf(principal, tool, input, integration, options)
      const begun = options.later ? await journal.beginLater(call, options.later) : await journal.begin(call)
      if ('fresh' in begun && options.later) return { invocationId: begun.fresh.id, status: 'queued', output: null, replayed: false }
      const entry = 'fresh' in begun ? begun.fresh : await settleKnown(call, begun.known, tool, input, integration, principal, options)
      if (!('startedAt' in entry)) return entry
      return execute(principal, tool, input, integration, entry, options)
    })

  async function requireApproval(
    principal: Principal,
    tool: Tool,
    input: unknown,
    integration: IntegrationRow | undefined,
    { reason }: Verdict,
    { approval, idempotencyKey, run }: InvokeOptions,
  ): Promise<void> {
    const call = callOf(deps.registry, tool, integration, input)
    if (approval !== undefined) return deps.approvals.use(principal, approval, call, idempotencyKey)
    const detail = `a policy asks for approval of ${tool.name}${reason ? `: ${reason}` : ''}`
    const expiresAt = new Date(Date.now() + approvableMs)
    const place = run ? { runId: run.id, path: run.path } : {}
    const { workspaceId } = principal
    const asked = await deps.approvals.askFor({ workspaceId, message: detail, askedBy: actorOf(principal), expiresAt, ...place }, call)
    throw hubError('approval_required', { detail, hint: howToGoOn(asked.id), approvalId: asked.id })
  }

  async function execute(
    principal: Principal,
    tool: Tool,
    input: unknown,
    integration: IntegrationRow | undefined,
    entry: Entry,
    options: InvokeOptions,
  ): Promise<Outcome> {
    const began = performance.now()
    using limit = deadline(callMs, options.signal)
    try {
      const caller = await callerFor(principal, tool, integration, limit.signal, false)
      const raw = await tool.action.run(caller.context(input, options.idempotencyKey))
      const { output, warning } = checkOutput(tool, raw)
      const shaped = shape(output, { fields: options.fields, maxTokens: options.maxTokens ?? defaultMaxTokens })
      const cut = shaped.cuts.length > 0 ? { totalTokens: shaped.totalTokens, cuts: shaped.cuts, handle: entry.id } : undefined
      // Kept where it may be asked for again: under a key, of a write, or when there is a rest to fetch.
      await journal.end(entry, { status: 'completed', ...(entry.durable || cut ? { output } : {}) })
      conclude(tool, integration, 'completed', began)
      return {
        invocationId: entry.id,
        status: 'completed',
        output: shaped.output,
        replayed: false,
        ...(cut ? { cut } : {}),
        ...(warning ? { warning } : {}),
      }
    } catch (thrown) {
      const error = asHubError(thrown)
      const result: Result = { status: error.code === 'outcome_unknown' ? 'outcome_unknown' : 'failed', error }
      await journal.end(entry, result)
      if (integration) await integrations.health.failed(integration, error.details.cause instanceof HubError ? error.details.cause : error)
      conclude(tool, undefined, error.code, began)
      if (error.code === 'internal')
        deps.logger.error({ err: thrown, tool: tool.name, invocation: entry.id }, 'a tool failed inside the hub')
      throw error.with({ invocationId: entry.id })
    }
  }

  /** The key was used before: its outcome, or another try where the rules of DESIGN allow one. */
  async function settleKnown(
    call: NewEntry,
    known: InvocationRow,
    tool: Tool,
    input: unknown,
    integration: IntegrationRow | undefined,
    principal: Principal,
    options: InvokeOptions,
  ): Promise<Entry | Outcome> {
    if (known.digest !== call.digest)
      throw hubError('key_reused', { detail: `this idempotency key was used for another call of ${known.tool}` }).with({
        invocationId: known.id,
      })
    if (known.status === 'completed') return stored(known, known.output, options)
    if (known.status === 'queued' && known.id === options.invocationId) return journal.again(call, known)
    if (known.status === 'queued' || known.status === 'running')
      throw hubError('in_progress', { retryAfter: 1 }).with({ invocationId: known.id })
    const error = restoreError(known.error)
    if (known.status === 'failed') {
      // A passing failure left nothing behind, so the same key may try again; any other failure is the answer.
      if (error.entry.retryable) return journal.again(call, known)
      throw error.with({ invocationId: known.id })
    }
    if (tool.action.idempotent) return journal.again(call, known)
    if (!tool.action.verify) throw error.with({ invocationId: known.id })
    using limit = deadline(callMs, options.signal)
    const caller = await callerFor(principal, tool, integration, limit.signal, false)
    const found = await tool.action.verify(caller.context(input, options.idempotencyKey))
    if (found === 'unknown') throw error.with({ invocationId: known.id })
    const entry = await journal.again(call, known)
    if (!found.happened) return entry
    await journal.end(entry, { status: 'completed', output: found.output })
    return stored(known, found.output, options)
  }

  async function dryRun(
    tool: Tool,
    input: unknown,
    integration: IntegrationRow | undefined,
    verdict: Verdict,
    principal: Principal,
    options: InvokeOptions,
  ): Promise<Outcome> {
    using limit = deadline(callMs, options.signal)
    const caller = await callerFor(principal, tool, integration, limit.signal, true)
    const shown = (request: unknown): Outcome => ({
      invocationId: '',
      status: 'dry_run',
      output: {
        tool: tool.name,
        integration: integration?.name ?? null,
        effect: tool.action.effect,
        policy: { decision: verdict.decision, reason: verdict.reason ?? null },
        request,
      },
      replayed: false,
    })
    if (tool.connector.builtIn) return shown(null)
    try {
      await tool.action.run(caller.context(input, options.idempotencyKey))
      return shown(null)
    } catch (error) {
      if (error instanceof DryRun) return shown(error.request)
      throw asHubError(error)
    }
  }

  function callerFor(
    { workspaceId }: Principal,
    { connector, action }: Tool,
    integration: IntegrationRow | undefined,
    signal: AbortSignal,
    dry: boolean,
  ): Promise<Caller> {
    return integrations.caller(integration, connector, { workspaceId, signal, dryRun: dry, readOnly: action.effect === 'read' })
  }

  function conclude({ name, connector }: Tool, healthy: IntegrationRow | undefined, outcome: string, began: number): void {
    if (healthy) integrations.health.succeeded(healthy)
    deps.metrics.toolCalls.inc({ tool: name, connector: connector.name, outcome })
    deps.metrics.toolDuration.observe({ tool: name, connector: connector.name }, (performance.now() - began) / 1000)
  }
}

function authorize(principal: Principal, tool: Tool): void {
  if (mayCall(principal, tool)) return
  if (principal.readOnly && tool.action.effect !== 'read')
    throw hubError('scope_missing', {
      detail: `this token is read-only, and ${tool.name} changes something; needed: tools:call without read_only`,
    })
  requireScope(principal, `tools:call:${tool.name}`)
}

/**
 * A look whose answer is not as documented failed. A write has happened all the same: it is answered as it came, with a word of warning.
 */
function checkOutput({ name, connector, action }: Tool, raw: unknown): { output: unknown; warning?: string } {
  const parsed = action.output.safeParse(raw)
  if (parsed.success) return { output: parsed.data }
  const where = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || '$'}: ${issue.message}`)
    .join('; ')
  if (action.effect === 'read')
    throw hubError('vendor_invalid_response', { detail: `what ${connector.title} answered does not fit ${name}: ${where}` })
  return { output: raw ?? null, warning: `it was done, but what ${connector.title} answered is not as documented: ${where}` }
}

function entryOf(
  principal: Principal,
  { name, connector, action }: Tool,
  input: unknown,
  integration: IntegrationRow | undefined,
  options: InvokeOptions,
): NewEntry {
  return {
    id: options.invocationId,
    workspaceId: principal.workspaceId,
    tool: name,
    connector: connector.name,
    effect: action.effect,
    integrationId: integration?.id ?? null,
    integration: integration?.name ?? null,
    transport: options.transport,
    actor: actorOf(principal),
    key: options.idempotencyKey,
    digest: digest({ tool: name, integration: integration?.id ?? null, input }),
    input,
  }
}

function stored({ id }: InvocationRow, output: unknown, options: InvokeOptions): Outcome {
  const shaped = shape(output, { fields: options.fields, maxTokens: options.maxTokens ?? defaultMaxTokens })
  const cut = shaped.cuts.length > 0 ? { totalTokens: shaped.totalTokens, cuts: shaped.cuts, handle: id } : undefined
  return { invocationId: id, status: 'completed', output: shaped.output, replayed: true, ...(cut ? { cut } : {}) }
}

function asHubError(error: unknown): HubError {
  return error instanceof HubError ? error : hubError('internal', { cause: error })
}
