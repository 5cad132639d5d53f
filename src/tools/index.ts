import type { Access, Principal } from '#access'
import { isPassing, type Database } from '#db'
import { JobLost, type Engine, type JobContext, type JobHandler, type Poller } from '#engine'
import type { Expressions } from '#expressions'
import type { Integrations } from '#integrations'
import { daysAgo } from '#lib/clock'
import type { EventPublisher } from '#events/publish'
import type { RetentionTask } from '#retention'
import type { Telemetry } from '#telemetry'
import { dropApprovals } from './approval-store.ts'
import type { FlowSecrets } from './call-secrets.ts'
import { createBindCall, type DigestOfFlow } from './bind-call.ts'
import { createPreviewCall } from './approval-preview.ts'
import { createApprovals, type Approvals, type DecisionListener } from './approvals.ts'
import type { Catalogue } from './catalogue.ts'
import type { InvokeOptions } from './call.ts'
import { asHubError, createPipeline, type Invoke, type Request } from './invoke.ts'
import type { Outcome } from './outcome.ts'
import type { ToolRunners } from './tool.ts'
import { createInformationFlow, type InformationFlow } from './information-flow.ts'
import { createJournal } from './journal.ts'
import { dropCallCounts } from './limit-store.ts'
import { createCallLimits } from './limits.ts'
import { createPolicies, type Policies } from './policy.ts'
import { createQueuedCalls, type QueuedCalls } from './queued-calls.ts'
import { dropSessionReads } from './session-store.ts'
import { createSanitize } from './sanitize.ts'
import { untilSettled } from './settled.ts'
import { createReadState } from './state-before.ts'
import { dropOld, findByKey } from './store.ts'
import { parkCall, takeWaiting } from './waiting-store.ts'
import { createUndoing, type UndoRequest } from './undo.ts'

export type { Review } from './approval-review.ts'
export type { ApprovalFilter, ApprovalRow, ApprovalStatus } from './approval-store.ts'
export type { Approvals, DecisionListener, Question } from './approvals.ts'
export type { FlowSecrets } from './call-secrets.ts'
export { createCatalogue, type Catalogue } from './catalogue.ts'
export { asObjectSchema, definitionFor, givesParts, mcpDefinition, toolFormats, type ToolFormat } from './formats/index.ts'
export { createInvocations, type Invocations } from './invocations.ts'
export type { InvokeOptions } from './call.ts'
export type { Invoke } from './invoke.ts'
export type { Outcome } from './outcome.ts'
export type { CallState } from './queued-calls.ts'
export { callLimit, informationFlow, policyRule, sanitize, type PolicyDocument, type PolicyRule } from './policy-rule.ts'
export { createRegistry, mayCall, type ToolDescription, type ToolFilter } from './registry.ts'
export { createSearch, type Search } from './search/index.ts'
export { setupResult, setupToolName } from './setup-tool.ts'
export { selectTools } from './select.ts'
export { untilSettled } from './settled.ts'
export type { CallingStep, RunSession, Tool, ToolRun, ToolRunner, ToolRunners, ToolSource } from './tool.ts'
export { unknownIn, isInToolset, type Toolset } from './toolset.ts'
export type { InvocationFilter, InvocationRow } from './store.ts'
export type { Transport } from './transport.ts'
export { tokensOf, truncate, type Truncation } from './truncate.ts'

export interface Tools extends AsyncDisposable, Catalogue, Pick<QueuedCalls, 'stateOf' | 'cancel'>, Pick<InformationFlow, 'recordRead'> {
  readonly policies: Policies
  readonly approvals: Approvals
  readonly invoke: Invoke
  /** Makes the call that undoes another one. Who calls the undo tool gets the same, but needs the right to call that tool too. */
  undo(principal: Principal, call: UndoRequest, options: InvokeOptions): Promise<Outcome>
  /** Whether a call was made under this key. */
  isKnownKey(workspaceId: string, key: string): Promise<boolean>
  /** Returns at once; a background job makes the call, in any process. */
  invokeLater(principal: Principal, name: string, input: unknown, options: InvokeOptions): Promise<Outcome>
  /** Makes the calls of `invokeLater`. */
  readonly jobs: Readonly<Record<string, JobHandler>>
  /** Ends the calls of dead processes and expired approvals. */
  readonly pollers: readonly Poller[]
  readonly retention: readonly RetentionTask[]
}

export interface ToolsDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly integrations: Integrations
  readonly publisher: EventPublisher
  readonly catalogue: Catalogue
  readonly expressions: Expressions
}

const interruptedEveryMs = 2000
const expiredEveryMs = 5000
const invocationDays = 30
const approvalDays = 90
const callCountDays = 3
const sessionDays = 2
/** The engine's name for the job that makes a queued call. */
const callHandler = 'tool-call'

