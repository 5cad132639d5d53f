import { sql as raw } from 'kysely'
import { columnsOf, recordset, type Sql, type Transaction } from '#db'
import type { NewHubEvent } from './types.ts'

type Row = NewHubEvent & { readonly id: string; readonly at: Date }

/** Inserts into the table of events from outside, so that both are dispatched, listed and replayed in the same way. */
export async function insertAnnouncements(trx: Transaction, announced: readonly Row[]): Promise<void> {
  const rows = announced.map(({ id, workspaceId, type, subject, data, depth = 0, causes = [], origin, integration, at }) => ({
    id,
    workspaceId,
    type,
    connector: 'hub',
    integrationId: integration?.id,
    integration: integration?.name,
    verified: origin === undefined,
    subject,
    headers: headersOf({ depth, causes, origin }),
    data,
    receivedAt: at,
  }))
  const columns = columnsOf(rows)
  await raw`
    with made as (
      insert into hub.events (${columns}) select ${columns} from ${recordset('events', rows, 'jsonb')} returning workspace_id, id
    )
    insert into hub.event_queue (workspace_id, event_id) select workspace_id, id from made order by id`.execute(trx)
}

/** Queues events for the topics that they name, on every bus of their workspace, or on the bus inside the process where there is no other. */
export async function queueForTopics(trx: Transaction, announced: readonly Row[]): Promise<void> {
  const rows = announced.flatMap(({ id: eventId, workspaceId, publishTo }) =>
    publishTo ? [{ eventId, workspaceId, topic: publishTo.topic, key: publishTo.key }] : [],
  )
  if (rows.length === 0) return
  await raw`
    insert into hub.bus_queue (workspace_id, bus, event_id, topic, key)
    select r.workspace_id, coalesce(b.name, 'local'), r.event_id, r.topic, r.key
      from ${recordset('busQueue', rows, 'json')} as r left join hub.buses b on b.workspace_id = r.workspace_id
     order by r.event_id`.execute(trx)
}

/** What follows an event of the hub to those who receive it. Events from outside have the sender's headers in this place. */
function headersOf({ depth = 0, causes = [], origin }: Pick<NewHubEvent, 'depth' | 'causes' | 'origin'>): Record<string, unknown> | null {
  if (depth === 0 && causes.length === 0 && !origin) return null
  const from = origin ? { 'hub-flow': origin.flow, 'hub-run': origin.run, 'hub-step': origin.step } : {}
  return { 'hub-depth': depth, 'hub-causes': causes, ...from }
}

export async function subscribedTypes(sql: Sql, workspaceId: string): Promise<string[]> {
  const rows = await sql
    .selectFrom('subscriptions')
    .select('types')
    .where('workspaceId', '=', workspaceId)
    .where('enabled', '=', true)
    .execute()
  return rows.flatMap(({ types }) => types)
}
