import type { Sql } from '#db'

export interface IdRange {
  readonly from: Date
  readonly to: Date
  readonly after: string | undefined
  readonly limit: number
}

/** Sorted by id, which is the order of arrival, except for events that several processes received in the same moment. */
export async function eventIdsInRange(sql: Sql, workspaceId: string, { from, to, after, limit }: IdRange): Promise<string[]> {
  const rows = await sql
    .selectFrom('events')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('receivedAt', '>=', from)
    .where('receivedAt', '<', to)
    .$if(after !== undefined, (query) => query.where('id', '>', after!))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}
