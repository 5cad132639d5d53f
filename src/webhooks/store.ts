import { sql as raw } from 'kysely'
import type { Sql } from '#db'

export interface Rejection {
  readonly hook: string
  readonly reason: string
  readonly minute: Date
  readonly workspaceId: string | null
  readonly connector: string | null
  readonly address: string
  readonly count: number
  readonly lastAt: Date
}

export async function addRejections(sql: Sql, rejections: readonly Rejection[]): Promise<void> {
  await raw`
    insert into hub.webhook_rejections as w (hook, reason, minute, workspace_id, connector, address, count, last_at)
    select hook, reason, minute, "workspaceId", connector, address, count, "lastAt"
      from jsonb_to_recordset(${JSON.stringify(rejections)}::jsonb) as r (hook text, reason text, minute timestamptz, "workspaceId" text,
           connector text, address text, count bigint, "lastAt" timestamptz)
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
    .selectFrom('webhook_rejections')
    .select(['hook', 'reason', 'minute', 'workspace_id as workspaceId', 'connector', 'address', 'count', 'last_at as lastAt'])
    .where((e) =>
      unowned ? e.or([e('workspace_id', '=', workspaceId), e('workspace_id', 'is', null)]) : e('workspace_id', '=', workspaceId),
    )
  if (hook !== undefined) query = query.where('hook', '=', hook)
  return query.orderBy('last_at', 'desc').limit(limit).execute()
}

export async function noteSource(sql: Sql, source: { workspaceId: string; integrationId: string; hook: string; at: Date }): Promise<void> {
  const { workspaceId, integrationId, hook, at } = source
  await sql
    .insertInto('webhook_sources')
    .values({ workspace_id: workspaceId, integration_id: integrationId, hook, last_at: at })
    .onConflict((conflict) => conflict.columns(['integration_id', 'hook']).doUpdateSet({ last_at: at }))
    .execute()
}

export interface SourceRow {
  readonly integrationId: string
  readonly hook: string
  readonly workspaceId: string
  readonly checkedAt: Date | null
  readonly missing: number
}

/** Claims the sources that are due, so that no other process checks them too. */
export async function claimSources(sql: Sql, dueBefore: Date): Promise<SourceRow[]> {
  const { rows } = await raw<SourceRow>`
    update hub.webhook_sources as s set checked_at = now()
      from (select integration_id, hook, checked_at from hub.webhook_sources
             where checked_at is null or checked_at < ${dueBefore} for update skip locked) as d
     where s.integration_id = d.integration_id and s.hook = d.hook
    returning s.integration_id as "integrationId", s.hook, s.workspace_id as "workspaceId", d.checked_at as "checkedAt", s.missing`.execute(
    sql,
  )
  return rows
}

/** Resets the time of the check, so that the next one begins where this one did. */
export async function releaseSource(sql: Sql, { integrationId, hook, checkedAt }: SourceRow): Promise<void> {
  await sql
    .updateTable('webhook_sources')
    .set({ checked_at: checkedAt })
    .where('integration_id', '=', integrationId)
    .where('hook', '=', hook)
    .execute()
}

export async function noteMissing(sql: Sql, { integrationId, hook }: SourceRow, missing: number): Promise<void> {
  await sql.updateTable('webhook_sources').set({ missing }).where('integration_id', '=', integrationId).where('hook', '=', hook).execute()
}

export async function deleteRejections(sql: Sql, before: Date, max: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.webhook_rejections where (hook, reason, minute) in (
      select hook, reason, minute from hub.webhook_rejections where minute < ${before} limit ${max}) returning 1`.execute(sql)
  return rows.length
}