export interface ToolsOptions {
  readonly runners: ToolRunners
  readonly digestOfFlow: DigestOfFlow
  readonly flowSecrets: FlowSecrets
  /** Called in the transaction of a decision or an expiry. */
  readonly onApprovalDecided: DecisionListener
}

/** The request is sealed where it has secrets. */
type QueuedCall = { readonly invocationId: string } & (
  | { readonly request: Request }
  | { readonly sealed: string; readonly workspaceId: string }
)

const jobOf = (id: string, input: unknown) => ({ id, handler: callHandler, input })

export function createTools(deps: ToolsDeps, { runners, digestOfFlow, flowSecrets, onApprovalDecided }: ToolsOptions): Tools {
  const { db, engine, access, catalogue } = deps
  const policies = createPolicies(deps)
  const limits = createCallLimits(db, policies)
  const informationFlow = createInformationFlow(db, policies)
  const bind = createBindCall({ ...catalogue, ...deps, digestOfFlow })
  const previewCall = createPreviewCall(deps)
  const approvals = createApprovals({ ...deps, bind, preview: previewCall, flowSecrets }, async (trx, approval) => {
    const calls = await takeWaiting(trx, approval.id)
    if (calls.length > 0) await engine.enqueue(trx, ...calls.map(({ invocationId, input }) => jobOf(invocationId, input)))
    await onApprovalDecided(trx, approval)
  })
  const journal = createJournal(deps, engine.executorId)
  const queuedCalls = createQueuedCalls({ db, engine, access, journal, flowSecrets, informationFlow })
  const readState = createReadState(deps)
  const pipeline = createPipeline({
    ...deps,
    runners,
    policies,
    limits,
    informationFlow,
    approvals,
    bind,
    previewCall,
    journal,
    flowSecrets,
    readState,
    sanitize: createSanitize(policies),
    undoing: createUndoing({ ...deps, readState }),
  })

  /** Makes a queued call. Its failure is in the journal, where its caller looks for it. */
  const runQueued = async (queued: QueuedCall, { hold }: JobContext): Promise<void> => {
    const { invocationId } = queued
    try {
      const request = 'sealed' in queued ? ((await flowSecrets.open(queued.workspaceId, queued.sealed)) as Request) : queued.request
      await queuedCalls.run(invocationId, async (signal) => {
        await untilSettled(
          () => hold(() => pipeline.runQueued({ ...request, options: { ...request.options, signal } }, invocationId)),
          signal,
        )
      })
    } catch (error) {
      if (error instanceof JobLost || isPassing(error)) throw error
      await journal.refuse(invocationId, asHubError(error))
    }
  }

  return {
    ...catalogue,
    policies,
    approvals,
    invoke: pipeline.invoke,
    undo: pipeline.undo,
    stateOf: queuedCalls.stateOf,
    cancel: queuedCalls.cancel,
    recordRead: informationFlow.recordRead,
    isKnownKey: async (workspaceId, key) => (await findByKey(db.sql, workspaceId, key)) !== undefined,
    jobs: {
      [callHandler]: {
        run: runQueued,
        quarantine: (trx, ids) => journal.quarantine(trx, ids),
      },
    },

    pollers: [
      {
        name: 'interrupted-calls',
        async run() {
          await journal.resolveInterrupted()
          return interruptedEveryMs
        },
      },
      queuedCalls.poller,
      {
        name: 'expired-approvals',
        async run() {
          await approvals.expire(new Date())
          return expiredEveryMs
        },
      },
    ],
    retention: [
      { of: 'hub', drop: (max) => dropOld(db.sql, daysAgo(invocationDays), max) },
      { of: 'hub', drop: (max) => dropSessionReads(db.sql, daysAgo(sessionDays), max) },
      { of: 'hub', drop: (max) => dropCallCounts(db.sql, daysAgo(callCountDays), max) },
      // The audit log keeps the decisions.
      { of: 'hub', drop: (max) => dropApprovals(db.sql, daysAgo(approvalDays), max) },
    ],

    // oxlint-disable-next-line max-params -- It has the form of `invoke`.
    invokeLater(principal, name, input, options) {
      const { signal: _, onProgress: __, webhookTarget: ___, ...stored } = options
      return pipeline.enqueue({ principal, name, input, options: stored }, ({ invocationId, secrets, approval }) => async (trx) => {
        const { workspaceId } = principal
        // The call names the approval, so a rejection is final.
        const request: Request = { principal, name, input, options: approval === undefined ? stored : { ...stored, approval } }
        const call: QueuedCall =
          secrets.values.length === 0
            ? { request, invocationId }
            : { sealed: await flowSecrets.seal(workspaceId, request), workspaceId, invocationId }
        const waits = approval !== undefined && (await parkCall(trx, { invocationId, approvalId: approval, input: call }))
        if (!waits) await engine.enqueue(trx, jobOf(invocationId, call))
      })
    },

    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  }
}
