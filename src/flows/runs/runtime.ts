import { actorsBehind, requireScope, type Principal, scopesInBoth } from '#access'
import { isPassing } from '#db'
import type { JobContext } from '#engine'
import { hubError, HubError } from '#errors'
import { selectTools, untilSettled, type Outcome } from '#tools'
import { findFlow } from '../definitions/flow-store.ts'
import type { FlowRights } from '../definitions/rights.ts'
import type { ChildState, Runtime, StepRecord } from '../interpreter/runtime.ts'
import { completedAmong } from './step-store.ts'
import { Cancelled, Interrupted, RightsLost } from '../interpreter/signals.ts'
import { once } from '#lib/once'
import type { SecretValues } from '#lib/secret-values'
import type { ActiveRun } from './run-repository.ts'
import type { StepSecrets } from './secrets.ts'
import { findChild, endedStatuses, readRunSession, type RunRow } from './run-store.ts'
import type { SegmentDeps } from './segment-deps.ts'

export interface RuntimeOptions {
  readonly run: ActiveRun
  readonly row: RunRow
  readonly context: JobContext
  readonly records: Map<string, StepRecord>
  /** The steps of the run whose outputs a dry run reuses. */
  readonly recorded: ReadonlyMap<string, StepRecord>
  readonly principal: Principal
  /** What is secret among the parameters. */
  readonly secrets: SecretValues
  readonly stepSecrets: StepSecrets
}

/** Steps need complete outputs, so they are practically never truncated. */
const maxTokens = 50_000_000
const maxDepth = 10

/** A temporary database error must not fail the step: the whole run is interrupted and tried again. */
function interruptible<Args extends unknown[], T>(work: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  return (...args) =>
    work(...args).catch((error: unknown) => {
      throw isPassing(error) ? new Interrupted(error) : error
    })
}

export function createRuntime(deps: SegmentDeps, options: RuntimeOptions): Runtime {
  return guarded(deps, options, openRuntime(deps, options))
}

function guarded(deps: SegmentDeps, options: RuntimeOptions, runtime: Runtime): Runtime {
  const { save, call, script, child, expect, forget, ask, approval, emit } = runtime
  /** Checks before each call and each effect, because a run may take months. */
  const standing =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await narrowRights(deps.rights, options)
      return work(...args)
    }
  return {
    ...runtime,
    save: interruptible(save),
    call: interruptible(standing(call)),
    script: interruptible(standing(script)),
    child: interruptible(standing(child)),
    expect: interruptible(standing(expect)),
    forget: interruptible(forget),
    ask: interruptible(standing(ask)),
    approval: interruptible(approval),
    emit: interruptible(standing(emit)),
    afterCancel: () => guarded(deps, options, runtime.afterCancel()),
  }
}

/** Gives the principal of a run what is left of the rights of whoever saved its flow: the role of a person may change meanwhile. */
async function narrowRights(rights: FlowRights, { row, principal }: Pick<RuntimeOptions, 'row' | 'principal'>): Promise<void> {
  const within = await requireRunRights(rights, row)
  if (within !== undefined) Object.assign(principal, { scopes: scopesInBoth(row.scopes, within) })
}

/** Throws `RightsLost` when whoever saved the flow has lost their rights. */
export async function requireRunRights(
  rights: FlowRights,
  { workspaceId, flow: name, actor }: Pick<RunRow, 'workspaceId' | 'flow' | 'actor'>,
): Promise<readonly string[] | undefined> {
  try {
    return await rights.requireStanding({ workspaceId, name, actor })
  } catch (thrown) {
    throw thrown instanceof HubError ? new RightsLost(thrown) : thrown
  }
}

