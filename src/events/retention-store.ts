import { sql as raw } from 'kysely'
import type { Sql } from '#db'

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

export async function deleteOldest(sql: Sql, workspaceId: string, max: number, bytes: number): Promise<number> {
  const { rows } = await raw`
    with oldest as (
      select id, coalesce(length(body), 0) + coalesce(pg_column_size(data), 0) + ${rowBytes}::int as bytes
        from hub.events e where workspace_id = ${workspaceId} and not exists (select from hub.event_queue q where q.event_id = e.id)
         and not exists (select from hub.flow_runs r where r.event_id = e.id and r.finished_at is null)
       order by id limit ${max}
    ), chosen as (
      select id, bytes from (select id, bytes, sum(bytes) over (order by id) - bytes as before from oldest) as s where before < ${bytes}
    )
    delete from hub.events as e using chosen c where e.workspace_id = ${workspaceId} and e.id = c.id returning 1`.execute(sql)
  return rows.length
}
