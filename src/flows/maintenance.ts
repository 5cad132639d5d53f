import type { Access } from '#access'
import type { Database, Transaction } from '#db'
import type { Events } from '#events'
import type { EventPublisher } from '#events/publish'
import type { Telemetry } from '#telemetry'
import { findVersion } from './definitions/flow-store.ts'
import type { Launcher } from './runs/launch.ts'
import { readBundledFlows } from './bundled/read.ts'
import { dropLeftovers, dropRuns, endRuns, findAnyRun } from './runs/run-store.ts'
import type { Saver } from './definitions/save.ts'
import { handleRunEnd } from './runs/segment.ts'

/** Creates the bundled flows in every workspace, deletes old runs and ends quarantined runs. */
export interface Maintenance extends AsyncDisposable {
  /** Returns true when this call created the bundled flows, false when an earlier call did. */
  ensure(workspaceId: string): Promise<boolean>
  /** Ends runs that are suspected of killing their process. */
  quarantine(trx: Transaction, runIds: readonly string[]): Promise<void>
  start(): void
}

const everyMs = 60_000
const usualDays = 30
const batch = 500

interface MaintenanceDeps extends Telemetry {
  readonly db: Database
  readonly access: Access
  readonly events: Events
  readonly publisher: EventPublisher
  readonly saver: Saver
  readonly launcher: Launcher
}

export function createMaintenance({ db, access, events, publisher, saver, launcher, logger }: MaintenanceDeps): Maintenance {
  const ensured = new Map<string, Promise<void>>()
  let sources: string[] | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()

  const make = async (workspaceId: string): Promise<void> => {
    sources ??= readBundledFlows()
    for (const source of sources) {
      // One flow may lack its connector in this hub; the others are saved all the same.
      await saver.saveBundled(workspaceId, source).catch((error: unknown) => logger.error({ err: error }, 'failed to save a bundled flow'))
    }
  }

  const ensure = async (workspaceId: string): Promise<boolean> => {
    const known = ensured.get(workspaceId)
    const work = known ?? make(workspaceId)
    ensured.set(workspaceId, work)
    await work
    return !known
  }

  const sweep = async (): Promise<void> => {
    await dropLeftovers(db.sql)
    for (const workspaceId of await access.workspaces.ids()) {
      await ensure(workspaceId)
      const { runsDays } = await events.retention.get(workspaceId)
      const before = new Date(Date.now() - (runsDays ?? usualDays) * 86_400_000)
      while ((await dropRuns(db.sql, workspaceId, before, batch)) === batch);
    }
  }

  return {
    ensure,
    async quarantine(trx, ids) {
      const error = {
        code: 'run_quarantined',
        message: 'the process died three times during this run, the last time while it ran alone, so the hub stopped it',
        retryable: false,
      }
      const ended = await endRuns(
        trx,
        ids.map((id) => ({ id, status: 'quarantined', outputs: null, error })),
      )
      for (const id of ended) {
        const run = await findAnyRun(trx, id)
        if (!run) continue
        const version = await findVersion(trx, run.flowId, run.version)
        if (version)
          await handleRunEnd({ publisher, launcher }, trx, {
            row: run,
            definition: version.definition,
            end: { id, status: 'quarantined', outputs: null, error },
            shouldPublish: true,
          })
      }
    },
    start() {
      const look = (): void => {
        running = sweep().catch((error: unknown) =>
          logger.warn({ err: error }, 'failed to maintain flows and runs; trying again in a minute'),
        )
      }
      look()
      timer ??= setInterval(look, everyMs).unref()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
