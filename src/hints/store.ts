import { sql as raw } from 'kysely'
import type { Sql } from '#db'

export const channel = 'hub_hints'

export async function notify(sql: Sql, payloads: readonly string[]): Promise<void> {
  await raw`select pg_notify(${channel}, payload) from unnest(${payloads}::text[]) as payload`.execute(sql)
}
