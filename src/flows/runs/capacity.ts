import type { Database, Sql } from '#db'
import { hubError } from '#errors'
import { countUnfinished } from './run-store.ts'

/** How many runs of a workspace may be unfinished at a time, so that flows that start each other cannot fill the hub. */
export interface Capacity {
  /** Throws `runs_limited` when a caller may start no further run. Runs in queues count too. */
  requireFor(workspaceId: string): Promise<void>
  /** How many further runs may be executed. */
  free(workspaceId: string, sql: Sql): Promise<number>
  /** Counts runs that begin here, until they are counted in the database. */
  take(workspaceId: string, runs: number): void
}

interface Count {
  started: number
  readonly queued: number
  readonly until: number
}

/** A count serves for this long. Several processes can exceed the limit by what they start meanwhile. */
const ttlMs = 500
const maxCached = 10_000

export function createCapacity({ sql: outside }: Pick<Database, 'sql'>, limit: number): Capacity {
  const counts = new Map<string, Count>()

  const countOf = async (workspaceId: string, sql: Sql): Promise<Count> => {
    const known = counts.get(workspaceId)
    if (known && known.until > Date.now()) return known
    const found = { ...(await countUnfinished(sql, workspaceId, limit)), until: Date.now() + ttlMs }
    if (counts.size > maxCached) counts.clear()
    counts.set(workspaceId, found)
    return found
  }

  return {
    async requireFor(workspaceId) {
      const { started, queued } = await countOf(workspaceId, outside)
      if (started + queued < limit) return
      throw hubError('runs_limited', {
        detail: `this workspace has ${limit} unfinished runs, and may have no more`,
        hint: 'wait until some have ended, or cancel some; the setting HUB_MAX_ACTIVE_RUNS changes the limit',
        retryAfter: 5,
      })
    },
    free: async (workspaceId, sql) => Math.max(0, limit - (await countOf(workspaceId, sql)).started),
    take(workspaceId, runs) {
      const known = counts.get(workspaceId)
      if (known) known.started += runs
    },
  }
}
