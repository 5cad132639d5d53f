import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import pg from 'pg'
import { sleep, within } from '#lib/clock'
import { channel, register, takeLock, type Executor } from './job-store.ts'
import type { EngineDeps } from './types.ts'

// Much shorter than a sweep, so that a process that lost its lock has it again before two sweeps miss it. It also keeps the connection busy,
// because some networks drop idle connections silently.
const beatMs = 1000
const answerMs = 1500
const retryMs = 100
const openMs = 10_000

/** After this time without a heartbeat the process may have been paused, and others may have taken its jobs over. */
const maxSilenceMs = beatMs + answerMs + 500

// A machine that loses power does not close its connections: with these settings the server notices in 5 s instead of Linux's 2 h.
const keepalive = '-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=5000'

/**
 * The sign of life of this process: an advisory lock in a session of its own, which PostgreSQL releases when the process dies for any reason.
 * The same session listens for wake-ups.
 */
export interface Liveness extends AsyncDisposable {
  /** False when the last heartbeat is too long ago. */
  isCurrent(): boolean
  /** Resolves after the next heartbeat. */
  nextBeat(): Promise<void>
}

export interface LivenessHooks {
  readonly onNotification: (poller: string) => void
  /** The connection was lost and is there again: wake-ups were missed, and jobs may have been taken over. */
  readonly onReconnect: () => void
}

export async function startLiveness({ db, logger }: EngineDeps, executorId: string, hooks: LivenessHooks): Promise<Liveness> {
  // 63 bits, so that it is a positive bigint.
  const executor: Executor = { id: executorId, lockId: randomBytes(8).readBigUInt64BE() >> 1n, host: hostname(), pid: process.pid }
  const stopping = new AbortController()
  const pause = (ms: number): Promise<void> => sleep(ms, stopping.signal).catch(() => undefined)
  let waiting: (() => void)[] = []
  let beatNow: (() => void) | undefined
  let session = await openSession()
  let beatAt = performance.now()
  const beating = beat()

  async function openSession(): Promise<pg.Client> {
    const { connection } = db
    const client = new pg.Client({
      ...connection,
      application_name: `integration-hub ${executorId}`,
      options: `${connection.options ?? ''} ${keepalive}`,
    })
    // A broken session is renewed at once, because others count the time without it.
    client.on('error', () => beatNow?.())
    client.on('notification', ({ payload = '' }) => hooks.onNotification(payload))
    // Not every promise of a client settles when its session is ended while it connects.
    const givenUp = Promise.withResolvers<never>()
    givenUp.promise.catch(() => undefined)
    const end = (): void => {
      void close(client)
      givenUp.reject(new Error('the session was given up'))
    }
    // A stop must end the session even while it waits for the lock, and a connection that goes silent must not hang it.
    stopping.signal.addEventListener('abort', end, { once: true })
    const timer = setTimeout(end, openMs)
    client.once('end', () => stopping.signal.removeEventListener('abort', end))
    const open = async (): Promise<pg.Client> => {
      await client.connect()
      await takeLock(client, executor)
      await register(client, executor)
      await client.query(`listen ${channel}`)
      return client
    }
    try {
      return await Promise.race([open(), givenUp.promise])
    } catch (error) {
      end()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async function beat(): Promise<void> {
    while (!stopping.signal.aborted) {
      const askedAt = performance.now()
      const alive = register(session, executor).then(
        () => true,
        () => false,
      )
      const isAlive = await within(answerMs, alive, false)
      if (stopping.signal.aborted) break
      if (!isAlive) {
        await renew()
        continue
      }
      // From the question and not from the answer, which may have waited while the process was paused.
      beatAt = askedAt
      for (const resolve of waiting) resolve()
      waiting = []
      await Promise.race([pause(beatMs), new Promise<void>((resolve) => (beatNow = resolve))])
      beatNow = undefined
    }
    for (const resolve of waiting) resolve()
  }

  async function renew(): Promise<void> {
    logger.warn('the database connection that holds the liveness lock was lost; connecting again')
    void close(session)
    while (!stopping.signal.aborted) {
      try {
        session = await openSession()
        hooks.onReconnect()
        return
      } catch {
        // The pool logs that the database is unavailable.
        await pause(retryMs)
      }
    }
  }

  return {
    isCurrent: () => performance.now() - beatAt < maxSilenceMs,
    nextBeat: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'))
      await beating
    },
  }
}

/** Works on a connection that does not answer, too: during a query, `end` breaks it. */
async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined)
}
