import type { Access } from '#access'
import type { Database, Transaction } from '#db'
import type { Engine } from '#engine'
import { render, type Expressions } from '#expressions'
import { hubError, HubError } from '#errors'
import { sha256 } from '#lib/canonical'
import { parseDuration } from '#lib/duration'
import { newId } from '#lib/ids'
import type { SecretValues } from '#lib/secret-values'
import type { Telemetry } from '#telemetry'
import type { Definition } from '../definitions/index.ts'
import type { FlowWithVersion } from '../definitions/flow-store.ts'
import type { FlowRights } from '../definitions/rights.ts'
import { toRunError, type RunError } from '../interpreter/error.ts'
import type { Capacity } from './capacity.ts'
import { activeWithKey, hasPlace, latestStart, lockConcurrencyKey, nextQueued, runsToCancel, type ConcurrencyKey } from './key-store.ts'
import { checkParameters } from './parameters.ts'
import type { FoundSecrets, RunSecrets } from './secrets.ts'
import { admitRun, insertRuns, postponeAdmission, markCancelling, claimRuns, type NewRun, type RunRow } from './run-store.ts'

/** The engine's name for the job that executes one segment of a run. */
export const runHandler = 'flow-run'

export interface LaunchRequest {
  readonly flow: FlowWithVersion
  readonly trigger: Record<string, unknown> & { readonly kind: string }
  readonly parameters: Record<string, unknown>
  /** Why the parameters could not be computed. */
  readonly fault?: HubError | undefined
  /** Secrets of the run or call that starts this one. */
  readonly secrets?: SecretValues | undefined
  readonly event?: { readonly id: string; readonly scope: unknown } | undefined
  readonly dryRun?: boolean | undefined
  /** The flow is not saved, so the run carries its definition. */
  readonly isUnsaved?: boolean
  readonly replayOf?: string | undefined
  /** The number of runs before this one in a chain of events. */
  readonly depth?: number | undefined
  /** Beyond the limit of the workspace the run waits. Otherwise the caller has asked for a place before. */
  readonly mayWait?: boolean
  /** Who caused the run, besides whoever saved the flow. */
  readonly causes?: readonly string[] | undefined
  readonly parent?: { readonly run: string; readonly path: string; readonly depth: number } | undefined
}

export interface Launcher {
  /**
   * Checks the rights and the parameters, fills in their defaults and finds the run's concurrency key. It is called outside of transactions,
   * because it may take seconds. A run with invalid parameters has failed, and one whose rights are gone is skipped.
   */
  prepare(request: LaunchRequest): Promise<PreparedRun>
  /** Creates runs and starts them in the caller's transaction. */
  launch(trx: Transaction, ...runs: readonly PreparedRun[]): Promise<NewRun[]>
  /** Starts waiting runs, and marks running ones so that they check what has arrived. */
  wake(trx: Transaction, ids: readonly string[]): Promise<void>
  /** Starts queued runs of a flow and key up to the concurrency limit, and no more than `most`. Returns how many. */
  admitQueued(
    trx: Transaction,
    flow: { readonly id: string; readonly definition: Pick<Definition, 'concurrency'>; readonly most?: number },
    key: string,
  ): Promise<number>
  start(trx: Transaction, ...segments: readonly Segment[]): Promise<void>
}

export interface PreparedRun {
  readonly run: NewRun
  readonly flow: FlowWithVersion
  readonly key: string | undefined
  /** Beyond the limit of the workspace the run waits. Otherwise the caller has asked for a place before. */
  readonly mayWait: boolean
  /** Why the parameters do not fit. For a caller that waits for the answer, this is better than a run that has failed. */
  readonly invalid: HubError | undefined
}

export interface Segment {
  readonly id: string
  readonly segment: number
  /** The run, if it was stored just now and has no steps yet. */
  readonly known?: RunRow
}

/** Characters. Of a longer key the first part and a digest are kept. */
const maxKeyLength = 500
/** When a run with a concurrency key that found no place in its workspace is looked at again. */
const retryMs = 1000
/** The longest allowed chain of runs in which each was started by the one before: by an event, or by a call of a tool. */
const maxLinks = 10

export interface LauncherDeps extends Pick<Telemetry, 'notices' | 'sums'> {
  readonly db: Pick<Database, 'afterCommit'>
  readonly engine: Pick<Engine, 'enqueue'>
  readonly expressions: Expressions
  readonly access: Pick<Access, 'standings'>
  readonly rights: FlowRights
  readonly capacity: Capacity
  readonly runSecrets: RunSecrets
}

