import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'
import { numberOf, referenced, type Reference } from './reference.ts'

export type IntegrationRow = Row<'integrations'>

export function listIntegrations(sql: Sql, workspaceId: string): Promise<IntegrationRow[]> {
  return sql.selectFrom('integrations').selectAll().where('workspaceId', '=', workspaceId).orderBy('name').execute()
}

/** The integrations of these connectors that are in use, of all workspaces. */
export function integrationsInUse(sql: Sql, connectors: readonly string[]): Promise<IntegrationRow[]> {
  return sql.selectFrom('integrations').selectAll().where('connector', 'in', connectors).where('status', '=', 'active').execute()
}

export async function findIntegration(sql: Sql, workspaceId: string, reference: Reference): Promise<IntegrationRow | undefined> {
  const { text, connector } = reference
  const number = numberOf(text)
  const rows = await sql
    .selectFrom('integrations')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where((e) =>
      e.or([
        e('id', '=', text),
        e('name', 'in', [text, ...(connector === undefined ? [] : [connector])]),
        ...(number === undefined ? [] : [e('number', '=', number)]),
      ]),
    )
    .execute()
  return referenced(rows, reference)
}

/** Whether an integration has this name, or would be meant by it because it is its id. */
export async function isNameTaken(sql: Sql, workspaceId: string, name: string): Promise<boolean> {
  const found = await sql
    .selectFrom('integrations')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where((e) => e.or([e('id', '=', name), e('name', '=', name)]))
    .executeTakeFirst()
  return found !== undefined
}

export interface NewIntegration extends Pick<
  IntegrationRow,
  | 'id'
  | 'workspaceId'
  | 'name'
  | 'connector'
  | 'authType'
  | 'credential'
  | 'config'
  | 'origin'
  | 'webhookCredential'
  | 'externalUser'
  | 'connection'
> {
  readonly status: 'active' | 'inactive'
}

