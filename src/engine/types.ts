import type { Database, Transaction } from '#db'
import type { Telemetry } from '#telemetry'

/**
 * Durable execution, as the rest of the hub sees it. Behind it stands DBOS; nothing outside this folder knows that. A run is a registered
 * function that is started once under its id and goes on after a crash: steps that finished are not repeated, the one that was interrupted
 * runs again.
 */
export interface RunContext {
  readonly runId: string
  /** Runs `work` once and remembers what came of it. Interrupted by a crash, it runs again: make its effect idempotent. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Waits, across restarts. A waiting run keeps its place in its process, some 50 KB; see `runsAtOnce`. */
  sleep(ms: number): Promise<void>
  /** The next signal on a topic, or undefined when none came in time. */
  receive<T>(topic: string, timeoutMs: number): Promise<T | undefined>
  /** Work that a stop waits for, and that does not begin once the hub stops. Not remembered: for runs that keep a memory of their own. */
  hold<T>(work: () => Promise<T>): Promise<T>
  /** The time, remembered: the same after a recovery. */
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
  /** The same inside a transaction: runs and what they belong to are stored together or not at all. */
  startIn(trx: Transaction, ...options: readonly StartOptions[]): Promise<void>
  signal(runId: string, topic: string, message: unknown): Promise<void>
  cancel(runId: string): Promise<void>
  /** Takes a parked, failed or cancelled run up again where it stood. */
  resume(runId: string): Promise<void>
  state(runId: string): Promise<RunState | undefined>
  /** Waits for the end of a run; undefined when it has not ended in time. */
  wait(runId: string, timeoutMs: number): Promise<RunState | undefined>
}

export interface EngineOptions {
  /** Unique among all processes that share the database. */
  readonly executorId: string
  /** Functions by name. A name, once used, stays: stored runs refer to it. */
  readonly runs: Readonly<Record<string, RunFunction>>
  /** False in processes that only answer requests: they start runs and leave the work to others. */
  readonly works: boolean
  /** How long a stop waits for the steps under way. */
  readonly drainMs?: number
  /** How far runs have come that keep a memory of their own: one that gets further is not held to kill its processes. */
  readonly progress?: (trx: Transaction, runIds: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** These were parked, in this transaction. */
  readonly onParked?: (trx: Transaction, runIds: readonly string[]) => Promise<void>
  /** How often this process looks for dead ones; found silent twice, they are dead. */
  readonly sweepMs?: number
}

export interface EngineDeps extends Telemetry {
  readonly db: Database
}