export function createLauncher(deps: LauncherDeps): Launcher {
  const { db, engine, expressions, access, rights, capacity, runSecrets, notices, sums } = deps
  const start: Launcher['start'] = async (trx, ...segments) => {
    if (segments.length === 0) return
    await engine.enqueue(
      trx,
      ...segments.map(({ id, segment, known }) => ({ id: jobOf({ id, segment }), handler: runHandler, input: { runId: id }, known })),
    )
  }

  const tell = (trx: Transaction, runs: readonly Pick<RunRow, 'id' | 'workspaceId'>[]): void =>
    db.afterCommit(trx, () => {
      for (const { workspaceId, id } of runs) notices.add(workspaceId, 'run', id)
    })

  const wake: Launcher['wake'] = async (trx, ids) => {
    const claimed = await claimRuns(trx, ids)
    tell(trx, claimed)
    await start(trx, ...claimed)
  }

  const admitQueued: Launcher['admitQueued'] = async (trx, { id: flowId, definition, most }, key) => {
    const { concurrency } = definition
    if (!concurrency) return 0
    const ref = { flowId, key }
    await lockConcurrencyKey(trx, ref)
    const limit = limitOf(concurrency)
    const free = limit === undefined ? most : Math.min(limit - (await activeWithKey(trx, ref, limit)), most ?? limit)
    let admitted = 0
    for (; free === undefined || admitted < free; admitted++) {
      const next = await nextQueued(trx, ref)
      if (next === undefined) break
      const from = await allowedFrom(trx, ref, concurrency.rate)
      if (from) {
        await postponeAdmission(trx, next, from)
        break
      }
      await admitRun(trx, next)
      await start(trx, { id: next, segment: 0 })
    }
    return admitted
  }

  const allowedFrom = async (trx: Transaction, ref: ConcurrencyKey, rate: { limit: number; per: string } | undefined) => {
    if (!rate) return undefined
    const earlier = await latestStart(trx, ref, rate.limit)
    const from = earlier === undefined ? 0 : earlier.getTime() + parseDuration(rate.per)!
    return from > Date.now() ? new Date(from) : undefined
  }

  /** Stores a run under its concurrency key and starts it if the limit allows. */
  const queue = async (trx: Transaction, { run, flow }: PreparedRun, key: string): Promise<NewRun> => {
    const { concurrency = {} } = flow.definition
    const ref = { flowId: flow.id, key }
    await lockConcurrencyKey(trx, ref)
    const limit = limitOf(concurrency)
    const isFull = limit !== undefined && !(await hasPlace(trx, ref, limit))
    const kept: NewRun = {
      ...run,
      concurrencyKey: key,
      startedAt: null,
      status: isFull && concurrency.on_conflict === 'skip' ? 'skipped' : 'queued',
      wakeAt: run.wakeAt,
    }
    await insertRuns(trx, [kept])
    if (isFull && concurrency.on_conflict === 'cancel_running') {
      for (const id of await runsToCancel(trx, ref, limit)) {
        await markCancelling(trx, id)
        await wake(trx, [id])
      }
    }
    if (kept.status === 'queued' && run.status !== 'queued') await admitQueued(trx, flow, key)
    return kept
  }

  return {
    prepare,
    wake,
    admitQueued,
    start,
    async launch(trx, ...requested) {
      const isWaiting = await waitingAmong(trx, requested)
      const prepared = requested.map((one, index) => (isWaiting[index] ? inWait(one) : one))
      const plain = prepared.filter(({ key }) => key === undefined).map(({ run }) => run)
      await insertRuns(trx, plain)
      const running = plain.filter(({ status }) => status === 'running')
      await start(trx, ...running.map((run) => ({ id: run.id, segment: 0, known: asStored(run) })))
      const runs = prepared.map(({ run }) => run)
      const queued = prepared.flatMap((one, index) =>
        one.key === undefined ? [] : [{ one, key: one.key, index, lock: `${one.run.flowId} ${one.key}` }],
      )
      // Every transaction locks in this order, so that two cannot wait for each other.
      for (const { one, key, index } of queued.toSorted((a, b) => a.lock.localeCompare(b.lock))) runs[index] = await queue(trx, one, key)
      tell(trx, runs)
      db.afterCommit(trx, () => {
        for (const { workspaceId, status, trigger } of runs) {
          const { run_id: starter } = trigger
          // Whoever watches a run cannot know the ids of the runs that it will start.
          if (typeof starter === 'string') notices.add(workspaceId, 'run', starter)
          if (status !== 'skipped') sums.count(workspaceId, 'runsStarted')
          if (status === 'failed') sums.count(workspaceId, 'runsFailed')
        }
      })
      return runs
    },
  }

  /** Which of the new runs have to wait, because their workspace executes as many as it may. Takes the places of the others. */
  async function waitingAmong(trx: Transaction, prepared: readonly PreparedRun[]): Promise<boolean[]> {
    const free = new Map<string, number>()
    const waiting: boolean[] = []
    for (const [index, { run, mayWait }] of prepared.entries()) {
      if (run.status !== 'running') continue
      const { workspaceId } = run
      const left = free.get(workspaceId) ?? (await capacity.free(workspaceId, trx))
      waiting[index] = left === 0 && mayWait
      if (waiting[index]) continue
      free.set(workspaceId, Math.max(0, left - 1))
      capacity.take(workspaceId, 1)
    }
    return waiting
  }

  function inWait(prepared: PreparedRun): PreparedRun {
    const wakeAt = prepared.key === undefined ? null : new Date(Date.now() + retryMs)
    return { ...prepared, run: { ...prepared.run, status: 'queued', startedAt: null, wakeAt } }
  }

  async function prepare(request: LaunchRequest): Promise<PreparedRun> {
    const { flow, trigger, event, parent } = request
    const { timeout, concurrency } = flow.definition
    let error: RunError | null = null
    let { parameters } = request
    let key: string | undefined
    let invalid: HubError | undefined
    const { workspaceId, definition } = flow
    const findSecrets = () => runSecrets.find({ workspaceId, definition, parameters, others: request.secrets?.values })
    let found: FoundSecrets | undefined
    try {
      await rights.requireStanding(flow)
      assertLinks(request.depth ?? 0)
      if (request.fault) throw request.fault
      try {
        parameters = await checkParameters(expressions, flow, parameters)
        found = findSecrets()
        runSecrets.requireFew(found)
      } catch (thrown) {
        if (thrown instanceof HubError) invalid = thrown
        throw thrown
      }
      if (concurrency) key = await keyOf(flow, { event: event?.scope ?? null, parameters })
    } catch (thrown) {
      if (!(thrown instanceof HubError)) throw thrown
      error = toRunError(thrown, '')
    }
    const { shown, sealed, secrets } = await runSecrets.protect(found ?? findSecrets())
    const { ancestors } = (await access.standings(flow.workspaceId, [flow.actor])).get(flow.actor)!
    const now = new Date()
    const run: NewRun = {
      id: newId('run'),
      workspaceId: flow.workspaceId,
      flowId: flow.id,
      flow: flow.name,
      version: flow.version,
      // A run that nothing may run any more has not been started.
      status: error?.code === 'flow_blocked' ? 'skipped' : error ? 'failed' : 'running',
      trigger: secrets.hide(trigger),
      eventId: event?.id ?? null,
      parameters: shown,
      sealed,
      error: secrets.hide(error),
      actor: flow.actor,
      scopes: flow.scopes,
      readOnly: flow.readOnly,
      causes: [...new Set([...(request.causes ?? []), flow.actor, ...ancestors])],
      dryRun: request.dryRun ?? false,
      replayOf: request.replayOf ?? null,
      parentRun: parent?.run ?? null,
      parentPath: parent?.path ?? null,
      depth: parent?.depth ?? request.depth ?? 0,
      concurrencyKey: null,
      wakeAt: null,
      deadlineAt: timeout === undefined ? null : new Date(now.getTime() + parseDuration(timeout)!),
      createdAt: now,
      startedAt: error?.code === 'flow_blocked' ? null : now,
      definition: request.isUnsaved === true ? definition : null,
    }
    // It is cut after the secrets in it are hidden, because the first part of one would not be recognised.
    const shownKey = error || key === undefined ? undefined : shortKey(secrets.hide(key))
    return { run, flow, key: shownKey, mayWait: request.mayWait === true, invalid }
  }

  async function keyOf({ workspaceId, definition }: LaunchRequest['flow'], scope: Record<string, unknown>): Promise<string> {
    const template = definition.concurrency?.key
    const key = template === undefined ? '' : await render(expressions, template, scope, { workspaceId })
    return typeof key === 'string' ? key : JSON.stringify(key ?? null)
  }
}

function shortKey(key: string): string {
  if (key.length <= maxKeyLength) return key
  const end = ` ${sha256(key)}`
  return key.slice(0, maxKeyLength - end.length) + end
}

/** How many runs of one key may be active at once, or undefined without a limit. */
function limitOf({ limit, key }: NonNullable<Definition['concurrency']>): number | undefined {
  return limit ?? (key === undefined ? undefined : 1)
}

export function assertLinks(depth: number): void {
  if (depth <= maxLinks) return
  throw hubError('flow_cycle', { detail: `${depth} runs in a row were each started by the run before; ${maxLinks} are allowed` })
}

/** The id of the job that executes the current segment of a run. */
export function jobOf({ id, segment }: Pick<RunRow, 'id' | 'segment'>): string {
  return `${id}:${segment}`
}

/** The run that a job executes a segment of. */
export function runOfJob(job: string): string {
  return job.split(':', 1)[0]!
}

/** A new run as a read of it would return it. */
export function asStored(run: NewRun): RunRow {
  return { ...run, outputs: null, segment: 0, cancelling: false, finishedAt: null }
}
