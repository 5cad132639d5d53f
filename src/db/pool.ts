import pg from 'pg'
import type { Logger } from '#telemetry'

/** A pool whose connections may break at any time. A query on a broken one fails; the next opens another. */
export function openPool(connection: pg.ClientConfig, max: number, logger: Logger): pg.Pool {
  const pool = new pg.Pool({ ...connection, max, idleTimeoutMillis: 10_000 })
  pool.on('error', (error) => {
    // `end()` does not wait for its connections to close.
    if (!pool.ending) logger.warn({ err: error }, 'an idle database connection broke')
  })
  // A connection in use has no listener of the pool's, and an "error" event that nobody hears ends the process. The query under way fails
  // by itself.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
