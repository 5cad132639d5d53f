import pg from 'pg'
import type { Logger } from '#telemetry'
import { preparingClient } from './prepare.ts'

/** Opens a pool whose connections may break at any time. A query on a broken connection fails, and the next query opens a new one. */
export function openPool(connection: pg.ClientConfig, max: number, logger: Logger): pg.Pool {
  const pool = new pg.Pool({ ...connection, max, idleTimeoutMillis: 10_000, Client: preparingClient() })
  pool.on('error', (error) => {
    // `end()` does not wait until its connections are closed.
    if (!pool.ending) logger.warn({ err: error }, 'an idle database connection broke')
  })
  // The pool removes its listener from a connection in use, and an "error" event without a listener ends the process. The running query
  // fails without it.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
