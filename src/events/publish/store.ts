import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'
import { postgresJson } from '#lib/postgres-text'
import type { NewHubEvent } from './types.ts'

type Row = NewHubEvent & { readonly id: string; readonly at: Date }

/** Inserts into the table of events from outside, so that both are dispatched, listed and replayed in the same way. */
export async function insertAnnouncements(trx: Transaction, rows: readonly Row[]): Promise<void> {
  const wire = rows.map(({ subject = null, integration, ...rest }) => ({
    ...rest,
    subject,
    integrationId: integration?.id ?? null,
    integration: integration?.name ?? null,
  }))
  await raw`
    with made as (
    insert into hub.events (id, workspace_id, type, connector, integration_id, integration, verified, subject, headers, data, received_at)
    select r.id, r."workspaceId", r.type, 'hub', r.integration_id, r.integration, true, r.subject,
           case when r.depth > 0 then json_build_object('hub-depth', r.depth) end, r.data, r.at
      from jsonb_to_recordset(${JSON.stringify(postgresJson(wire))}::jsonb) as r (id text, "workspaceId" text, type text, subject text, depth int, data jsonb,
           integration_id text, integration text, at timestamptz)
    returning workspace_id, id
    )
    insert into hub.event_queue (workspace_id, event_id) select workspace_id, id from made order by id`.execute(trx)
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
