import type { Database, Sql, Transaction } from '#db'
import type { Announcement, Outbox } from '#outbox'
import type { InvocationRow } from './store.ts'

type Ended = Pick<
  InvocationRow,
  'id' | 'workspaceId' | 'tool' | 'connector' | 'integration' | 'integrationId' | 'door' | 'actor' | 'key'
> & {
  readonly status: string
  readonly error: Record<string, unknown> | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/**
 * Stores how calls ended, and tells of it in the same transaction while somebody wants to hear: nobody does as a rule, and then a call costs
 * no row more. Input and output stay in the journal, where who may see them is another question.
 */
export function createAnnouncer(db: Database, outbox: Outbox) {
  return async <T>(rows: readonly Ended[], store: (sql: Sql) => Promise<T>, trx?: Transaction): Promise<T> => {
    const told: Announcement[] = []
    for (const row of rows) {
      const { status, workspaceId, finishedAt } = row
      if (finishedAt && (await outbox.isWanted(workspaceId, `invocation.${status}`))) told.push(announcementOf(row, finishedAt))
    }
    if (told.length === 0) return store(trx ?? db.sql)
    const both = async (within: Transaction): Promise<T> => {
      const stored = await store(within)
      await outbox.announce(within, told)
      return stored
    }
    return trx ? both(trx) : db.transaction(both)
  }
}

function announcementOf(
  { id, workspaceId, status, tool, integration, integrationId, startedAt, ...rest }: Ended,
  finishedAt: Date,
): Announcement {
  const { connector, door, actor, key, error } = rest
  return {
    workspaceId,
    type: `invocation.${status}`,
    subject: tool,
    data: {
      invocation_id: id,
      tool,
      connector,
      integration,
      status,
      door,
      actor,
      key,
      error,
      ms: finishedAt.getTime() - startedAt.getTime(),
    },
    ...(integration !== null && integrationId !== null ? { integration: { id: integrationId, name: integration } } : {}),
  }
}
