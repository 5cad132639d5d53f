import type { Database, Sql } from '#db'
import { hubError } from '#errors'
import { sleep } from '#lib/clock'
import type { Flows } from '../types.ts'
import type { RunRepository } from './run-repository.ts'
import { endedStatuses, findRun, type RunRow } from './run-store.ts'

const minPauseMs = 15
const maxPauseMs = 250

/** Waits for the end of a run. */
export function createWaiter({ sql }: Database, runRepository: Pick<RunRepository, 'active' | 'left'>): Flows['wait'] {
  return async (workspaceId, id, timeoutMs, signal) => {
    const until = Date.now() + timeoutMs
    for (let pause = minPauseMs; ; pause = Math.min(pause * 1.5, maxPauseMs)) {
      // A run of this process tells when it ends. Runs of other processes are looked at again and again.
      const left = Math.max(0, until - Date.now())
      const ended = await runRepository.left(id, Math.min(maxPauseMs, left))
      if (ended?.workspaceId === workspaceId) return ended
      signal?.throwIfAborted()
      const run = await findRunOf(sql, workspaceId, id)
      if (endedStatuses.includes(run.status) || Date.now() >= until) return run
      if (!runRepository.active.has(id)) await sleep(Math.min(pause, Math.max(0, until - Date.now())), signal)
    }
  }
}

export async function findRunOf(sql: Sql, workspaceId: string, id: string): Promise<RunRow> {
  const run = await findRun(sql, workspaceId, id)
  if (!run) throw hubError('not_found', { detail: `there is no run "${id}" in this workspace` })
  return run
}
