import { sql as raw } from 'kysely'
import type { Sql, Transaction } from '#db'
import type { SourceRow } from './store.ts'

/** Syncs that waited long enough. Another process that looks at the same time gets others. */
export async function syncsToContinue(trx: Transaction, limit: number): Promise<SourceRow[]> {
  return trx
    .selectFrom('sources')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('pausedAt', 'is', null)
    .where('deletedAt', 'is', null)
    .where('continueAt', '<=', raw<Date>`now()`)
    .orderBy('continueAt')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Integrations that are due, with their next time moved on, so that one process takes each. */
export async function takeDueIntegrations(trx: Transaction, limit: number): Promise<{ id: string; workspaceId: string }[]> {
  const { rows } = await raw<{ id: string; workspaceId: string }>`
    update hub.integrations set next_poll_at = now() + make_interval(mins => coalesce(polling_interval, 15))
     where id in (select id from hub.integrations
                   where monitor_changes and polling_enabled and next_poll_at <= now() and status = 'active'
                   order by next_poll_at limit ${limit} for update skip locked)
    returning id, workspace_id`.execute(trx)
  return rows
}

/** Sources without a sync of which items are due. */
export async function sourcesWithDueItems(trx: Transaction, limit: number): Promise<SourceRow[]> {
  return trx
    .selectFrom('sources')
    .selectAll()
    .where('status', 'in', ['idle', 'failed'])
    .where('pausedAt', 'is', null)
    .where('deletedAt', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('sourceItems')
          .select('externalId')
          .whereRef('sourceId', '=', 'sources.id')
          .where('dueAt', '<=', raw<Date>`now()`),
      ),
    )
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('integrations').select('id').whereRef('id', '=', 'sources.integrationId').where('status', '=', 'active')),
    )
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Sources that nothing else syncs, and of which it has to be read again who may read them. */
export async function sourcesWithOldAudiences(trx: Transaction, limit: number): Promise<SourceRow[]> {
  const { rows } = await raw<SourceRow>`
    select s.* from hub.sources as s join hub.integrations as i on i.id = s.integration_id
     where s.status = 'idle' and s.paused_at is null and s.deleted_at is null and i.status = 'active'
       and s.synced_at < now() - interval '30 minutes'
       and exists (select from hub.audiences as a
                    where a.source_id = s.id and (a.checked_at is null or a.checked_at < now() - interval '1 hour'))
     limit ${limit} for update of s skip locked`.execute(trx)
  return rows
}

/** The sources of integrations that can be synced now. */
export function restingSources(trx: Transaction, integrationIds: readonly string[]): Promise<SourceRow[]> {
  return trx
    .selectFrom('sources')
    .selectAll()
    .where('integrationId', 'in', integrationIds)
    .where('pausedAt', 'is', null)
    .where('deletedAt', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** A source that is deleted, or whose integration is. */
export async function sourceToErase(sql: Sql): Promise<{ id: string; workspaceId: string } | undefined> {
  const { rows } = await raw<{ id: string; workspaceId: string }>`
    select s.id, s.workspace_id from hub.sources as s
     where s.deleted_at is not null or not exists (select from hub.integrations as i where i.id = s.integration_id) limit 1`.execute(sql)
  return rows[0]
}

export async function someDocuments(sql: Sql, sourceId: string, limit: number): Promise<string[]> {
  const rows = await sql.selectFrom('documents').select('externalId').where('sourceId', '=', sourceId).limit(limit).execute()
  return rows.map(({ externalId }) => externalId)
}

export async function deleteSource(trx: Transaction, id: string): Promise<void> {
  await trx.deleteFrom('sources').where('id', '=', id).execute()
}

export async function dropSyncs(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.syncs where id in (select id from hub.syncs where ended_at < ${before} limit ${most}) returning 1`.execute(sql)
  return rows.length
}

export async function dropTombstones(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.tombstones where (source_id, external_id) in
      (select source_id, external_id from hub.tombstones where removed_at < ${before} limit ${most}) returning 1`.execute(sql)
  return rows.length
}
