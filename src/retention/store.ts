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
export function allRules(sql: Sql): Promise<(RetentionRule & { workspaceId: string })[]> {
  return sql
    .selectFrom('workspaces as w')
    .leftJoin('retention as r', 'r.workspace_id', 'w.id')
    .select(['w.id as workspaceId', ...columns])
    .execute()
}

export async function findRule(sql: Sql, workspaceId: string): Promise<RetentionRule> {
  return (await sql.selectFrom('retention as r').select(columns).where('r.workspace_id', '=', workspaceId).executeTakeFirst()) ?? none
}

export async function putRule(sql: Sql, workspaceId: string, rule: RetentionRule): Promise<void> {
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
