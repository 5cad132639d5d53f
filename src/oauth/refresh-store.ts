import { sql as raw } from 'kysely'
import type { Sql } from '#db'

export interface RefreshKey {
  readonly workspaceId: string
  readonly credential: string
}

export interface RefreshClaim extends RefreshKey {
  /** The version of the credential that is renewed. */
  readonly version: number
  readonly holder: string
  readonly leaseMs: number
}

/**
 * Takes the right to renew this version, unless somebody has it or the last try was a moment ago. `interrupted` says that somebody else sent the
 * same refresh token before and stopped without storing an answer. `sent_at` is stored before the request is sent.
 */
export async function claimRefresh(sql: Sql, claim: RefreshClaim): Promise<{ interrupted: boolean } | undefined> {
  const { workspaceId, credential, version, holder, leaseMs } = claim
  const { rows } = await raw<{ interrupted: boolean }>`
    with before as (
      select version, sent_at from hub.oauth_refreshes where workspace_id = ${workspaceId} and credential = ${credential}
    )
    insert into hub.oauth_refreshes as r (workspace_id, credential, version, holder, lease_until, sent_at)
    values (${workspaceId}, ${credential}, ${version}, ${holder}, now() + ${leaseMs} * interval '1 millisecond', now())
    on conflict (workspace_id, credential) do update
       set version = excluded.version, holder = excluded.holder, lease_until = excluded.lease_until, sent_at = excluded.sent_at,
           failures = case when r.version = excluded.version then r.failures else 0 end, retry_at = null
     where r.version <> excluded.version
        or (coalesce(r.lease_until, '-infinity') < now() and coalesce(r.retry_at, '-infinity') <= now())
    returning exists (select from before where before.version = r.version and before.sent_at is not null) as interrupted`.execute(sql)
  return rows[0]
}

/** How long a failed try has to be waited for, by the clock of the database, and why it failed. */
export interface RefreshState {
  readonly waitMs: number
  readonly lastError: string | null
}

export function readRefresh(sql: Sql, { workspaceId, credential }: RefreshKey): Promise<RefreshState | undefined> {
  return sql
    .selectFrom('oauthRefreshes')
    .select(['lastError', raw<number>`greatest(0, extract(epoch from coalesce(retry_at, now()) - now()) * 1000)::float8`.as('waitMs')])
    .where('workspaceId', '=', workspaceId)
    .where('credential', '=', credential)
    .executeTakeFirst()
}

export async function extendRefresh(sql: Sql, { workspaceId, credential, holder, leaseMs }: RefreshClaim): Promise<void> {
  await sql
    .updateTable('oauthRefreshes')
    .set({ leaseUntil: raw<Date>`now() + ${leaseMs} * interval '1 millisecond'` })
    .where('workspaceId', '=', workspaceId)
    .where('credential', '=', credential)
    .where('holder', '=', holder)
    .execute()
}

/** Removes the row of a holder that has stored its answer, or learned that there is none. */
export async function endRefresh(sql: Sql, { workspaceId, credential, holder }: RefreshClaim): Promise<void> {
  await sql
    .deleteFrom('oauthRefreshes')
    .where('workspaceId', '=', workspaceId)
    .where('credential', '=', credential)
    .where('holder', '=', holder)
    .execute()
}

/** Ends a try that may be made again, and returns after how long: after twice the time of the last wait, from five seconds up to five minutes. */
export async function failRefresh(
  sql: Sql,
  claim: RefreshClaim,
  { error, waitMs, isSent }: { error: string; waitMs: number | undefined; isSent: boolean },
): Promise<number | undefined> {
  const { workspaceId, credential, holder } = claim
  const { rows } = await raw<{ waitMs: number }>`
    update hub.oauth_refreshes
       set lease_until = null, failures = failures + 1, last_error = ${error}, sent_at = case when ${isSent} then sent_at end,
           retry_at = now() + greatest(${waitMs ?? 0}::float8, least(300000, 5000 * power(2, least(failures, 10)))) * interval '1 millisecond'
     where workspace_id = ${workspaceId} and credential = ${credential} and holder = ${holder}
    returning (extract(epoch from retry_at - now()) * 1000)::float8 as wait_ms`.execute(sql)
  return rows[0]?.waitMs
}

/** Forgets what is known of earlier tries, because a person has connected again. */
export async function forgetRefresh(sql: Sql, { workspaceId, credential }: RefreshKey): Promise<void> {
  await sql.deleteFrom('oauthRefreshes').where('workspaceId', '=', workspaceId).where('credential', '=', credential).execute()
}
