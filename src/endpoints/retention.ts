import { sql as raw } from 'kysely'
import type { Database, Sql } from '#db'
import { daysAgo } from '#lib/clock'
import type { RetentionTask } from '#retention'

export function deliveryRetention({ sql }: Database): RetentionTask[] {
  return [
    {
      of: 'workspace',
      drop: ({ workspaceId, deliveriesDays }, max) => deleteDeliveries(sql, workspaceId, { before: daysAgo(deliveriesDays), max }),
    },
  ]
}

async function deleteDeliveries(sql: Sql, workspaceId: string, { before, max }: { before: Date; max: number }): Promise<number> {
  const { rows } = await raw`
    delete from hub.deliveries where id in (
      select id from hub.deliveries where workspace_id = ${workspaceId} and status <> 'pending' and created_at < ${before}
       order by id limit ${max}) returning 1`.execute(sql)
  return rows.length
}
