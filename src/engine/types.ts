import type { Database, Transaction } from '#db'
import type { Telemetry } from '#telemetry'

/**
 * Durable execution as the rest of the hub uses it. DBOS implements it; nothing outside this folder depends on that. A run is a registered
 * function that starts once under its id and continues after a crash: finished steps are not repeated, the interrupted one runs again.
 */
export interface RunContext {
  readonly runId: string
  /** Runs `work` once and stores its result. After a crash it may run again, so its effect must be idempotent. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Waits, also across restarts. A waiting run keeps its place in its process, some 50 KB; see `runsAtOnce`. */
  sleep(ms: number): Promise<void>
  /** The next signal on a topic, or undefined after the timeout. */
  receive<T>(topic: string, timeoutMs: number): Promise<T | undefined>
  /** Runs work that a stop waits for and that does not begin after a stop. The result is not stored: for runs with records of their own. */
  hold<T>(work: () => Promise<T>): Promise<T>
  /** The stored time: the same after a recovery. */
  now(): Promise<number>
}

export type RunFunction = (input: never, context: RunContext) => Promise<unknown>

export type RunStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'parked'

export interface RunState {
  readonly id: string
  readonly status: RunStatus
  readonly output?: unknown
  readonly error?: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface StartOptions {
  readonly runId: string
  readonly name: string
  readonly input: unknown
}

export interface Engine extends AsyncDisposable {
  readonly executorId: string
  /** Starts a run. The same id again is the same run. */
  start(options: StartOptions): Promise<void>
  /** The same inside a transaction, so that runs are stored together with the caller's rows or not at all. */
  startIn(trx: Transaction, ...options: readonly StartOptions[]): Promise<void>
  signal(runId: string, topic: string, message: unknown): Promise<void>
  cancel(runId: string): Promise<void>
  /** Continues a parked, failed or cancelled run where it stopped. */
  resume(runId: string): Promise<void>
  state(runId: string): Promise<RunState | undefined>
  /** Waits for the end of a run; undefined after the timeout. */
  wait(runId: string, timeoutMs: number): Promise<RunState | undefined>
}

export interface EngineOptions {
  /** Unique among all processes that share the database. */
  readonly executorId: string
  /** Functions by name. A used name must not change, because stored runs refer to it. */
  readonly runs: Readonly<Record<string, RunFunction>>
  /** False in processes that only answer requests: other processes execute the runs that they start. */
  readonly works: boolean
  /** How long a stop waits for running steps. */
  readonly drainMs?: number
  /** The progress of runs with records of their own: a run that makes progress is not suspected of killing its process. */
  readonly progress?: (trx: Transaction, runIds: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** Called in the transaction that parks these runs. */
  readonly onParked?: (trx: Transaction, runIds: readonly string[]) => Promise<void>
  /** How often this process looks for dead processes; one without a sign of life in two sweeps is dead. */
  readonly sweepMs?: number
}

export interface EngineDeps extends Telemetry {
  readonly db: Database
}
