import type { Sql } from '#db'

export interface IdRange {
  readonly from: Date
  readonly to: Date
  readonly after: string | undefined
  readonly limit: number
}

/** In the order of their ids, which is that of their arrival but for what came in the same moment to several processes. */
export async function eventIdsInRange(sql: Sql, workspaceId: string, { from, to, after, limit }: IdRange): Promise<string[]> {
  const rows = await sql
    .selectFrom('events')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('received_at', '>=', from)
    .where('received_at', '<', to)
    .$if(after !== undefined, (query) => query.where('id', '>', after!))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}
