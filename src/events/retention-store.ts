import { sql as raw } from 'kysely'
import type { Sql } from '#db'
import type { RetentionRule } from './types.ts'

const none: RetentionRule = { eventsDays: null, eventsBytes: null, deliveriesDays: null, runsDays: null }

const columns = [
  'r.events_days as eventsDays',
  'r.events_bytes as eventsBytes',
  'r.deliveries_days as deliveriesDays',
  'r.runs_days as runsDays',
] as const

/** All workspaces with their rules. */
export function readRetention(sql: Sql): Promise<(RetentionRule & { workspaceId: string })[]> {
  return sql
    .selectFrom('workspaces as w')
    .leftJoin('retention as r', 'r.workspace_id', 'w.id')
    .select(['w.id as workspaceId', ...columns])
    .execute()
}

export async function retentionOf(sql: Sql, workspaceId: string): Promise<RetentionRule> {
  return (await sql.selectFrom('retention as r').select(columns).where('r.workspace_id', '=', workspaceId).executeTakeFirst()) ?? none
}

export async function writeRetention(sql: Sql, workspaceId: string, rule: RetentionRule): Promise<void> {
  const values = {
    events_days: rule.eventsDays,
    events_bytes: rule.eventsBytes,
    deliveries_days: rule.deliveriesDays,
    runs_days: rule.runsDays,
    updated_at: new Date(),
  }
  await sql
    .insertInto('retention')
    .values({ workspace_id: workspaceId, ...values })
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet(values))
    .execute()
}

/** Deletes old events, but not those that wait for dispatch or that an unfinished run was started by. */
export async function deleteEvents(sql: Sql, workspaceId: string, before: Date, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.events where workspace_id = ${workspaceId} and id in (
      select id from hub.events where workspace_id = ${workspaceId} and received_at < ${before}
         and not exists (select from hub.event_queue q where q.event_id = events.id)
         and not exists (select from hub.flow_runs r where r.event_id = events.id and r.finished_at is null)
       order by id limit ${max}) returning 1`.execute(sql)
  return rows.length
}

/** The approximate size of a row without its body. */
const rowBytes = 600

export async function bytesOf(sql: Sql, workspaceId: string): Promise<number> {
  const { rows } = await raw<{ bytes: number }>`
    select coalesce(sum(coalesce(length(body), 0) + coalesce(pg_column_size(data), 0) + ${rowBytes}::int), 0)::bigint as bytes
      from hub.events where workspace_id = ${workspaceId}`.execute(sql)
  return rows[0]?.bytes ?? 0
}

export async function deleteOldest(sql: Sql, workspaceId: string, max: number, bytes: number): Promise<{ count: number; bytes: number }> {
  const { rows } = await raw<{ bytes: number }>`
    with oldest as (
      select id, coalesce(length(body), 0) + coalesce(pg_column_size(data), 0) + ${rowBytes}::int as bytes
        from hub.events e where workspace_id = ${workspaceId} and not exists (select from hub.event_queue q where q.event_id = e.id)
         and not exists (select from hub.flow_runs r where r.event_id = e.id and r.finished_at is null)
       order by id limit ${max}
    ), chosen as (
      select id, bytes from (select id, bytes, sum(bytes) over (order by id) - bytes as before from oldest) as s where before < ${bytes}
    )
    delete from hub.events as e using chosen c where e.workspace_id = ${workspaceId} and e.id = c.id returning c.bytes`.execute(sql)
  return { count: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) }
}

export async function deleteDeliveries(sql: Sql, workspaceId: string, before: Date, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.deliveries where id in (
      select id from hub.deliveries where workspace_id = ${workspaceId} and status <> 'pending' and created_at < ${before}
       order by id limit ${max}) returning 1`.execute(sql)
  return rows.length
}

export async function deleteRejections(sql: Sql, before: Date): Promise<void> {
  await sql.deleteFrom('webhook_rejections').where('minute', '<', before).execute()
}
