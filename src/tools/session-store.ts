import { sql as raw } from 'kysely'
import type { Row, Sql } from '#db'

/** What a session has read from one integration. */
export type SessionRead = Pick<Row<'sessionReads'>, 'integrationId' | 'integration' | 'untrusted' | 'private'>

export interface Session {
  readonly workspaceId: string
  /** Who calls, or `run`. */
  readonly actor: string
  /** The client's name for it, or the id of the run; empty without one. */
  readonly name: string
}

/** A read is stored again after a minute, so an hour is counted as an hour and a minute. */
const renewal = '1 minute'
const unnamed = '61 minutes'
const named = '1 day'

/**
 * A call without the name of a session belongs to all sessions of its caller: it may have used what any of them has read, and all of them may use
 * what it reads. What a run has read counts as long as the run.
 */
export async function sessionReads(sql: Sql, { workspaceId, actor, name }: Session): Promise<SessionRead[]> {
  const inTime =
    actor === 'run'
      ? raw`session = ${name}`
      : name === ''
        ? raw`read_at > now() - ${unnamed}::interval`
        : raw`(session = ${name} and read_at > now() - ${named}::interval or session = '' and read_at > now() - ${unnamed}::interval)`
  const { rows } = await raw<SessionRead>`
    select integration_id, max(integration) as integration, bool_or(untrusted) as untrusted, bool_or(private) as private
      from hub.session_reads where workspace_id = ${workspaceId} and actor = ${actor} and ${inTime}
     group by integration_id order by integration_id`.execute(sql)
  return rows
}

export async function insertRead(sql: Sql, { workspaceId, actor, name }: Session, read: SessionRead): Promise<void> {
  const { integrationId, integration, untrusted, private: isPrivate } = read
  await raw`
    insert into hub.session_reads as r (workspace_id, actor, session, integration_id, integration, untrusted, private, read_at)
    values (${workspaceId}, ${actor}, ${name}, ${integrationId}, ${integration}, ${untrusted}, ${isPrivate}, now())
    on conflict (workspace_id, actor, session, integration_id) do update
       set untrusted = r.untrusted or excluded.untrusted, private = r.private or excluded.private,
           read_at = greatest(r.read_at, excluded.read_at), integration = excluded.integration
     where r.read_at < now() - ${renewal}::interval or (excluded.untrusted and not r.untrusted) or (excluded.private and not r.private)`.execute(
    sql,
  )
}

/** A run may wait for months, and what it has read still counts then. */
export async function dropSessionReads(sql: Sql, before: Date, most: number): Promise<number> {
  const { rows } = await raw`
    delete from hub.session_reads where (workspace_id, actor, session, integration_id) in (
      select s.workspace_id, s.actor, s.session, s.integration_id from hub.session_reads s
       where s.read_at < ${before}
         and not (s.actor = 'run' and exists (select from hub.flow_runs f where f.id = s.session and f.finished_at is null))
       limit ${most}) returning 1`.execute(sql)
  return rows.length
}
