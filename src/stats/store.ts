import { sql as raw } from 'kysely'
import { columnsOf, recordset, type Sql } from '#db'
import { counterNames, type CounterName, type MinuteSums } from '#telemetry'

const columns = counterNames.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))

/** Adds to what other processes stored. Always in one order, so that two processes do not wait for each other. Workspaces that are gone are left out. */
export async function addSums(sql: Sql, sums: readonly MinuteSums[]): Promise<void> {
  const names = columnsOf(sums)
  await raw`
    insert into hub.minute_sums as s (${names})
    select ${names} from ${recordset('minuteSums', sums, 'jsonb')} as r
     where exists (select from hub.workspaces w where w.id = r.workspace_id)
     order by workspace_id, minute
    on conflict (workspace_id, minute) do update
      set ${raw.raw(columns.map((column) => `${column} = s.${column} + excluded.${column}`).join(', '))},
          latency = array(select coalesce(a, 0) + coalesce(b, 0)
                            from unnest(s.latency, excluded.latency) with ordinality as both_of(a, b, place) order by place)`.execute(sql)
}

export interface Bucket extends Record<CounterName, number> {
  /** Since the beginning of what was asked for. */
  readonly number: number
  readonly latency: readonly number[]
}

interface Range {
  readonly from: Date
  readonly to: Date
  readonly bucketSeconds: number
}

/** Only buckets in which something happened, oldest first. */
export async function readBuckets(sql: Sql, workspaceId: string, { from, to, bucketSeconds }: Range): Promise<Bucket[]> {
  const sums = raw.raw(columns.map((column) => `sum(${column})::int as ${column}`).join(', '))
  const { rows } = await raw<Bucket>`
    with found as (
      select *, floor(extract(epoch from minute - ${from}::timestamptz) / ${bucketSeconds}::int)::int as number
        from hub.minute_sums where workspace_id = ${workspaceId} and minute >= ${from} and minute < ${to}
    ), places as (
      select number, place, sum(count)::int as count from found, unnest(latency) with ordinality as each_of(count, place) group by number, place
    ), latencies as (
      select number, array_agg(count order by place) as latency from places group by number
    ), totals as (
      select number, ${sums} from found group by number
    )
    select * from totals join latencies using (number) order by number`.execute(sql)
  return rows
}

export async function dropSums(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.minute_sums where (workspace_id, minute) in (
      select workspace_id, minute from hub.minute_sums where minute < ${before} limit ${most}) returning 1`.execute(sql)
  return rows.length
}
