import type { Database, Transaction } from '#db'
import type { Bounded } from '#lib/bounded'
import type { Telemetry } from '#telemetry'

/** Work that is stored before it begins, so that it survives the death of its process. The same id again is the same job. */
export interface Job {
  readonly id: string
  /** The name of the handler that runs it. A used name must not change, because stored jobs refer to it. */
  readonly handler: string
  readonly input: unknown
  /** What this process knows of the job already, such as rows that it has just stored. Not stored: other processes have to read it. */
  readonly known?: unknown
}

export interface JobContext {
  readonly id: string
  readonly known?: unknown
  /** Aborts when another process has taken the job over. */
  readonly signal: AbortSignal
  /**
   * Runs one piece of work, which a stop waits for. Throws `JobLost` when no piece may begin: after a stop, and when another process has
   * taken the job over. That process does the work.
   */
  hold<T>(work: () => Promise<T>): Promise<T>
  /** Stores what a piece of work brought: allowed after a stop, which waits for it. */
  record<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Runs the jobs of one kind. A job whose process dies runs again from its start, so `run` keeps records of its own, and continues from them.
 * It handles its own failures: a job has ended when `run` returns or throws.
 */
export interface JobHandler<Input = never> {
  run(input: Input, context: JobContext): Promise<void>
  /** How far jobs have come, by id. A job that comes further between two deaths of its process is not suspected of having caused them. */
  progress?(trx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Records that the hub has given these jobs up, in the transaction that deletes them. */
  quarantine(trx: Transaction, ids: readonly string[]): Promise<void>
}

/** Work that repeats: a queue to empty, or something to do now and then. */
export interface Poller {
  readonly name: string
  /** The least time between the starts of two rounds, so that work that arrives meanwhile shares a round. */
  readonly restMs?: number
  /** How many rounds may run at the same time. */
  readonly lanes?: number
  /** Does one round. Returns after how many milliseconds the next one is due: 0 when there is more to do. A wake-up shortens the pause. */
  run(stopping: AbortSignal): Promise<number>
}

/** What modules contribute to a process that works. */
export interface Work {
  readonly jobs: Readonly<Record<string, JobHandler>>
  readonly pollers: readonly Poller[]
}

export interface Engine extends AsyncDisposable {
  /** Unique among all processes that share the database. */
  readonly executorId: string
  /**
   * Stores jobs in the caller's transaction. If this process works and has free places, it begins them right after the commit. Otherwise
   * the first process with a free place takes them.
   */
  enqueue(trx: Transaction, ...jobs: readonly Job[]): Promise<void>
  /** Starts a round of a poller now, in this process if it works, otherwise in the others. */
  wake(poller: string): void
  /**
   * Shows that this process is alive and starts to work. Without work it leaves jobs to other processes. Disposing of the result finishes the
   * pieces of work in progress and hands the jobs over.
   */
  start(work?: Work): Promise<AsyncDisposable>
}

export interface EngineOptions {
  readonly executorId: string
  /** How long a stop waits for pieces of work in progress. */
  readonly drainMs?: number
  /** How often this process looks for dead processes; one without a sign of life in two sweeps is dead. */
  readonly sweepMs?: number
  /** Bounds the steps of a stop. */
  readonly bounded?: Bounded
}

export interface EngineDeps extends Telemetry {
  readonly db: Database
}
