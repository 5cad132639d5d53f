import type { Access, Principal } from '#access'
import type { Database } from '#db'
import type { Engine, JobHandler } from '#engine'
import type { Integrations } from '#integrations'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createApprovals, type Approvals } from './approvals.ts'
import { createCatalogue, type Catalogue } from './catalogue.ts'
import type { InvokeOptions } from './call.ts'
import { createPipeline, type Invoke, type Request } from './invoke.ts'
import type { Outcome } from './outcome.ts'
import { partOf, type PartRequest, type ResultPart } from './read-result.ts'
import type { Tool } from './tool.ts'
import { createJournal } from './journal.ts'
import { createPolicies, type Policies } from './policy.ts'
import { createRegistry, type Registry } from './registry.ts'
import { findInvocation, listInvocations, type InvocationFilter, type InvocationRow } from './store.ts'

export type { ApprovalFilter, ApprovalRow, ApprovalStatus } from './approval-store.ts'
export type { Approvals, DecisionListener, Question } from './approvals.ts'
export type { InvokeOptions, Transport } from './call.ts'
export type { Invoke } from './invoke.ts'
export type { Outcome } from './outcome.ts'
export { policyRule, type PolicyRule } from './policy.ts'
export type { ToolDescription, ToolFilter } from './registry.ts'
export type { Tool, ToolRun, ToolSource } from './tool.ts'
export type { InvocationFilter, InvocationRow } from './store.ts'

export interface Tools extends AsyncDisposable, Catalogue {
  readonly registry: Registry
  readonly policies: Policies
  readonly approvals: Approvals
  readonly invoke: Invoke
  /** Returns at once; a background job makes the call, in any process. */
  invokeLater(principal: Principal, name: string, input: unknown, options: InvokeOptions): Promise<Outcome>
  /** Makes the calls of `invokeLater`. */
  readonly jobs: Readonly<Record<string, JobHandler>>
  /** Starts to end the calls of dead processes and expired approvals. */
  start(): void
  invocations(workspaceId: string, filter: InvocationFilter): Promise<InvocationRow[]>
  invocation(workspaceId: string, id: string): Promise<InvocationRow>
  /** A part of the stored output of a call. */
  readResult(workspaceId: string, id: string, part: PartRequest): Promise<ResultPart>
}

export interface ToolsDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly integrations: Integrations
  readonly publisher: EventPublisher
}

const sweepMs = 2000
/** The engine's name for the job that makes a queued call. */
const callHandler = 'tool-call'

export interface ToolsOptions {
  readonly connectors: readonly Connector[]
  /** The hub's own tools. */
  readonly ownTools?: readonly Tool[]
}

interface QueuedCall {
  readonly request: Request
  readonly invocationId: string
}

export function createTools(deps: ToolsDeps, { connectors, ownTools = [] }: ToolsOptions): Tools {
  const { db, engine, access, logger } = deps
  const registry = createRegistry(connectors, ownTools)
  const policies = createPolicies(db, access)
  const catalogue = createCatalogue(registry)
  const approvals = createApprovals({ ...deps, registry, catalogue })
  const journal = createJournal(deps, engine.executorId)
  const pipeline = createPipeline({ ...deps, registry, catalogue, policies, approvals, journal })
  let sweeping: NodeJS.Timeout | undefined

  const runQueued = async ({ request, invocationId }: QueuedCall): Promise<void> => {
    // A failure of the call is in the journal, where its caller looks for it; the job itself has done its work.
    await pipeline
      .runQueued(request, invocationId)
      .catch((error: unknown) => logger.debug({ err: error, tool: request.name }, 'a queued call failed'))
  }

  const invocation = async (workspaceId: string, id: string): Promise<InvocationRow> => {
    const row = await findInvocation(db.sql, workspaceId, id)
    if (!row) throw hubError('not_found', { detail: `there is no invocation "${id}" in this workspace` })
    return row
  }

  return {
    ...catalogue,
    registry,
    policies,
    approvals,
    invoke: pipeline.invoke,
    jobs: {
      [callHandler]: {
        run: (call: QueuedCall, context) => context.hold(() => runQueued(call)),
        quarantine: (trx, ids) => journal.quarantine(trx, ids),
      },
    },

    start() {
      sweeping = setInterval(() => {
        journal
          .resolveInterrupted()
          .catch((error: unknown) => logger.warn({ err: error }, 'failed to end the calls of dead processes; trying again'))
        approvals.expire(new Date()).catch((error: unknown) => logger.warn({ err: error }, 'failed to record which approvals have expired'))
      }, sweepMs).unref()
    },

    invokeLater(principal, name, input, options) {
      const { signal: _, ...stored } = options
      const request: Request = { principal, name, input, options: stored }
      return pipeline.enqueue(request, (invocationId) => (trx) => {
        const call: QueuedCall = { request, invocationId }
        return engine.enqueue(trx, { id: invocationId, handler: callHandler, input: call })
      })
    },

    invocations: (workspaceId, filter) => listInvocations(db.sql, workspaceId, filter),
    invocation,
    async readResult(workspaceId, id, part) {
      const { output } = await invocation(workspaceId, id)
      if (output === null) throw hubError('not_found', { detail: `the invocation "${id}" has no stored output` })
      return partOf(output, part)
    },

    async [Symbol.asyncDispose]() {
      clearInterval(sweeping)
      await journal[Symbol.asyncDispose]()
    },
  }
}