function openRuntime(deps: SegmentDeps, options: RuntimeOptions): Runtime {
  const { run, row, context, records, recorded, principal, secrets, stepSecrets } = options
  const { db, events, expressions, publisher, tools, launcher, runRepository } = deps
  const { id: runId, workspaceId, dryRun, deadlineAt } = row
  const given = (row.trigger['outputs'] ?? {}) as Record<string, unknown>
  const session = once(() => readRunSession(db.sql, row))
  const targetOf = (path: string): string => `${runId} ${path}`
  const tell = (): void => deps.notices.add(workspaceId, 'run', runId)

  const save = async (record: StepRecord): Promise<void> => {
    records.set(record.path, record)
    await context.record(() => runRepository.save(run, stepSecrets.protect(record)))
    tell()
  }

  /** Stores the step of a cancelled run all the same. */
  const saveAfterCancel = (record: StepRecord): Promise<void> =>
    save(record).catch((thrown: unknown) => {
      if (!(thrown instanceof Cancelled)) throw thrown
    })

  const call: Runtime['call'] = async ({ uses, input, integration, fields, key, isReadKeyed = false, approval, path, signal: ending }) => {
    const tool = await tools.find(workspaceId, uses)
    const isRead = tool.action.effect === 'read'
    const invoke = (): Promise<Outcome> =>
      tools.invoke(principal, uses, input, {
        transport: 'flow',
        integration,
        fields,
        approval,
        maxTokens,
        signal: ending,
        idempotencyKey: isRead && !isReadKeyed && approval === undefined ? undefined : `${runId}/${key}`,
        dryRun: dryRun && !isRead,
        step: { id: runId, path, depth: row.depth, secrets, session },
      })
    const { output, invocationId } = await untilSettled(() => context.hold(invoke), ending)
    return { output, invocationId }
  }

  const runtime: Runtime = {
    workspaceId,
    expressions,
    signal: run.abort.signal,
    afterCancel: () => ({ ...runtime, signal: context.signal, save: saveAfterCancel }),
    deadline: deadlineAt?.getTime(),
    dryRun,
    now: Date.now,
    known: (path) => records.get(path),
    save,
    show: (record) => runRepository.show(run, stepSecrets.protect(record)),
    wakeRequests: () => run.wakeRequests,
    async refresh() {
      for (const record of await completedAmong(db.sql, runId, waitingPaths(records))) records.set(record.path, stepSecrets.reveal(record))
    },
    call,
    async script({ toolset, ...script }) {
      const allowed = selectTools(await tools.list(principal, {}), toolset)
      return deps.scripts.run({ ...script, seed: `${runId}/${script.seed}`, tools: allowed.map(({ name }) => name), owner: workspaceId })
    },
    recorded(path) {
      if (!dryRun) return undefined
      if (Object.hasOwn(given, path)) return { output: given[path] }
      const before = recorded.get(path)
      return before?.status === 'completed' ? { output: before.output ?? null } : undefined
    },

    async child(path, flowName, parameters): Promise<ChildState> {
      const child = (await findChild(db.sql, runId, path)) ?? (await launchChild(path, flowName, parameters as Record<string, unknown>))
      if (child.status === 'completed') return { status: 'completed', outputs: child.outputs }
      if (!endedStatuses.includes(child.status)) return { status: 'running' }
      const error = child.error ?? { code: 'run_state_conflict', message: `the run ${child.id} was ${child.status}`, retryable: false }
      return { status: 'failed', error: { ...error, message: `${flowName} failed: ${error.message}` } }
    },

    async expect(record, { event, filter, correlate, scope }) {
      records.set(record.path, record)
      const detail = { runId, path: record.path, ...(correlate === undefined ? {} : { correlate, ...(await keptScope(scope)) }) }
      const target = targetOf(record.path)
      await db.transaction(async (trx) => {
        await runRepository.saveIn(trx, run, stepSecrets.protect(record))
        await events.subscribe(trx, { workspaceId, kind: 'run', target, types: [event], filter: filter ?? null, ordered: false, detail })
      })
    },

    forget: (path) => db.transaction((trx) => events.unsubscribe(trx, 'run', targetOf(path))),

    async ask(path, { message, by, expiresAt, call: exact }) {
      const { uses, input, integration = null } = (exact ?? {}) as { uses?: string; input?: unknown; integration?: string | null }
      const asked = await tools.approvals.ask({
        principal,
        message: secrets.hide(message),
        secrets,
        runId,
        path,
        expiresAt: new Date(expiresAt),
        ...(by ? { deciders: by } : {}),
        ...(uses === undefined ? {} : { call: { tool: uses, integration, input } }),
      })
      return asked.id
    },

    async approval(id) {
      const found = await tools.approvals.get(workspaceId, id)
      if (found.status === 'pending') return { status: 'pending', until: found.expiresAt.getTime() }
      if (found.status === 'expired') return { status: 'expired' }
      const by = found.decidedBy ?? 'somebody'
      return { status: found.status === 'rejected' ? 'rejected' : 'approved', by, comment: found.comment }
    },

    async emit(record, { type, subject, data, topic, key }) {
      assertFree(type)
      await db.transaction(async (trx) => {
        const done: StepRecord = { ...record, status: 'completed', finishedAt: Date.now(), output: { type } }
        if (!(await runRepository.saveIn(trx, run, stepSecrets.protect(done)))) return
        const eventData =
          typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : { value: data }
        await publisher.publish(trx, [
          {
            workspaceId,
            type,
            data: secrets.hide(eventData),
            publishTo: topic === undefined ? undefined : { topic, key },
            depth: row.depth,
            causes: actorsBehind(principal),
            origin: { flow: row.flow, run: runId, step: record.path },
            ...(subject === undefined ? {} : { subject: secrets.hide(subject) }),
          },
        ])
      })
    },
  }

  return runtime

  /** What the condition on an event reads. It is sealed where it contains a secret. */
  async function keptScope(scope: unknown): Promise<Record<string, unknown>> {
    return secrets.values.length === 0 ? { scope } : { sealed: await deps.runSecrets.seal(workspaceId, scope) }
  }

  /** The flow may have been saved by an earlier version of the hub, or before the connector was there. */
  function assertFree(type: unknown): void {
    const owner = deps.reservedType(String(type))
    if (owner === undefined) return
    throw hubError('invalid_input', {
      detail: `only ${owner} publishes events "${String(type)}"`,
      hint: 'begin the type with a word of your own',
    })
  }

  async function launchChild(
    path: string,
    name: string,
    parameters: Record<string, unknown>,
  ): Promise<Pick<RunRow, 'id' | 'status' | 'error'> & { outputs?: unknown }> {
    const flow = await findFlow(db.sql, workspaceId, name)
    if (!flow) throw hubError('not_found', { detail: `there is no flow "${name}" in this workspace` })
    if (!flow.enabled) throw hubError('flow_disabled', { detail: `the flow "${name}" is disabled` })
    await deps.rights.requireStanding(flow)
    // The child runs with the rights of its own author, which may be more than those of this run.
    requireScope(principal, 'flows:run')
    if (row.depth >= maxDepth) throw hubError('expression_limit', { detail: `flows start other flows more than ${maxDepth} levels deep` })
    await deps.capacity.requireFor(workspaceId)
    const prepared = await launcher.prepare({
      flow,
      dryRun,
      parameters,
      secrets,
      causes: actorsBehind(principal),
      parent: { run: runId, path, depth: row.depth + 1 },
      trigger: { kind: 'flow', run_id: runId, path },
    })
    if (prepared.invalid) throw prepared.invalid
    return db.transaction(async (trx) => {
      await runRepository.assertHeld(trx, run)
      // The process that executed the run before may have launched the child just before it lost the run.
      const known = await findChild(trx, runId, path)
      if (known) return known
      const [child] = await launcher.launch(trx, prepared)
      return child!
    })
  }
}

function waitingPaths(records: ReadonlyMap<string, StepRecord>): string[] {
  return [...records.values()].filter(({ status }) => status === 'waiting').map(({ path }) => path)
}
