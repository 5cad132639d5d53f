import { requireScope, type Access, type Principal } from '#access'
import { hubError, HubError } from '#errors'
import { callError, createEffects, createRequestLog, DryRun, shownError, type Effects, type RequestLog } from '#http'
import type { Connection, Integrations } from '#integrations'
import { deadline } from '#lib/clock'
import { newId } from '#lib/ids'
import { once } from '#lib/once'
import type { SecretValues } from '#lib/secret-values'
import type { Telemetry } from '#telemetry'
import type { PreviewCall } from './approval-preview.ts'
import { howToContinue, type Approvals } from './approvals.ts'
import type { BindCall } from './bind-call.ts'
import { secretsOfCall, type FlowSecrets } from './call-secrets.ts'
import { entryOf, type Call, type InvokeOptions } from './call.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './input.ts'
import { stricter, type InformationFlow } from './information-flow.ts'
import { labelsOf, worstLabels } from './labels.ts'
import type { CallLimits } from './limits.ts'
import { restoreError, type Entry, type Journal, type NewEntry, type Recorded, type Result, type StartLater } from './journal.ts'
import { checkOutput, completed, type Outcome } from './outcome.ts'
import { refuseDenied, type Policies } from './policy.ts'
import { mayCall } from './registry.ts'
import type { Sanitize } from './sanitize.ts'
import type { ReadState } from './state-before.ts'
import type { InvocationRow } from './store.ts'
import type { Tool, ToolRunners } from './tool.ts'
import type { Undoing, UndoRequest } from './undo.ts'

export interface InvokeDeps extends Telemetry {
  readonly access: Pick<Access, 'rightsLeft'>
  readonly runners: ToolRunners
  readonly catalogue: Catalogue
  readonly policies: Policies
  readonly limits: CallLimits
  readonly informationFlow: InformationFlow
  readonly approvals: Approvals
  readonly bind: BindCall
  readonly previewCall: PreviewCall
  readonly integrations: Integrations
  readonly journal: Journal
  readonly flowSecrets: FlowSecrets
  readonly readState: ReadState
  readonly sanitize: Sanitize
  readonly undoing: Undoing
}

// oxlint-disable-next-line max-params -- This form is documented.
export type Invoke = (principal: Principal, name: string, input: unknown, options: InvokeOptions) => Promise<Outcome>

/** A call as its caller asked for it, which a queued call is stored as. */
export interface Request {
  readonly principal: Principal
  readonly name: string
  readonly input: unknown
  readonly options: InvokeOptions
}

/** A call that is stored to be made later. */
export interface Queued {
  readonly invocationId: string
  readonly secrets: SecretValues
  /** The approval that it waits for. */
  readonly approval: string | undefined
}

export interface Pipeline {
  readonly invoke: Invoke
  /** Makes the call that undoes another one, for whoever has the right to make that call. */
  undo(principal: Principal, request: UndoRequest, options: InvokeOptions): Promise<Outcome>
  /** Stores the call, and what will make it, in one transaction, and answers at once. */
  enqueue(request: Request, start: (queued: Queued) => StartLater): Promise<Outcome>
  /** Makes a call that was stored by `enqueue`. */
  runQueued(request: Request, invocationId: string): Promise<Outcome>
}

/** The longest time that a call may take, with all retries and waits. */
const callMs = 120_000
const approvalExpiresMs = 7 * 86_400_000

