import { sql as raw } from 'kysely'
import type { Sql } from '#db'

export interface Share {
  readonly granted: number
  readonly windowEndsInMs: number
}

interface Wanted {
  readonly workspaceId: string
  readonly subject: string
  readonly unit: 'minute' | 'day'
  readonly wanted: number
  readonly limit: number
}

/**
 * Takes up to `wanted` of what the window allows. The row is locked first, so that the shares of several processes add up. A window begins only
 * after the stored one, so a clock that goes back frees nothing.
 */
export async function takeCalls(sql: Sql, { workspaceId, subject, unit, wanted, limit }: Wanted): Promise<Share> {
  const start = raw`date_trunc(${unit}::text, now(), 'UTC')`
  const { rows } = await raw<Share>`
    with before as (
      select case when window_start < ${start} then 0 else used end as used
        from hub.call_counts where workspace_id = ${workspaceId} and subject = ${subject} for update
    )
    update hub.call_counts as c
       set window_start = greatest(c.window_start, ${start}),
           used = before.used + greatest(0, least(${wanted}::int, ${limit}::int - before.used))
      from before
     where c.workspace_id = ${workspaceId} and c.subject = ${subject}
    returning c.used - before.used as granted,
              (extract(epoch from c.window_start + ${`1 ${unit}`}::interval - now()) * 1000)::float8 as window_ends_in_ms`.execute(sql)
  if (rows[0]) return rows[0]
  await raw`insert into hub.call_counts (workspace_id, subject, window_start, used)
    values (${workspaceId}, ${subject}, ${start}, 0) on conflict do nothing`.execute(sql)
  return takeCalls(sql, { workspaceId, subject, unit, wanted, limit })
}

/** Only counts of windows that are over. */
export async function dropCallCounts(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.call_counts where (workspace_id, subject) in (
      select workspace_id, subject from hub.call_counts where window_start < ${before} limit ${most}) returning 1`.execute(sql)
  return rows.length
}
