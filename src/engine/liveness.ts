import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { sleep } from '#lib/clock'
import type { EngineDeps } from './index.ts'
import { countTakeOvers, markLeft, pendingRuns, registerExecutor, removeExecutor, silentExecutors } from './store.ts'

/**
 * DBOS does not take over the running work of a dead peer by itself. So each process holds one PostgreSQL advisory lock in a session of its
 * own: the server frees it when the process is gone, however it went. A sweep looks for executors whose lock is free and hands their
 * runs back to the queue.
 */
const sweepMs = 2000
/** Seen silent in this many sweeps: a database restart frees every lock, and the living need a moment to take theirs again. */
const sweepsUntilDead = 2

export interface LivenessOptions {
  readonly executorId: string
  readonly host: string
  readonly takesOver: boolean
  resume(runIds: readonly string[]): Promise<void>
  park(runIds: readonly string[]): Promise<void>
}

export interface Liveness extends AsyncDisposable {
  begin(): void
}

export async function startLiveness({ db, logger, metrics }: EngineDeps, options: LivenessOptions): Promise<Liveness> {
  const { executorId, host } = options
  // 63 bits, so that it is a positive bigint.
  const lockId = randomBytes(8).readBigUInt64BE() >> 1n
  const stopping = new AbortController()
  const silentFor = new Map<string, number>()
  let session = await signOfLife()
  let work: Promise<void> = Promise.resolve()

  async function signOfLife(): Promise<pg.Client> {
    const client = new pg.Client({ ...db.connection, application_name: `integration-hub ${executorId}` })
    client.on('error', () => undefined)
    client.once('end', () => {
      if (!stopping.signal.aborted) void renew()
    })
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [lockId])
    await registerExecutor(db.sql, { id: executorId, lockId, host, pid: process.pid })
    return client
  }

  async function renew(): Promise<void> {
    logger.warn('the sign of life was lost with its database connection; taking it again')
    for (;;) {
      try {
        session = await signOfLife()
        return
      } catch {
        // The database is still away; the pool's own errors tell it. 100 ms, as two sweeps without a lock mean death.
        await sleep(100, stopping.signal).catch(() => undefined)
        if (stopping.signal.aborted) return
      }
    }
  }

  async function sweep(): Promise<void> {
    const silent = (await silentExecutors(db.sql)).filter(({ id }) => id !== executorId)
    for (const known of silentFor.keys()) if (!silent.some(({ id }) => id === known)) silentFor.delete(known)
    for (const { id, left } of silent) {
      const times = (silentFor.get(id) ?? 0) + 1
      silentFor.set(id, times)
      if (left || times >= sweepsUntilDead) await takeOver(id, left)
    }
  }

  /** Each part can be repeated, so a sweep that dies here, or two at once, do no harm. */
  async function takeOver(deadId: string, left: boolean): Promise<void> {
    const runIds = await pendingRuns(db.sql, deadId)
    const parked = left ? [] : await countTakeOvers(db.sql, runIds, deadId)
    const others = runIds.filter((id) => !parked.includes(id))
    if (parked.length > 0) await options.park(parked)
    if (others.length > 0) await options.resume(others)
    await removeExecutor(db.sql, deadId)
    silentFor.delete(deadId)
    metrics.takenOver.inc({ outcome: 'resumed' }, others.length)
    metrics.takenOver.inc({ outcome: 'parked' }, parked.length)
    if (runIds.length > 0)
      logger.warn({ executor: deadId, left, resumed: others.length, parked }, 'took over the runs of a process that is gone')
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sweep().catch((error: unknown) => logger.warn({ err: error }, 'the sweep for dead processes failed; trying again'))
      await sleep(sweepMs, stopping.signal).catch(() => undefined)
    }
  }

  return {
    begin() {
      if (options.takesOver) work = loop()
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'))
      await work
      await markLeft(db.sql, executorId).catch(() => undefined)
      await session.end().catch(() => undefined)
    },
  }
}