/** The tool pipeline: every transport ends here. */
export function createPipeline(deps: InvokeDeps): Pipeline {
  const { catalogue, runners, policies, informationFlow, approvals, integrations, journal, traces } = deps

  return {
    // oxlint-disable-next-line max-params -- It has the form of `Invoke`.
    invoke: (principal, name, input, options) =>
      traces.span(`tool ${name}`, { 'hub.tool': name, 'hub.transport': options.transport }, async () => {
        return make(await prepare({ principal, name, input, options }))
      }),

    undo: (principal, input, options) =>
      traces.span('undo', { 'hub.transport': options.transport }, async () =>
        make(await prepareUndo({ principal, input, options, decision: { decision: 'allow' } })),
      ),

    async enqueue(request, start) {
      const id = newId('inv')
      // Without a key from the caller the id serves: a job that runs again must find its own entry.
      const options = { ...request.options, idempotencyKey: request.options.idempotencyKey ?? id, signal: undefined }
      const call = await prepare({ ...request, options })
      const approval = await askedApproval(call)
      const entry = { ...entryOf({ ...call, approvalId: approval.id }), id }
      return outcomeOf(
        call,
        await journal.enqueue(
          entry,
          start({ invocationId: id, secrets: call.secrets, approval: approval.waits ? approval.id : undefined }),
        ),
      )
    },

    async runQueued(asked, invocationId) {
      // With what its caller may still do, and not at all when nothing is left.
      const principal = await deps.access.rightsLeft(asked.principal)
      const options = { ...asked.options, idempotencyKey: asked.options.idempotencyKey ?? invocationId }
      const call = await prepare({ ...asked, principal, options })
      await requireApproval(call)
      const recorded = await journal.begin({ ...entryOf(call), id: invocationId })
      if (recorded.kind !== 'replay' || recorded.row.id !== invocationId) return outcomeOf(call, recorded)
      const { row } = recorded
      // The failure is retryable, but whoever asked for the call does not want it any more.
      if (row.error?.['code'] === 'cancelled') throw restoreError(row.error)
      return row.status === 'queued' ? execute(call, await journal.retake(entryOf(call), row)) : outcomeOf(call, recorded)
    },
  }

  async function make(call: Call): Promise<Outcome> {
    if (call.options.dryRun === true) return preview(call)
    const approved = { ...call, approvalId: await requireApproval(call) }
    return outcomeOf(approved, await journal.begin(entryOf(approved)))
  }

  /** Find the tool → check the scope → validate the input → apply the policy → choose the integration, earlier where a rule looks at it. */
  async function prepare(request: Request): Promise<Call> {
    const call = await prepareOne(request)
    return call.tool.origin.kind === 'undo' ? prepareUndo(call) : call
  }

  /** The call that undoes the one which a call of the undo tool names. Everything is checked for both; what is made is this one. */
  async function prepareUndo(asked: Pick<Call, 'principal' | 'input' | 'options' | 'decision'>): Promise<Call> {
    const { principal, decision } = asked
    const { tool: name, input, integration, idempotencyKey, undoes, left } = await deps.undoing.plan(asked)
    const options = { ...asked.options, integration, idempotencyKey }
    const call = await prepareOne({ principal, name, input, options })
    if (left !== undefined && call.decision.decision !== 'deny') await deps.undoing.requireUnchanged(call, left)
    return { ...call, undoes, decision: stricter(decision, call.decision) }
  }

  async function prepareOne({ principal, name, input: given, options }: Request): Promise<Call> {
    const { workspaceId } = principal
    const tool = await catalogue.find(workspaceId, name)
    authorize(principal, tool)
    const input = validate(tool, given)
    const choose = once(async () =>
      tool.connector.builtIn ? undefined : await integrations.choose(workspaceId, tool.connector, options.integration),
    )
    const ruled = await policies.decide({ principal, tool, input, transport: options.transport, integration: choose })
    if (options.dryRun !== true) refuseDenied(ruled, tool)
    const integration = await choose()
    const decision = stricter(ruled, await informationFlow.judge({ principal, tool, input, integration, options }))
    if (options.dryRun !== true) refuseDenied(decision, tool)
    const secrets = await secretsOfCall(deps.flowSecrets, { workspaceId, tool, input, others: options.step?.secrets })
    return { principal, tool, input, secrets, decision, integration, options }
  }

  /** The approval of a call, and whether the call waits for it. Throws where the caller does not want to wait. */
  async function askedApproval(call: Call): Promise<{ readonly id: string | undefined; readonly waits: boolean }> {
    try {
      return { id: await requireApproval(call), waits: false }
    } catch (error) {
      const waits = call.options.waitForApproval === true && error instanceof HubError && error.code === 'approval_required'
      if (waits && error.details.approvalId !== undefined) return { id: error.details.approvalId, waits: true }
      throw error
    }
  }

  /** Throws unless a person approved exactly this call, or no policy asks for that. Returns the approval. */
  async function requireApproval({ principal, tool, input, secrets, integration, decision, options }: Call): Promise<string | undefined> {
    const { approval, idempotencyKey, step } = options
    if (decision.decision !== 'ask' && approval === undefined) return undefined
    const { webhookTarget } = options
    // The address is a part of what is approved: with another one, it is another call.
    const bound = webhookTarget ? { ...(input as object), url: webhookTarget.url } : input
    const call = await deps.bind({ principal, tool, integration, input: secrets.hide(bound) })
    const use = { call, key: idempotencyKey, approvers: decision.decision === 'ask' ? decision.approvers : undefined }
    if (approval !== undefined) {
      await approvals.use(principal, approval, use)
      return approval
    }
    // The steps of a run name the approval that they asked for.
    const earlier = step ? undefined : await useEarlier(principal, use)
    if (earlier !== undefined) return earlier
    const message = `a policy asks for approval of ${tool.name}${decision.reason ? `: ${decision.reason}` : ''}`
    const question = {
      principal,
      message,
      deciders: decision.approvers,
      preview: () => deps.previewCall({ principal, tool, integration, input, secrets, webhookTarget }),
      expiresAt: new Date(Date.now() + (decision.expires_in === undefined ? approvalExpiresMs : decision.expires_in * 1000)),
      ...(step ? { runId: step.id, path: step.path } : {}),
    }
    const { id } = await approvals.askFor(question, call)
    throw hubError('approval_required', { detail: message, hint: howToContinue(id), approvalId: id })
  }

  /** Uses the approval that the same caller got for the same call, if there is one. Another call may take it at the same time. */
  async function useEarlier(principal: Principal, use: Parameters<Approvals['use']>[2]): Promise<string | undefined> {
    const id = await approvals.usable(principal, use)
    if (id === undefined) return undefined
    try {
      await approvals.use(principal, id, use)
      return id
    } catch (error) {
      if (error instanceof HubError && error.code === 'approval_mismatch') return undefined
      throw error
    }
  }

  function outcomeOf(call: Call, recorded: Recorded): Promise<Outcome> | Outcome {
    switch (recorded.kind) {
      case 'new':
        return execute(call, recorded.entry)
      case 'queued':
        return { invocationId: recorded.id, status: 'queued', output: null, replayed: false }
      case 'replay':
        return replay(call, recorded.row)
    }
  }

  /** Connect → run → check the output → truncate it → store the outcome. */
  async function execute(call: Call, entry: Entry): Promise<Outcome> {
    const { tool, integration, options } = call
    const began = performance.now()
    using limit = deadline(callMs, options.signal)
    const effects = createEffects()
    const requests = createRequestLog(entry.requests)
    let connection: Connection | undefined
    let before = entry.before
    try {
      await deps.limits.take(call)
      if (tool.action.undo?.needsBefore === true) before ??= await deps.readState({ ...call, requests }, limit.signal)
      connection = await connect(call, { signal: limit.signal, effects, requests, idempotencyKey: entry.key ?? entry.id })
      const raw = await run(call, connection)
      // From here on no error may say that the write did not happen.
      if (tool.action.effect !== 'read') effects.accept(repeats(tool) ? 'repeatable' : 'once')
      const { output: checked, warning } = checkOutput(tool, raw)
      // Before secrets are looked for, which what is removed may have interrupted.
      const { value, sanitized } = await deps.sanitize(call, checked)
      const output = connection.hide(value)
      const labels = labelsOf(call, output)
      await informationFlow.record(call, labels)
      const outcome = { ...completed(entry.id, output, options), labels, ...(sanitized ? { sanitized } : {}) }
      // The output is stored where it may be asked for again: under a key, of a write, or when it was truncated.
      await journal.end(entry, {
        status: 'completed',
        labels,
        before,
        sanitized,
        requests: sentBy(requests, call, connection),
        ...(entry.durable || outcome.truncated ? await stored(call, entry, output) : {}),
      })
      if (integration) integrations.health.succeeded(integration)
      count(call, 'completed', began)
      return warning ? { ...outcome, warning } : outcome
    } catch (thrown) {
      const error = withoutSecrets(callError(thrown, effects, tool.connector.title), call, connection)
      const result: Result = {
        status: error.code === 'outcome_unknown' ? 'outcome_unknown' : 'failed',
        error,
        before,
        requests: sentBy(requests, call, connection),
      }
      await store(entry, result)
      const { cause } = error.details
      if (integration) await integrations.health.failed(integration, cause instanceof HubError ? cause : error)
      count(call, error.code, began)
      if (!(thrown instanceof HubError))
        deps.logger.error({ err: thrown, tool: tool.name, invocation: entry.id }, 'a tool failed inside the hub')
      if (connection) await recordError(call, error)
      throw error.with({ invocationId: entry.id })
    }
  }

  /** The text of an error may be what others wrote. It is not returned if that cannot be stored. */
  async function recordError(call: Call, error: HubError): Promise<void> {
    await informationFlow.record(call, worstLabels(call)).catch((cause: unknown) => {
      throw hubError(error.code, { cause })
    })
  }

  /** What the journal keeps of an output. What is not shown of it is sealed for whoever makes the call again under its key. */
  async function stored({ principal, secrets }: Call, { key }: Entry, output: unknown): Promise<Pick<Result, 'output' | 'sealed'>> {
    const shown = secrets.hide(output)
    if (shown === output || key === undefined) return { output: shown }
    return { output: shown, sealed: await deps.flowSecrets.seal(principal.workspaceId, output) }
  }

  /** The output of an earlier call, as its actor got it. Another actor gets what the journal shows. */
  async function outputOf({ actor, workspaceId }: NewEntry, row: InvocationRow): Promise<unknown> {
    return row.sealed === null || row.actor !== actor ? row.output : deps.flowSecrets.open(workspaceId, row.sealed)
  }

  /** The key was used before. Returns the stored outcome, or makes the call again where that is safe. */
  async function replay(call: Call, row: InvocationRow): Promise<Outcome> {
    const { tool, options } = call
    const entry = entryOf(call)
    if (row.digest !== entry.digest)
      throw hubError('key_reused', { detail: `this idempotency key was used for another call of ${row.tool}`, invocationId: row.id })
    if (row.status === 'queued' || row.status === 'running') throw hubError('in_progress', { retryAfter: 1, invocationId: row.id })
    const labels = row.labels ?? worstLabels(call)
    await informationFlow.record(call, labels)
    if (row.status === 'completed') {
      // It is cleaned already if it was for an agent then.
      const { value, sanitized = row.sanitized } = await deps.sanitize(call, await outputOf(entry, row))
      return { ...completed(row.id, value, options), labels, replayed: true, ...(sanitized ? { sanitized } : {}) }
    }
    const error = restoreError(row.error).with({ invocationId: row.id })
    // A retryable failure left nothing behind, and an idempotent action may act twice.
    const mayRepeat = row.status === 'failed' ? error.entry.retryable : repeats(tool)
    if (mayRepeat) return execute(call, await journal.retake(entry, row))
    if (row.status === 'failed' || !tool.action.verify) throw error
    using limit = deadline(callMs, options.signal)
    const requests = createRequestLog(row.requests)
    const connection = await connect(call, { signal: limit.signal, requests, purpose: 'state', idempotencyKey: row.key ?? row.id })
    const found = await tool.action.verify(connection.context(call.input)).catch((thrown: unknown) => {
      throw thrown instanceof HubError ? withoutSecrets(thrown, call, connection) : thrown
    })
    if (found === 'unknown') throw error
    const retaken = await journal.retake(entry, row)
    if (!found.happened) return execute(call, retaken)
    const { value, sanitized } = await deps.sanitize(call, checkOutput(tool, found.output).output)
    const output = connection.hide(value)
    const verified = labelsOf(call, output)
    await informationFlow.record(call, verified)
    await journal.end(retaken, {
      status: 'completed',
      labels: verified,
      before: retaken.before,
      sanitized,
      requests: sentBy(requests, call, connection),
      ...(await stored(call, retaken, output)),
    })
    return { ...completed(row.id, output, options), labels: verified, replayed: true, ...(sanitized ? { sanitized } : {}) }
  }

  /** Shows the request that would be sent, and sends nothing that writes. */
  async function preview(call: Call): Promise<Outcome> {
    const { tool, integration, decision, options } = call
    using limit = deadline(callMs, options.signal)
    let request: unknown = null
    // Who may not make the call does not cause the reads that prepare it either.
    if (!tool.connector.builtIn && decision.decision !== 'deny') {
      const effects = createEffects()
      const connection = await connect(call, { signal: limit.signal, effects })
      try {
        await run(call, connection)
      } catch (error) {
        if (effects.answered || !(error instanceof DryRun)) await informationFlow.record(call, worstLabels(call))
        if (!(error instanceof DryRun)) throw withoutSecrets(callError(error, effects, tool.connector.title), call, connection)
        request = error.request
      }
    }
    const output = {
      tool: tool.name,
      integration: integration?.name ?? null,
      effect: tool.action.effect,
      policy: { decision: decision.decision, reason: decision.reason ?? null },
      request,
    }
    return { invocationId: '', status: 'dry_run', output, replayed: false }
  }

  /** Runs the tool by what it comes from. */
  function run({ tool: { origin }, principal, input, options: { idempotencyKey, step } }: Call, connection: Connection): Promise<unknown> {
    switch (origin.kind) {
      case 'action':
        return origin.action.run(connection.context(input))
      case 'operation':
        return runners.operation(origin, { principal, input, idempotencyKey, step })
      case 'flow':
        return runners.flow(origin, { principal, input, idempotencyKey, step })
      case 'undo':
        throw new Error('a call of the undo tool is made as the call that undoes')
    }
  }

  function connect({ principal, tool, integration, options }: Call, attempt: Attempt): Promise<Connection> {
    const { workspaceId } = principal
    const { effect, idempotencyHeader } = tool.action
    const { dryRun = false, onProgress, webhookTarget } = options
    const scope = { ...attempt, workspaceId, idempotencyHeader, onProgress, webhookTarget, dryRun, readOnly: effect === 'read' }
    return integrations.connect(integration, tool.connector, scope)
  }

  /** Stores how a failed call ended. Whoever made it gets its error even if that cannot be stored. */
  async function store(entry: Entry, result: Result): Promise<void> {
    await journal.end(entry, result).catch((error: unknown) => {
      deps.logger.error({ err: error, invocation: entry.id }, 'failed to store how a call ended')
    })
  }

  function count({ principal, tool: { name, connector } }: Call, outcome: string, began: number): void {
    const series = { workspace: principal.workspaceId, tool: name, connector: connector.name }
    deps.metrics.toolCalls.inc({ ...series, outcome })
    const ms = performance.now() - began
    deps.metrics.toolDuration.observe(series, ms / 1000)
    deps.sums.countCall(principal.workspaceId, { ms, failed: outcome !== 'completed' })
  }
}

