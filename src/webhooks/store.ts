import { sql as raw } from 'kysely'
import { columnsOf, recordset, type Row, type Sql } from '#db'

export type Rejection = Row<'webhookRejections'>

export async function addRejections(sql: Sql, rejections: readonly Rejection[]): Promise<void> {
  const columns = columnsOf(rejections)
  await raw`
    insert into hub.webhook_rejections as w (${columns}) select ${columns} from ${recordset('webhookRejections', rejections, 'jsonb')}
    on conflict (hook, reason, minute) do update
      set count = w.count + excluded.count, address = excluded.address, last_at = excluded.last_at`.execute(sql)
}

/** Lists rejections of a workspace; with `unowned` also those of connectors' hooks, which belong to no workspace. */
export function listRejections(
  sql: Sql,
  workspaceId: string,
  { hook, unowned, limit }: { hook?: string | undefined; unowned: boolean; limit: number },
): Promise<Rejection[]> {
  let query = sql
    .selectFrom('webhookRejections')
    .selectAll()
    .where((e) => (unowned ? e.or([e('workspaceId', '=', workspaceId), e('workspaceId', 'is', null)]) : e('workspaceId', '=', workspaceId)))
  if (hook !== undefined) query = query.where('hook', '=', hook)
  return query.orderBy('lastAt', 'desc').limit(limit).execute()
}

export async function noteSource(sql: Sql, source: { workspaceId: string; integrationId: string; hook: string; at: Date }): Promise<void> {
  const { workspaceId, integrationId, hook, at } = source
  await sql
    .insertInto('webhookSources')
    .values({ workspaceId, integrationId, hook, lastAt: at })
    .onConflict((conflict) => conflict.columns(['integrationId', 'hook']).doUpdateSet({ lastAt: at }))
    .execute()
}

export type SourceRow = Omit<Row<'webhookSources'>, 'lastAt'>

/** Claims the sources that are due, so that no other process checks them too. */
export async function claimSources(sql: Sql, dueBefore: Date): Promise<SourceRow[]> {
  const { rows } = await raw<SourceRow>`
    update hub.webhook_sources as s set checked_at = now()
      from (select integration_id, hook, checked_at from hub.webhook_sources
             where checked_at is null or checked_at < ${dueBefore} for update skip locked) as d
     where s.integration_id = d.integration_id and s.hook = d.hook
    returning s.integration_id, s.hook, s.workspace_id, d.checked_at, s.missing`.execute(sql)
  return rows
}

/** Resets the time of the check, so that the next one begins where this one did. */
export async function releaseSource(sql: Sql, { integrationId, hook, checkedAt }: SourceRow): Promise<void> {
  await sql.updateTable('webhookSources').set({ checkedAt }).where('integrationId', '=', integrationId).where('hook', '=', hook).execute()
}

export async function noteMissing(sql: Sql, { integrationId, hook }: SourceRow, missing: number): Promise<void> {
  await sql.updateTable('webhookSources').set({ missing }).where('integrationId', '=', integrationId).where('hook', '=', hook).execute()
}

export async function deleteRejections(sql: Sql, before: Date, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.webhook_rejections where (hook, reason, minute) in (
      select hook, reason, minute from hub.webhook_rejections where minute < ${before} limit ${max}) returning 1`.execute(sql)
  return rows.length
}
