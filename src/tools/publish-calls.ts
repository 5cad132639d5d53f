import type { Database, Sql, Transaction } from '#db'
import type { NewHubEvent, EventPublisher } from '#events/publish'
import type { InvocationRow } from './store.ts'

type Ended = Pick<
  InvocationRow,
  'id' | 'workspaceId' | 'tool' | 'connector' | 'integration' | 'integrationId' | 'transport' | 'actor' | 'key'
> & {
  readonly status: string
  readonly error: Record<string, unknown> | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/**
 * Stores how calls ended and publishes an event for each in the same transaction, but only for workspaces with subscribers, so that other calls
 * cost no extra row. Events contain no input and output, because subscribers may lack the right to read the journal.
 */
export function createCallPublisher(db: Database, publisher: EventPublisher) {
  return async <T>(rows: readonly Ended[], store: (sql: Sql) => Promise<T>, trx?: Transaction): Promise<T> => {
    const events: NewHubEvent[] = []
    for (const row of rows) {
      const { status, workspaceId, finishedAt } = row
      if (finishedAt && (await publisher.hasSubscribers(workspaceId, `invocation.${status}`, trx))) events.push(callEvent(row, finishedAt))
    }
    if (events.length === 0) return store(trx ?? db.sql)
    const storeBoth = async (within: Transaction): Promise<T> => {
      const stored = await store(within)
      await publisher.publish(within, events)
      return stored
    }
    return trx ? storeBoth(trx) : db.transaction(storeBoth)
  }
}

function callEvent(
  { id, workspaceId, status, tool, integration, integrationId, startedAt, ...rest }: Ended,
  finishedAt: Date,
): NewHubEvent {
  const { connector, transport, actor, key, error } = rest
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
      transport,
      actor,
      key,
      error,
      ms: finishedAt.getTime() - startedAt.getTime(),
    },
    ...(integration !== null && integrationId !== null ? { integration: { id: integrationId, name: integration } } : {}),
  }
}