interface Attempt {
  readonly signal: AbortSignal
  readonly effects?: Effects
  readonly requests?: RequestLog
  readonly purpose?: 'state'
  readonly idempotencyKey?: string
}

/** Whether the outside system makes the call once, however often it is sent. */
function repeats({ action }: Tool): boolean {
  return action.idempotent || action.idempotencyHeader !== undefined
}

function authorize(principal: Principal, tool: Tool): void {
  if (mayCall(principal, tool)) return
  if (principal.readOnly && tool.action.effect !== 'read')
    throw hubError('scope_missing', {
      detail: `this token is read-only, and ${tool.name} changes something; needed: tools:call without read_only`,
    })
  requireScope(principal, `tools:call:${tool.name}`)
}

/** Neither those of the flow whose step makes the call, nor those of the integration's credential. */
function hiding({ secrets }: Call, connection: Connection | undefined) {
  return <T>(value: T): T => {
    const shown = secrets.hide(value)
    return connection ? connection.hide(shown) : shown
  }
}

function withoutSecrets(error: HubError, call: Call, connection: Connection | undefined): HubError {
  return shownError(error, hiding(call, connection))
}

function sentBy(requests: RequestLog, call: Call, connection: Connection | undefined): Result['requests'] {
  return requests.sent(hiding(call, connection))
}

export function asHubError(error: unknown): HubError {
  return error instanceof HubError ? error : hubError('internal', { cause: error })
}