/** Undefined when the name is taken. */
export async function insertIntegration(trx: Sql, row: NewIntegration): Promise<IntegrationRow | undefined> {
  const number = await nextNumber(trx, row)
  if (number === undefined) return undefined
  return trx
    .insertInto('integrations')
    .values({
      ...row,
      number,
      config: JSON.stringify(row.config),
      connection: row.connection && JSON.stringify(row.connection),
      enabled: row.status === 'active',
    })
    .onConflict((conflict) => conflict.columns(['workspaceId', 'name']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** The number of a new integration; undefined when its name is taken, so that no number is lost then. */
async function nextNumber(trx: Sql, { workspaceId, name }: NewIntegration): Promise<number | undefined> {
  if (await isNameTaken(trx, workspaceId, name)) return undefined
  const row = await trx
    .updateTable('workspaces')
    .set((e) => ({ lastIntegrationNumber: e('lastIntegrationNumber', '+', 1) }))
    .where('id', '=', workspaceId)
    .returning('lastIntegrationNumber')
    .executeTakeFirstOrThrow()
  return row.lastIntegrationNumber
}

export type IntegrationChange = Partial<
  Pick<IntegrationRow, 'name' | 'authType' | 'credential' | 'config' | 'status' | 'consecutiveErrors' | 'webhookCredential' | 'connection'>
>

export function updateIntegration(sql: Sql, id: string, change: IntegrationChange): Promise<IntegrationRow | undefined> {
  const { config, status, connection } = change
  return sql
    .updateTable('integrations')
    .set({
      ...change,
      config: config && JSON.stringify(config),
      connection: connection && JSON.stringify(connection),
      enabled: status === undefined ? undefined : status === 'active',
      updatedAt: new Date(),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

/** The row as it is now, which nobody else changes before the transaction ends. */
export function lockIntegration(trx: Sql, id: string): Promise<IntegrationRow | undefined> {
  return trx.selectFrom('integrations').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/**
 * The integrations that a webhook path may mean, in all workspaces: the one of this id or name, or all of a connector. One that a user
 * disabled receives nothing; one that the hub disabled for its failures still does, as deliveries are not what failed.
 */
export function findForHook(sql: Sql, ref: string, connector: string | undefined): Promise<IntegrationRow[]> {
  return sql
    .selectFrom('integrations')
    .selectAll()
    .where((e) => e.or([e('id', '=', ref), e('name', '=', ref), ...(connector === undefined ? [] : [e('connector', '=', connector)])]))
    .where('status', 'in', ['active', 'error'])
    .orderBy('id')
    .execute()
}

/** The workspaces with integrations whose own credentials an earlier version stored under the integration's name. */
export async function workspacesToMove(sql: Sql): Promise<string[]> {
  const rows = await sql
    .selectFrom('integrations as i')
    .innerJoin('workspaces as w', 'w.id', 'i.workspaceId')
    .select('w.name')
    .distinct()
    .where(
      raw<boolean>`(i.credential like 'integration-%' and i.credential <> 'integration-' || i.id)
                   or (i.webhook_credential like 'webhook-%' and i.webhook_credential <> 'webhook-' || i.id)`,
    )
    .execute()
  return rows.map(({ name }) => name)
}

/** Lets one caller at a time set up the webhook of an integration. A caller whose process died holds it up for two minutes. */
export async function beginWebhookSetup(sql: Sql, id: string): Promise<boolean> {
  const { rows } = await raw`
    update hub.integrations set webhook_setup_until = now() + interval '2 minutes'
     where id = ${id} and (webhook_setup_until is null or webhook_setup_until < now()) returning 1`.execute(sql)
  return rows.length > 0
}

export async function endWebhookSetup(sql: Sql, id: string): Promise<void> {
  await sql.updateTable('integrations').set({ webhookSetupUntil: null }).where('id', '=', id).execute()
}

export async function deleteIntegration(sql: Sql, id: string): Promise<void> {
  await sql.deleteFrom('integrations').where('id', '=', id).execute()
  await sql.deleteFrom('rateLimits').where('integrationId', '=', id).execute()
}

export async function addSuccesses(sql: Sql, id: string, { count, at }: { count: number; at: Date }): Promise<void> {
  await sql
    .updateTable('integrations')
    .set({ successCount: raw`success_count + ${count}`, consecutiveErrors: 0, lastSuccessAt: at })
    .where('id', '=', id)
    .execute()
}

/** Counts one failure and disables at the limit in one statement, so that two processes cannot both miss the limit. */
export async function addError(
  sql: Sql,
  id: string,
  { error, limit }: { error: Record<string, unknown>; limit: number },
): Promise<{ consecutive: number; disabledNow: boolean } | undefined> {
  const { rows } = await raw<{ consecutive: number; disabledNow: boolean }>`
    update hub.integrations as i
       set error_count = i.error_count + 1, consecutive_errors = i.consecutive_errors + 1, last_error = ${JSON.stringify(error)}::jsonb,
           last_error_at = now(), enabled = i.enabled and i.consecutive_errors + 1 < ${limit},
           status = case when i.enabled and i.consecutive_errors + 1 >= ${limit} then 'error' else i.status end
      from (select id, enabled from hub.integrations where id = ${id} for update) as before
     where i.id = before.id
    returning i.consecutive_errors as consecutive, before.enabled and not i.enabled as disabled_now`.execute(sql)
  return rows[0]
}

/** Takes up to `wanted` of this minute's allowance. The row is locked first, so that the shares of several processes add up. */
export async function takeShare(
  sql: Sql,
  id: string,
  { wanted, limit }: { wanted: number; limit: number },
): Promise<{ granted: number; windowEndsInMs: number; pausedForMs: number }> {
  const { rows } = await raw<{ granted: number; windowEndsInMs: number; pausedForMs: number }>`
    with before as (
      select case when window_start < date_trunc('minute', now()) then 0 else used end as used
        from hub.rate_limits where integration_id = ${id} for update
    )
    update hub.rate_limits as r
       set window_start = date_trunc('minute', now()), used = before.used + greatest(0, least(${wanted}::int, ${limit}::int - before.used))
      from before
     where r.integration_id = ${id}
    returning r.used - before.used as granted,
              (extract(epoch from r.window_start + interval '1 minute' - now()) * 1000)::int as window_ends_in_ms,
              greatest(0, coalesce(extract(epoch from r.paused_until - now()) * 1000, 0))::int as paused_for_ms`.execute(sql)
  if (rows[0]) return rows[0]
  await raw`insert into hub.rate_limits (integration_id, window_start, used) values (${id}, date_trunc('minute', now()), 0)
    on conflict do nothing`.execute(sql)
  return takeShare(sql, id, { wanted, limit })
}

export async function pauseUntil(sql: Sql, id: string, until: Date): Promise<void> {
  await raw`
    insert into hub.rate_limits as r (integration_id, window_start, used, paused_until) values (${id}, date_trunc('minute', now()), 0, ${until})
    on conflict (integration_id) do update set paused_until = greatest(r.paused_until, excluded.paused_until)`.execute(sql)
}
