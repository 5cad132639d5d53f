import type { Access, Principal } from '#access'
import type { Database } from '#db'
import type { Engine, RunFunction } from '#engine'
import type { Integrations } from '#integrations'
import { hubError } from '#errors'
import type { Connector } from '#kit'
import { newId } from '#lib/ids'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { createApprovals, type Approvals } from './approvals.ts'
import { createCatalogue, type Catalogue } from './catalogue.ts'
import { createInvoke, type Invoke, type InvokeOptions, type Outcome } from './invoke.ts'
import { createJournal } from './journal.ts'
import { createPolicies, type Policies } from './policy.ts'
import { createRegistry, type Registry } from './registry.ts'
import { findInvocation, listInvocations, type InvocationFilter, type InvocationRow } from './store.ts'

export type { ApprovalFilter, ApprovalRow, ApprovalStatus } from './approval-store.ts'
export type { Approvals, DecisionListener, Question } from './approvals.ts'
export { createHubConnector, healthOf } from './builtin.ts'
export type { ToolProvider } from './catalogue.ts'
export type { Transport, InvokeOptions, Outcome } from './invoke.ts'
export { policyRule, type PolicyRule } from './policy.ts'
export type { Tool, ToolDescription, ToolFilter } from './registry.ts'
export type { InvocationFilter, InvocationRow } from './store.ts'

export interface Tools extends AsyncDisposable, Catalogue {
  readonly registry: Registry
  readonly policies: Policies
  readonly approvals: Approvals
  readonly invoke: Invoke
  /** Answers at once; the durable engine makes the call, on any process. */
  invokeLater(principal: Principal, name: string, input: unknown, options: InvokeOptions): Promise<Outcome>
  /** What the engine runs for `invokeLater`. */
  readonly runs: Readonly<Record<string, RunFunction>>
  attach(engine: Engine): void
  invocations(workspaceId: string, filter: InvocationFilter): Promise<InvocationRow[]>
  invocation(workspaceId: string, id: string): Promise<InvocationRow>
}

export interface ToolsDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
  readonly integrations: Integrations
  readonly publisher: EventPublisher
}

interface LaterCall {
  readonly principal: Principal
  readonly name: string
  readonly input: unknown
  readonly options: InvokeOptions
}

const settleMs = 2000

export function createTools(deps: ToolsDeps, { connectors, executorId }: { connectors: readonly Connector[]; executorId: string }): Tools {
  const { db, access, logger } = deps
  const registry = createRegistry(connectors)
  const policies = createPolicies(db, access)
  const catalogue = createCatalogue(registry)
  const approvals = createApprovals({ ...deps, registry, catalogue })
  const journal = createJournal(deps, executorId)
  const invoke = createInvoke({ ...deps, registry, catalogue, policies, approvals, journal })
  let engine: Engine | undefined
  let settling: NodeJS.Timeout | undefined

  const callLater = async ({ principal, name, input, options }: LaterCall): Promise<void> => {
    // A failure of the call is in the journal, which is where its caller looks; the run itself did its work.
    await invoke(principal, name, input, options).catch((error: unknown) => logger.debug({ err: error, tool: name }, 'a later call failed'))
  }

  return {
    ...catalogue,
    registry,
    policies,
    approvals,
    invoke,
    runs: { 'tool-call': async (call: LaterCall, context) => context.step('call', () => callLater(call)) },

    attach(running) {
      engine = running
      settling = setInterval(() => {
        journal.settle().catch((error: unknown) => logger.warn({ err: error }, 'could not settle the calls of dead processes'))
        approvals.expire(new Date()).catch((error: unknown) => logger.warn({ err: error }, 'could not note which approvals have expired'))
      }, settleMs).unref()
    },

    invokeLater(principal, name, input, options) {
      const running = engine
      if (!running) throw hubError('internal', { cause: new Error('no durable engine is attached') })
      const invocationId = newId('inv')
      // Without a key of the caller's the id serves: a recovered run must find its own entry.
      const { signal: _, ...rest } = options
      const call: LaterCall = {
        principal,
        name,
        input,
        options: { ...rest, idempotencyKey: options.idempotencyKey ?? invocationId, invocationId },
      }
      return invoke(principal, name, input, {
        ...call.options,
        later: (trx) => running.startIn(trx, { runId: invocationId, name: 'tool-call', input: call }),
      })
    },

    invocations: (workspaceId, filter) => listInvocations(db.sql, workspaceId, filter),
    async invocation(workspaceId, id) {
      const row = await findInvocation(db.sql, workspaceId, id)
      if (!row) throw hubError('not_found', { detail: `there is no invocation "${id}" in this workspace` })
      return row
    },

    async [Symbol.asyncDispose]() {
      clearInterval(settling)
      await journal[Symbol.asyncDispose]()
    },
  }
}
