import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { backoffDelay } from '#lib/backoff'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { prepareBinaries } from './binaries.ts'
import { chooseIdentity } from './identity.ts'
import { ensureDataDir, giveTo, layOut, makeRunDirs } from './layout.ts'
import { findOwner, lockFolder } from './lock.ts'
import { ensureCluster, removeLeftovers, socketPort, startServer, superuser, type ServerProcess } from './server.ts'

export { findNative } from './binaries.ts'
export { ensureDataDir } from './layout.ts'

export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
}

export interface EmbeddedPostgres extends AsyncDisposable {
  readonly address: ServerAddress
}

/**
 * Runs PostgreSQL as a child of this process, on a private Unix socket. The server stops with the hub, is restarted when it dies, and
 * is refused on a folder that another hub uses.
 */
export async function startEmbedded(dataDir: string, telemetry: Pick<Telemetry, 'logger' | 'metrics'>): Promise<EmbeddedPostgres> {
  const { logger, metrics } = telemetry
  await ensureDataDir(dataDir)
  const layout = layOut(dataDir)
  makeRunDirs(layout)
  await using stack = new AsyncDisposableStack()
  stack.use(await lockFolder(layout.runDir))

  const identity = chooseIdentity(dataDir)
  const binaries = prepareBinaries(dataDir, identity)
  giveTo(layout.socketDir, identity.owner)
  const fresh = await ensureCluster(layout, binaries, identity)
  const start = (): Promise<ServerProcess> => startServer({ layout, binaries, identity, logger })
  let server = await start()
  removeLeftovers(layout)
  logger.debug({ fresh, runs_as: identity.name }, 'embedded PostgreSQL is running')

  let stopping = false
  const stopped = new AbortController()

  const supervise = async (): Promise<void> => {
    for (;;) {
      const reason = await server.exited
      if (stopping) return
      logger.error({ reason }, 'embedded PostgreSQL died; restarting it')
      const next = await startAgain()
      if (!next || stopping) return next?.stop()
      server = next
      metrics.databaseRestarts.inc()
      logger.info('embedded PostgreSQL is running again')
    }
  }

  const startAgain = async (): Promise<ServerProcess | undefined> => {
    for (let attempt = 0; !stopping; attempt++) {
      try {
        return await start()
      } catch (error) {
        logger.error({ err: error, attempt }, 'embedded PostgreSQL could not be restarted; trying again')
        await sleep(50 + backoffDelay(attempt, { baseMs: 100, maxMs: 5000 }), stopped.signal).catch(() => undefined)
      }
    }
    return undefined
  }

  const supervision = supervise()
  stack.defer(async () => {
    stopping = true
    stopped.abort(new Error('stopping'))
    await server.stop()
    await supervision
  })
  const owned = stack.move()
  return {
    address: { host: layout.socketDir, port: socketPort, user: superuser },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Finds the server of a hub that runs on this folder, for commands that are used beside it. Returns undefined if no hub runs. */
export async function findRunning(dataDir: string): Promise<{ address: ServerAddress; pid: string } | undefined> {
  const layout = layOut(dataDir)
  if (!existsSync(layout.runDir)) return undefined
  const pid = await findOwner(layout.runDir)
  if (pid === undefined || !existsSync(join(layout.socketDir, `.s.PGSQL.${socketPort}`))) return undefined
  return { address: { host: layout.socketDir, port: socketPort, user: superuser }, pid }
}
