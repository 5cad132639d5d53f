import type { Sql } from '#db'
import type { RetentionRule } from './types.ts'

const none: RetentionRule = { eventsDays: null, eventsBytes: null, deliveriesDays: null, runsDays: null }

const columns = ['r.eventsDays', 'r.eventsBytes', 'r.deliveriesDays', 'r.runsDays'] as const

/** All workspaces with their rules. */
export function allRules(sql: Sql): Promise<(RetentionRule & { workspaceId: string })[]> {
  return sql
    .selectFrom('workspaces as w')
    .leftJoin('retention as r', 'r.workspaceId', 'w.id')
    .select(['w.id as workspaceId', ...columns])
    .execute()
}

export async function findRule(sql: Sql, workspaceId: string): Promise<RetentionRule> {
  return (await sql.selectFrom('retention as r').select(columns).where('r.workspaceId', '=', workspaceId).executeTakeFirst()) ?? none
}

export async function putRule(sql: Sql, workspaceId: string, rule: RetentionRule): Promise<void> {
  const values = { ...rule, updatedAt: new Date() }
  await sql
    .insertInto('retention')
    .values({ workspaceId, ...values })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(values))
    .execute()
}
