import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import type { Poller } from '#engine'
import { sleep } from '#lib/clock'
import type { Telemetry } from '#telemetry'
import { allRules, findRule, putRule } from './store.ts'
import type { Kept, RetentionRule, RetentionTask } from './types.ts'

export type { Kept, RetentionRule, RetentionTask } from './types.ts'

/** How long each workspace keeps its data, and the work that deletes the rest. */
export interface Retention {
  get(workspaceId: string): Promise<RetentionRule>
  set(principal: Principal, rule: RetentionRule): Promise<RetentionRule>
  /** Deletes what the tasks find too old or too much, in small batches. */
  poller(tasks: readonly RetentionTask[]): Poller
}

const defaultDays = { eventsDays: 30, deliveriesDays: 30, runsDays: 30 }
const everyMs = 60_000
// Small enough that no statement holds locks for longer than about 20 ms.
const batch = 500
const pauseMs = 20

interface RetentionDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
}

export function createRetention({ db, access, logger }: RetentionDeps): Retention {
  /** A task that fails must not keep the others from their turn. */
  const repeat = async (drop: () => Promise<number>, stopping: AbortSignal): Promise<void> => {
    try {
      for (let count = batch; count >= batch && !stopping.aborted; await sleep(pauseMs)) count = await drop()
    } catch (error) {
      logger.warn({ err: error }, 'old data could not be deleted; trying again in a minute')
    }
  }

  return {
    get: (workspaceId) => findRule(db.sql, workspaceId),
    async set(principal, rule) {
      const { workspaceId } = principal
      await db.transaction(async (trx) => {
        await putRule(trx, workspaceId, rule)
        const detail = { ...rule }
        await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action: 'retention.set', subject: workspaceId, detail })
      })
      return rule
    },
    poller: (tasks) => ({
      name: 'retention',
      async run(stopping) {
        const kept: Kept[] = (await allRules(db.sql)).map((rule) => ({
          ...rule,
          eventsDays: rule.eventsDays ?? defaultDays.eventsDays,
          deliveriesDays: rule.deliveriesDays ?? defaultDays.deliveriesDays,
          runsDays: rule.runsDays ?? defaultDays.runsDays,
        }))
        for (const task of tasks) {
          if (task.of === 'hub') await repeat(() => task.drop(batch), stopping)
          else for (const rule of kept) await repeat(() => task.drop(rule, batch), stopping)
        }
        return everyMs
      },
    }),
  }
}
