import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import pg from 'pg'
import { sleep, within } from '#lib/clock'
import type { EngineDeps, EngineOptions } from './types.ts'
import { dropEnded, markLeft, register, silentExecutors, takeLock, takeOver, type Executor } from './store.ts'

/**
 * DBOS does not take over the runs of a dead process. So each process holds a PostgreSQL advisory lock in its own session, which the server
 * releases when the process dies for any reason. A sweep looks for executors whose lock is free and returns their runs to the queue.
 */
const defaultSweepMs = 2000
/** The sweeps without a sign of life after which a process is dead: a database restart frees every lock, and live processes need time to lock again. */
const sweepsUntilDead = 2

// Much shorter than a sweep, so that a process that lost its lock has it again before two sweeps miss it. It also keeps the connection busy,
// because some networks drop idle connections silently.
const beatMs = 500
const answerMs = 2000
const retryMs = 100

/** Kept for callers that wait for the end of a run; everything else is in the hub's own tables. */
const keepMs = 3_600_000
const dropEveryMs = 60_000
const dropAtOnce = 500

// A machine that loses power does not close its connections: with these settings the server notices in 5 s instead of Linux's 2 h.
const keepalive = '-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=5000'

export interface Liveness extends AsyncDisposable {
  /** Starts to look for dead processes. */
  sweep(): void
}

export async function startLiveness(
  { db, logger, metrics }: EngineDeps,
  {
    executorId,
    queue,
    sweepMs = defaultSweepMs,
    ...hooks
  }: Pick<EngineOptions, 'executorId' | 'sweepMs' | 'progress' | 'onParked'> & { readonly queue: string },
): Promise<Liveness> {
  // 63 bits, so that it is a positive bigint.
  const executor: Executor = { id: executorId, lockId: randomBytes(8).readBigUInt64BE() >> 1n, host: hostname(), pid: process.pid }
  const stopping = new AbortController()
  const pause = (ms: number): Promise<void> => sleep(ms, stopping.signal).catch(() => undefined)
  const silentFor = new Map<string, number>()
  let droppedAt = Date.now()
  let session = await openSession()
  const beating = beat()
  let sweeping: Promise<void> = Promise.resolve()

  async function openSession(): Promise<pg.Client> {
    const { connection } = db
    const client = new pg.Client({
      ...connection,
      application_name: `integration-hub ${executorId}`,
      options: `${connection.options ?? ''} ${keepalive}`,
    })
    client.on('error', () => undefined)
    // A stop must end the session even while it waits for the lock.
    stopping.signal.addEventListener('abort', () => void close(client), { once: true })
    try {
      await client.connect()
      await takeLock(client, executor)
      await register(client, executor)
      return client
    } catch (error) {
      void close(client)
      throw error
    }
  }

  async function beat(): Promise<void> {
    while (!stopping.signal.aborted) {
      const alive = register(session, executor).then(
        () => true,
        () => false,
      )
      if (await within(answerMs, alive, false)) await pause(beatMs)
      else await renew()
    }
  }

  async function renew(): Promise<void> {
    logger.warn('the database connection that holds the liveness lock was lost; connecting again')
    void close(session)
    while (!stopping.signal.aborted) {
      try {
        session = await openSession()
        return
      } catch {
        // The pool logs that the database is unavailable.
        await pause(retryMs)
      }
    }
  }

  async function sweepOnce(): Promise<void> {
    const silent = (await silentExecutors(db.sql)).filter(({ id }) => id !== executorId)
    for (const known of silentFor.keys()) if (!silent.some(({ id }) => id === known)) silentFor.delete(known)
    for (const dead of silent) {
      const times = (silentFor.get(dead.id) ?? 0) + 1
      silentFor.set(dead.id, times)
      if (!dead.left && times < sweepsUntilDead) continue
      const { resumed, parked } = await takeOver(db, dead, queue, hooks)
      silentFor.delete(dead.id)
      metrics.takenOver.inc({ outcome: 'resumed' }, resumed.length)
      metrics.takenOver.inc({ outcome: 'parked' }, parked.length)
      if (resumed.length + parked.length > 0)
        logger.warn({ executor: dead.id, left: dead.left, resumed: resumed.length, parked }, 'took over the runs of a dead process')
    }
  }

  /** Deletes in small batches, so that a large backlog does not slow the hub down. */
  async function dropOld(): Promise<void> {
    if (Date.now() - droppedAt < dropEveryMs) return
    droppedAt = Date.now()
    while (!stopping.signal.aborted && (await dropEnded(db.sql, keepMs, dropAtOnce)) === dropAtOnce) await pause(20)
  }

  async function sweepOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      await dropOld().catch((error: unknown) => logger.warn({ err: error }, 'failed to delete runs that have ended; trying again'))
      await sweepOnce().catch((error: unknown) => logger.warn({ err: error }, 'the sweep for dead processes failed; trying again'))
      await pause(sweepMs)
    }
  }

  return {
    sweep() {
      sweeping = sweepOn()
    },
    async [Symbol.asyncDispose]() {
      await markLeft(db.sql, executorId).catch((error: unknown) =>
        logger.warn({ err: error }, 'failed to announce the stop to the other processes; they take over after two sweeps'),
      )
      stopping.abort(new Error('stopping'))
      await Promise.all([sweeping, beating])
    },
  }
}

/** Works on a connection that does not answer, too: during a query, `end` breaks it. */
async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined)
}
